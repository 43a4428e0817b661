"""Carrying a change out: whole, or not at all, and never over what somebody has written meanwhile."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from fissile.errors import ConfigurationError
from fissile.project.user_state import make_user_state, user_state
from fissile.scaffold.change import Change, Move, Remove, Retarget, Step, Write
from fissile.scaffold.journal import carried_out, carry_out, interrupted, left_in, recover

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
from fissile.scaffold.change import Move

left = int(sys.argv[2])

def hook(event, arguments):
    global left
    if event == "os.rename" and "plan.json" not in str(arguments[1]):
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(hook)
root = Path(sys.argv[1])
fails = [Move(root / "moved", root / "moved/inside")] if sys.argv[3:] else []
journal.carry_out(change(root, *fails))
"""


def killed(root: Path, renames: int, *fails: str) -> None:
    """Begins the change in a process that is killed after so many files have taken their place."""
    command = [sys.executable, "-c", KILLED, str(root), str(renames), *fails]
    ended = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, check=False)
    assert -signal.SIGKILL == ended.returncode, ended.stderr


def test_everything_is_done(root: Path) -> None:
    """Files are written with their modes, links lead elsewhere, folders are moved, and what was removed is kept."""
    carry_out(change(root))
    assert AFTER == whole(root)
    assert 0o640 == (root / "a.txt").stat().st_mode & 0o777
    (kept,) = (root / ".fissile/removed").rglob("old.txt")
    assert "old" == kept.read_text()
    assert ["writing.lock"] == [path.name for path in user_state(root).iterdir()]
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


@pytest.mark.parametrize("renames", [7, 8, 10])
def test_what_was_being_undone_is_undone(root: Path, renames: int) -> None:
    """A kill in the middle of undoing a change that failed: everything is as it was before it began."""
    before = contents(root)
    killed(root, renames, "fails")
    assert "undid `fissile try this`, which had been interrupted" == recover(root)
    assert before == contents(root)
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
    write(make_user_state(root), {"journal/0.new": "x"})
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


def planted(root: Path, plan: object, *, inside: bool = False) -> Path:
    """A journal that somebody has written by hand: where ours are, or inside of the project."""
    folder = root / ".fissile/journal" if inside else make_user_state(root) / "journal"
    folder.mkdir(parents=True)
    (folder / "0.new").write_text("evil")
    (folder / "progress").write_bytes(b"   ")
    (folder / "plan.json").write_text(plan if isinstance(plan, str) else json.dumps(plan))
    return folder


def plan_of(root: Path, *entries: Mapping[str, object]) -> dict[str, object]:
    """A plan that is right for this folder."""
    identity = {"path": str(root.resolve()), "inode": root.stat().st_ino}
    return {"root": identity, "what": "add component x", "entries": [{**OURS, **entry} for entry in entries]}


NOT_OURS: list[dict[str, object]] = [
    {"path": "../outside.txt"},
    {"path": "/tmp/outside.txt"},
    {"path": ""},
    {"kind": "move", "path": "a.txt", "to": "../outside.txt", "new": ""},
    {"kind": "run", "path": "a.txt"},
    {"new": "../../secret"},
    {"old": "/etc/hostname"},
    {"bogus": 1},
    {"path": None},
    {"mode": -1},
    {"mode": 0o100000},
    {"path": ".git/hooks/post-checkout", "mode": 0o755},
    {"path": ".GIT/hooks/post-checkout", "mode": 0o755},
    {"path": "folder/.git/config"},
    {"path": ".git"},
    {"path": ".git./config"},
    {"kind": "folder", "path": ".Git", "new": ""},
    {"kind": "link", "path": ".git/hooks/pre-commit", "new": "../../a.txt"},
    {"kind": "move", "path": "a.txt", "to": ".git/hooks/pre-commit", "new": ""},
    {"kind": "move", "path": ".git/config", "to": "config", "new": ""},
    {"kind": "remove", "path": ".git/config", "to": "2026-12-01T000000", "new": ""},
    {"kind": "remove", "path": "a.txt", "to": "../../.git", "new": ""},
    {"path": ".fissile/secrets/link"},
    {"path": ".Fissile/orders.sqlite3"},
    {"path": "folder/.fissile/secrets/link"},
    {"kind": "secret", "path": "../orders__key", "to": "x__key", "new": ""},
    {"kind": "secret", "path": "orders__key", "to": "../../.git/x__key", "new": ""},
    {"kind": "secret", "path": "orders__key", "to": "link", "new": ""},
]


@pytest.mark.parametrize("entry", NOT_OURS, ids=str)
def test_an_entry_that_no_command_writes_is_not_followed(root: Path, entry: Mapping[str, object]) -> None:
    """A journal touches nothing outside of the project, below .git or in its state, and is no traceback."""
    write(root, {".git/config": "git", ".fissile/secrets/orders__key": "secret"})
    folder = planted(root, plan_of(root, entry))
    before = everything(root)
    assert interrupted(root) is None
    with pytest.raises(ConfigurationError, match="there is a journal that cannot be followed"):
        recover(root)
    assert before == everything(root)
    shutil.rmtree(folder)


def everything(root: Path) -> dict[str, bytes]:
    """Every file around a project, those of git and of the state included."""
    return {str(path): path.read_bytes() for path in root.parent.rglob("*") if path.is_file()}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"what": "x"}', '{"what": "x", "entries": 1}'])
def test_a_broken_journal_is_reported(root: Path, text: str) -> None:
    """A journal that cannot be read is a fault."""
    planted(root, text)
    with pytest.raises(ConfigurationError, match="there is a journal that cannot be followed"):
        recover(root)


@pytest.mark.parametrize("entry", [{}, {"path": ".git/hooks/post-checkout", "mode": 0o755}], ids=str)
def test_a_journal_inside_of_a_project_is_data(root: Path, entry: Mapping[str, object]) -> None:
    """What came with a clone is never carried out, even if every byte of it fits to this folder and this user."""
    write(root, {".git/config": "git"})
    folder = planted(root, plan_of(root, {**entry, "old": "0.old"}), inside=True)
    write(folder, {"0.old": "a"})
    before = everything(root)
    assert (None, None, folder) == (interrupted(root), recover(root), left_in(root / "folder"))
    assert before == everything(root)


def test_a_journal_above_the_project_is_not_ours(root: Path) -> None:
    """A command below a folder does not follow the journal of what is above its project."""
    planted(root.parent, plan_of(root.parent, {}))
    (root / "pyproject.toml").touch()
    assert (None, None) == (interrupted(root), recover(root))


@pytest.mark.parametrize("identity", [{"path": "/elsewhere"}, {"inode": 1}, {"path": None}])
def test_a_journal_of_another_folder_is_not_followed(root: Path, identity: Mapping[str, object]) -> None:
    """One that was made for what was here before, or is copied from elsewhere, is not carried out here."""
    plan = plan_of(root, {})
    planted(root, {**plan, "root": {**plan_of(root)["root"], **identity}})  # type: ignore[dict-item]  # it is a dict
    before = everything(root)
    assert interrupted(root) is None
    with pytest.raises(ConfigurationError, match="was interrupted in another folder"):
        recover(root)
    assert before == everything(root)


def test_a_copy_of_an_interrupted_project_is_left_alone(root: Path, tmp_path: Path) -> None:
    """Whoever copies or moves a half-written project has its files as they are; the journal is that of the first."""
    killed(root, 2)
    copy = shutil.copytree(root, tmp_path / "copy", symlinks=True)
    before = contents(copy)
    assert (None, None) == (interrupted(copy), recover(copy))
    assert before == contents(copy)
    assert "try this" == interrupted(root)


def test_what_was_taken_back_is_not_finished_in_the_middle(root: Path) -> None:
    """After somebody has put the old files back, as git does, the rest of the change is not written over them."""
    killed(root, 2)
    write(root, {"a.txt": "a"})
    before = contents(root)
    with pytest.raises(ConfigurationError, match="part of what it did was taken back since"):
        recover(root)
    assert before == contents(root)


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o701, 0o722])
@pytest.mark.parametrize("above", [0, 1, 2])
def test_a_folder_that_others_can_enter_holds_no_journal(root: Path, mode: int, above: int) -> None:
    """What others may have written is not carried out; the command says how to close the folder."""
    planted(root, plan_of(root, {}))
    folder = (user_state(root), *user_state(root).parents)[above]
    folder.chmod(mode)
    try:
        assert interrupted(root) is None
        for command in (recover, lambda root: carry_out(change(root))):
            with pytest.raises(ConfigurationError, match="the folder of the journal is not private") as refused:
                command(root)
            assert f"chmod 700 {folder}" in refused.value.faults[0].fix
    finally:
        folder.chmod(0o700)


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root gives files away")
def test_the_folder_of_another_user_holds_no_journal(root: Path) -> None:
    """Another user cannot put a journal where this user's commands look for one."""
    planted(root, plan_of(root, {}))
    os.chown(user_state(root), 12345, -1)
    with pytest.raises(ConfigurationError, match="it is another user's"):
        recover(root)
    assert "a" == (root / "a.txt").read_text()


def test_a_link_is_no_folder_for_a_journal(root: Path, tmp_path: Path) -> None:
    """Nor does a link in its place lead to one that came with the files."""
    planted(root, plan_of(root, {}), inside=True).parent.chmod(0o700)
    state = make_user_state(root)
    state.rmdir()
    state.symlink_to(root / ".fissile")
    with pytest.raises(ConfigurationError, match="inside of the project"):
        recover(root)
    state.unlink()
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    shutil.move(root / ".fissile/journal", tmp_path / "elsewhere/journal")
    state.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigurationError, match="not private"):
        recover(root)
    assert "a" == (root / "a.txt").read_text()
    state.unlink()


def test_the_state_is_never_inside_of_the_project(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A state directory that a project brings along, by whatever way it got into the environment, is refused."""
    monkeypatch.setenv("XDG_STATE_HOME", str(root / "state"))
    planned = plan_of(root, {})
    folder = user_state(root) / "journal"
    write(folder, {"plan.json": json.dumps(planned), "0.new": "evil", "progress": "  "})
    assert interrupted(root) is None
    for command in (recover, lambda root: carry_out(change(root))):
        with pytest.raises(ConfigurationError, match="the folder of the journal is inside of the project"):
            command(root)
    assert "a" == (root / "a.txt").read_text()


def test_a_relative_state_directory_counts_as_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As the XDG Base Directory Specification has it; it would be wherever the command is typed."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for named in ("state", "./.state", ""):
        monkeypatch.setenv("XDG_STATE_HOME", named)
        assert user_state(tmp_path).is_relative_to(tmp_path / ".local/state/fissile")


def test_everything_of_a_journal_is_for_this_user_alone(root: Path) -> None:
    """Whatever the umask is, and although the files are those of everybody."""
    before = os.umask(0)
    try:
        killed(root, 0)
    finally:
        os.umask(before)
    state = user_state(root)
    found = [state, state.parent, state.parents[1], *state.rglob("*")]
    assert {0} == {path.stat().st_mode & 0o077 for path in found}


def test_the_lock_is_not_followed(root: Path, tmp_path: Path) -> None:
    """A link in the place of the lock leads to no file, least of all one that is emptied."""
    (tmp_path / "precious").write_text("precious")
    lock = make_user_state(root) / "writing.lock"
    lock.symlink_to(tmp_path / "precious")
    with pytest.raises(ConfigurationError, match="cannot open the lock"):
        carry_out(change(root))
    assert "precious" == (tmp_path / "precious").read_text()
    lock.unlink()


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


@pytest.mark.parametrize("target", ["../home", ".git", ".fissile/secrets"])
def test_a_journal_leads_nowhere_through_a_link(root: Path, tmp_path: Path, target: str) -> None:
    """A link inside of the project leads no entry out of it, nor to git or to the state."""
    for folder in (tmp_path / "home", root / ".git", root / ".fissile/secrets"):
        folder.mkdir(parents=True)
    (root / "out").symlink_to(target)
    planted(root, plan_of(root, {"path": "out/config"}))
    with pytest.raises(ConfigurationError, match="it leads out of the project"):
        recover(root)
    assert [] == list((root / target).iterdir())


@pytest.mark.parametrize("link", [".fissile", ".fissile/removed"])
def test_what_is_removed_is_kept_behind_no_link(root: Path, tmp_path: Path, link: str) -> None:
    """A link that came with the project does not say where removed files go."""
    (tmp_path / "elsewhere").mkdir()
    (root / link).parent.mkdir(exist_ok=True)
    (root / link).symlink_to(tmp_path / "elsewhere")
    before = contents(root)
    with pytest.raises(ConfigurationError, match="it leads out of the project"):
        carry_out(change(root))
    assert (before, []) == (contents(root), list((tmp_path / "elsewhere").iterdir()))


def test_no_step_writes_into_git_or_the_state(root: Path) -> None:
    """A step that would is refused before anything has changed."""
    write(root, {".git/config": "git"})
    for name in (".git/hooks/pre-commit", "folder/.GIT/config", ".fissile/secrets/link"):
        with pytest.raises(ConfigurationError, match="no command writes here"):
            carry_out(change(root, Write(root / name, None, b"x")))
    assert "a" == (root / "a.txt").read_text()
    assert recover(root) is None
