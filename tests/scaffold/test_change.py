"""What a change says about itself, and what it refuses to begin."""

from pathlib import Path

import pytest

from fissile.errors import ConfigurationError
from fissile.scaffold.change import Change, Move, Remove, Retarget, Step, Write

from .shop import contents, write

FILES = {"a.txt": "a\n", "b.txt": "b\n", "folder/c.txt": "c\n", "old/d.txt": "d\n"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with some files, and a link."""
    made = tmp_path / "project"
    write(made, FILES)
    (made / "link").symlink_to("a.txt")
    return made


def every(root: Path) -> Change:
    """A change of all kinds."""
    return Change(
        root,
        "try this",
        (
            Write(root / "a.txt", b"a\n", b"A\n"),
            Write(root / "new/e.txt", None, b"e\n"),
            Write(root / "new/empty.txt", None, b""),
            Retarget(root / "link", "a.txt", "b.txt"),
            Move(root / "folder", root / "moved"),
            Remove(root / "old"),
        ),
        ("make test",),
        ("look at it",),
        ("x = 1",),
    )


def test_as_data(root: Path) -> None:
    """Programs read what happens to which file, relative to the project, and what comes next."""
    assert {
        "step": "try this",
        "changes": [
            {"action": "edit", "path": "a.txt"},
            {"action": "create", "path": "new/e.txt"},
            {"action": "create", "path": "new/empty.txt"},
            {"action": "edit", "path": "link"},
            {"action": "move", "path": "folder", "to": "moved"},
            {"action": "remove", "path": "old"},
        ],
        "next": ["make test"],
        "notes": ["look at it"],
        "lines": ["x = 1"],
    } == every(root).as_json()


def test_as_a_diff(root: Path) -> None:
    """Whoever looks sees every file that changes, the empty ones too."""
    assert [
        *("--- a/a.txt", "+++ b/a.txt", "@@ -1 +1 @@", "-a", "+A"),
        *("--- /dev/null", "+++ b/new/e.txt", "@@ -0,0 +1 @@", "+e"),
        *("--- /dev/null", "+++ b/new/empty.txt"),
        *("--- a/link", "+++ b/link", "@@ -1 +1 @@", "-a.txt", "+b.txt"),
        "rename folder => moved",
        "delete old",
    ] == list(every(root).diff())


@pytest.mark.parametrize("content", [b"\xff\x00", "\ufeffä\r\n".encode(), b"no end"])
def test_a_diff_of_anything(root: Path, content: bytes) -> None:
    """What is no UTF-8, and what has other line ends or none, can be shown."""
    lines = list(Change(root, "try", (Write(root / "a.txt", b"a\n", content),)).diff())
    assert ["--- a/a.txt", "+++ b/a.txt", "@@ -1 +1 @@", "-a"] == lines[:4]
    assert 5 == len(lines)


def test_well(root: Path) -> None:
    """A change that can be carried out is not refused, and to check it changes nothing."""
    before = contents(root)
    every(root).check()
    assert before == contents(root)


def faults(root: Path, *steps: Step) -> list[tuple[str, str]]:
    """What a change is refused for, and where."""
    with pytest.raises(ConfigurationError) as refused:
        Change(root, "try", steps).check()
    return [(fault.what, fault.where.removeprefix(f"{root}/")) for fault in refused.value.faults]


def test_all_faults_at_once(root: Path) -> None:
    """Everything that stands in the way is said, not the first of it."""
    (root / "read.txt").write_text("r")
    (root / "read.txt").chmod(0o444)
    (root / "dangling").symlink_to("nowhere")
    (root / "outside").symlink_to(root.parent)
    assert [
        ("it is there already", "b.txt"),
        ("it is there already", "folder"),
        ("it is there already", "dangling"),
        ("it is no folder", "a.txt"),
        ("it is no folder", "dangling"),
        ("it leads out of the project", "outside"),
        ("it was changed meanwhile", "a.txt"),
        ("it is no plain file", "link"),
        ("it is no plain file", "gone.txt"),
        ("it is read-only", "read.txt"),
        ("it is there already", "b.txt"),
    ][:-1] == faults(
        root,
        Write(root / "b.txt", None, b""),
        Move(root / "old", root / "folder"),
        Write(root / "dangling", None, b""),
        Write(root / "a.txt/x.txt", None, b""),
        Write(root / "dangling/x.txt", None, b""),
        Write(root / "outside/x.txt", None, b""),
        Write(root / "a.txt", b"other", b""),
        Write(root / "link", b"a\n", b""),
        Write(root / "gone.txt", b"a\n", b""),
        Write(root / "read.txt", b"r", b""),
        Move(root / "old", root / "b.txt"),  # the same fault again, which is said once
    )


@pytest.mark.parametrize("kind", ["create", "edit", "link", "move", "moved into", "remove"])
def test_a_read_only_folder(root: Path, kind: str) -> None:
    """Nothing in it is made, replaced, moved or removed."""
    closed = root / "folder"
    steps: dict[str, Step] = {
        "create": Write(closed / "new.txt", None, b""),
        "edit": Write(closed / "c.txt", b"c\n", b""),
        "link": Retarget(closed / "link", "a", "b"),
        "move": Move(closed / "c.txt", root / "c.txt"),
        "moved into": Move(root / "a.txt", closed / "a.txt"),
        "remove": Remove(closed / "c.txt"),
    }
    closed.chmod(0o555)
    found = faults(root, steps[kind])
    closed.chmod(0o755)
    assert [("the folder is read-only", "folder")] == found
