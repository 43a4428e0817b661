"""A folder that is made at once, or not at all."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fissile.errors import ConfigurationError
from fissile.scaffold.change import Change, Write
from fissile.scaffold.founding import found

from .shop import contents, write


@pytest.fixture
def shop(tmp_path: Path) -> Change:
    """A folder of two files."""
    root = tmp_path / "shop"
    return Change(root, "new shop", (Write(root / "main.py", None, b"a"), Write(root / "tests/test.py", None, b"b")))


def ended() -> int:
    """The number of a process that is no more."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


@pytest.mark.parametrize("is_there", [False, True], ids=["none", "empty"])
def test_made(shop: Change, *, is_there: bool) -> None:
    """Everything is there, in no folder or in an empty one, and nothing else."""
    if is_there:
        shop.root.mkdir()
    found(shop)
    files = {name: text for name, (_, text) in contents(shop.root.parent).items() if text}
    assert {"shop/main.py": b"a", "shop/tests/test.py": b"b"} == files


def test_something_came_into_it_meanwhile(shop: Change) -> None:
    """A folder into which somebody has put something is left alone, and nothing is beside it."""
    write(shop.root, {"mine.txt": "mine"})
    before = contents(shop.root.parent)
    with pytest.raises(ConfigurationError, match="Directory not empty"):
        found(shop)
    assert before == contents(shop.root.parent)


@pytest.mark.parametrize("made", ["file", "link"])
def test_something_else_is_there(shop: Change, made: str) -> None:
    """Neither a file nor a link to an empty folder is replaced."""
    if made == "file":
        shop.root.write_text("mine")
    else:
        (shop.root.parent / "empty").mkdir()
        shop.root.symlink_to("empty")
    before = contents(shop.root.parent)
    with pytest.raises(ConfigurationError, match="nothing was written"):
        found(shop)
    assert before == contents(shop.root.parent)


def test_whatever_goes_wrong(shop: Change) -> None:
    """What ends it in the middle, such as Ctrl-C, is passed on, and leaves nothing behind."""
    not_bytes = Write(shop.root / "z.py", None, "no bytes")  # type: ignore[arg-type]  # what is tested
    with pytest.raises(TypeError):
        found(Change(shop.root, shop.what, (*shop.steps, not_bytes)))
    assert {} == contents(shop.root.parent)


def test_remains(shop: Change) -> None:
    """What a killed process has left goes, also when this one has its number now; what lives or is no remains stays."""
    own, dead, alive = os.getpid(), ended(), os.getppid()
    gone = [f".shop.{own}.fissile-new", f".shop.{dead}.fissile-new", f".a.b.{dead}.fissile-new"]
    stay = [
        f".shop.{alive}.fissile-new",
        ".shop.fissile-new",
        f"shop.{dead}.fissile-new",
        f".shop.{dead}.fissile-new.txt",
    ]
    for name in gone + stay:
        write(shop.root.parent, {f"{name}/left.txt": "left"})
    found(shop)
    assert {"shop", *stay} == {path.name for path in shop.root.parent.iterdir()}
    assert {"main.py", "tests", "tests/test.py"} == contents(shop.root).keys()


def test_remains_that_are_links(shop: Change, tmp_path: Path) -> None:
    """A link that is called like remains leads to nothing that would be removed."""
    write(tmp_path, {"mine/mine.txt": "mine"})
    (tmp_path / f".shop.{ended()}.fissile-new").symlink_to("mine")
    found(shop)
    assert "mine" == (tmp_path / "mine/mine.txt").read_text()
