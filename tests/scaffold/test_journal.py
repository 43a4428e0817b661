"""Carrying a change out: whole, or not at all, and never over what somebody has written meanwhile."""

import json
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from fissile.errors import ConfigurationError
from fissile.scaffold.change import Change, Move, Remove, Retarget, Step, Write
from fissile.scaffold.journal import carried_out, carry_out, recover

from .shop import contents, write


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with a file of each kind."""
    made = tmp_path / "project"
    write(made, {"a.txt": "a", "folder/b.txt": "b", "one.txt": "1", "old.txt": "old"})
    (made / "a.txt").chmod(0o640)
    (made / "link").symlink_to("a.txt")
    return made


def change(root: Path, *more: Step) -> Change:
    """A change of each kind, and more."""
    steps: tuple[Step, ...] = (
        Write(root / "a.txt", b"a", b"A"),
        Write(root / "new/deep/c.txt", None, b"c"),
        Retarget(root / "link", "a.txt", "moved/b.txt"),
        Move(root / "folder", root / "moved"),
        Move(root / "one.txt", root / "moved.txt"),
        Remove(root / "old.txt"),
    )
    return Change(root, "try this", (*steps, *more))


def whole(root: Path) -> dict[str, bytes | str]:
    """What is there afterwards, without modes."""
    return {name: what for name, (_, what) in contents(root).items() if what != b""}


AFTER = {"a.txt": b"A", "link": "moved/b.txt", "moved.txt": b"1", "moved/b.txt": b"b", "new/deep/c.txt": b"c"}

KILLED = """
import os, signal, sys
from pathlib import Path
from tests.scaffold.test_journal import change
from fissile.scaffold import journal

left = int(sys.argv[2])

def hook(event, arguments):
    global left
    if event == "os.rename" and ".fissile/journal/plan" not in str(arguments[1]):
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(hook)
journal.carry_out(change(Path(sys.argv[1])))
"""


def killed(root: Path, renames: int) -> None:
    """Begins the change in a process that is killed after so many files have taken their place."""
    command = [sys.executable, "-c", KILLED, str(root), str(renames)]
    ended = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, check=False)
    assert -signal.SIGKILL == ended.returncode, ended.stderr


def test_everything_is_done(root: Path) -> None:
    """Files are written with their modes, links lead elsewhere, folders are moved, and what was removed is kept."""
    carry_out(change(root))
    assert AFTER == whole(root)
    assert 0o640 == (root / "a.txt").stat().st_mode & 0o777
    (kept,) = (root / ".fissile/removed").rglob("old.txt")
    assert "old" == kept.read_text()
    assert not (root / ".fissile/journal").exists()
    assert recover(root) is None


def test_a_failure_in_the_middle_undoes_everything(root: Path) -> None:
    """When the system refuses a step, every byte, mode and link is as it was, and the reason is said."""
    before = contents(root)
    # Moving a folder into itself is only refused by the system, after the steps before it are done.
    with pytest.raises(ConfigurationError) as failed:
        carry_out(change(root, Move(root / "moved", root / "moved/inside")))
    assert before == contents(root)
    assert "`fissile try this` failed, and everything is as it was" in failed.value.faults[0].what
    assert recover(root) is None


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (Write(Path("a.txt"), b"other", b"A"), "a.txt: it was changed meanwhile"),
        (Write(Path("folder/b.txt"), None, b"A"), "folder/b.txt: it is there already"),
        (Write(Path("a.txt/x"), None, b"A"), "a.txt: it is no folder"),
        (Write(Path("link"), b"a", b"A"), "link: it is no plain file"),
        (Move(Path("folder"), Path("a.txt")), "a.txt: it is there already"),
    ],
)
def test_what_cannot_be_done_is_refused_before(
    root: Path, monkeypatch: pytest.MonkeyPatch, step: Write | Move, expected: str
) -> None:
    """Nothing is begun when it is clear that it cannot end."""
    monkeypatch.chdir(root)
    before = contents(root)
    there: Step = (
        Move(root / step.source, root / step.target)
        if isinstance(step, Move)
        else Write(root / step.path, step.before, step.after)
    )
    with pytest.raises(ConfigurationError) as refused:
        carry_out(Change(root, "try this", (there,)))
    assert expected == str(refused.value).splitlines()[0]
    assert before == contents(root)


@pytest.mark.parametrize("renames", [0, 2, 4])
def test_what_was_begun_is_finished(root: Path, renames: int) -> None:
    """After a kill, whoever comes next finishes it, and leaves nothing of it."""
    killed(root, renames)
    assert "finished `fissile try this`, which had been interrupted" == recover(root / "folder")
    assert AFTER == whole(root)
    assert 0o640 == (root / "a.txt").stat().st_mode & 0o777
    assert recover(root) is None


@pytest.mark.parametrize("name", ["a.txt", "new/deep/c.txt"])
def test_what_somebody_wrote_meanwhile_is_not_overwritten(root: Path, name: str) -> None:
    """A file that was changed between the kill and the next command is kept, until somebody decides."""
    killed(root, 0)
    write(root, {name: "mine"})
    before = contents(root)
    with pytest.raises(ConfigurationError) as refused:
        recover(root)
    assert "`fissile try this` was interrupted, and this file was changed since" == refused.value.faults[0].what
    assert before == contents(root)
    (root / name).write_text("a" if name == "a.txt" else "c")
    assert recover(root)
    assert AFTER == whole(root)


@pytest.mark.parametrize("name", ["moved", "moved/mine.txt", "moved.txt"])
def test_what_fails_while_it_is_finished_is_undone(root: Path, name: str) -> None:
    """When finishing is not possible, everything is as it was before it began, and what is in the way is kept."""
    before = contents(root)
    killed(root, 2)
    write(root, {name: "mine"})
    with pytest.raises(ConfigurationError):
        recover(root)
    assert before == {name: what for name, what in contents(root).items() if not name.startswith("moved")}
    assert "mine" == (root / name).read_text()


def test_a_journal_that_never_began_is_no_matter(root: Path) -> None:
    """Without its plan nothing has happened, and the next change begins anew."""
    write(root, {".fissile/journal/0.new": "x"})
    assert recover(root) is None
    carry_out(change(root))
    assert AFTER == whole(root)


def test_nothing_is_left_beside_a_file(root: Path) -> None:
    """A file of ours that a kill has left where another was to take its place is gone afterwards."""
    killed(root, 0)
    assert (root / ".a.txt.fissile").exists()
    recover(root)
    assert not [path for path in root.iterdir() if path.name.endswith(".fissile") and path.name != ".fissile"]


def test_a_link_that_somebody_replaced_is_not_overwritten(root: Path) -> None:
    """Where a link was, a file of the user's stays; nothing else is done until that is settled."""
    killed(root, 0)
    (root / "link").unlink()
    (root / "link").write_text("mine")
    before = contents(root)
    with pytest.raises(ConfigurationError, match="this file was changed since"):
        recover(root)
    assert before == contents(root)


OURS = {"kind": "write", "path": "a.txt", "to": "", "new": "0.new", "old": None, "mode": 420}


@pytest.mark.parametrize(
    "entry",
    [
        {"path": "../outside.txt"},
        {"path": "/tmp/outside.txt"},
        {"kind": "move", "path": "a.txt", "to": "../outside.txt", "new": ""},
        {"new": "../../secret"},
        {"old": "/etc/hostname"},
        {"bogus": 1},
        {"path": None},
    ],
)
def test_a_journal_that_came_with_the_files_leads_nowhere(root: Path, tmp_path: Path, entry: dict[str, object]) -> None:
    """What we cannot have written is not followed, and is no traceback."""
    folder = root / ".fissile" / "journal"
    folder.mkdir(parents=True)
    (folder / "0.new").write_text("evil")
    (folder / "plan.json").write_text(json.dumps({"what": "add component x", "entries": [{**OURS, **entry}]}))
    before = contents(root)
    with pytest.raises(ConfigurationError, match="there is a journal that cannot be followed"):
        recover(root)
    assert (before, [root]) == (contents(root), list(tmp_path.iterdir()))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"what": "x"}', '{"what": "x", "entries": 1}'])
def test_a_journal_that_is_broken(root: Path, text: str) -> None:
    """A journal that cannot be read is said to be one."""
    (root / ".fissile" / "journal").mkdir(parents=True)
    (root / ".fissile" / "journal" / "plan.json").write_text(text)
    with pytest.raises(ConfigurationError, match="there is a journal that cannot be followed"):
        recover(root)


def test_a_journal_above_the_project_is_not_ours(root: Path) -> None:
    """Nobody who works below a folder is made to follow what somebody has put there."""
    (root.parent / ".fissile" / "journal").mkdir(parents=True)
    (root.parent / ".fissile" / "journal" / "plan.json").write_text("{")
    (root / "pyproject.toml").touch()
    assert recover(root) is None


def test_the_lock_is_not_followed(root: Path) -> None:
    """A link in the place of the lock leads to no file, least of all one that is emptied."""
    (root / ".fissile").mkdir()
    (root.parent / "precious").write_text("precious")
    (root / ".fissile" / "writing.lock").symlink_to("../../precious")
    with pytest.raises(ConfigurationError, match="cannot open the lock"):
        carry_out(change(root))
    assert "precious" == (root.parent / "precious").read_text()


def test_a_change_is_planned_when_nobody_else_writes(root: Path) -> None:
    """Of two commands at once the later one sees what the earlier one did."""
    seen: list[bool] = []

    def later() -> Change:
        seen.append((root / "a.txt").read_bytes() == b"A")
        return Change(root, "look", ())

    def earlier() -> Change:
        threads.append(threading.Thread(target=carried_out, args=(root, later)))
        threads[0].start()
        return change(root)

    threads: list[threading.Thread] = []
    carried_out(root, earlier)
    threads[0].join()
    assert [True] == seen


@pytest.mark.parametrize("is_there", [False, True])
def test_a_journal_leads_nowhere_through_a_link(root: Path, tmp_path: Path, *, is_there: bool) -> None:
    """Nor does one through a link, that came along as well or that it would make itself."""
    folder = root / ".fissile" / "journal"
    folder.mkdir(parents=True)
    (tmp_path / "home").mkdir()
    (folder / "0.new").write_text("evil")
    entries = [{"kind": "link", "path": "out", "new": "../home"}, {**OURS, "path": "out/.bashrc"}]
    if is_there:
        (root / "out").symlink_to("../home")
        del entries[0]
    (folder / "plan.json").write_text(json.dumps({"what": "add component x", "entries": entries}))
    with pytest.raises(ConfigurationError, match="it leads out of the project"):
        recover(root)
    assert [] == list((tmp_path / "home").iterdir())
