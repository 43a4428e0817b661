"""The guides hold: every file, every command, everything that is printed."""

import os
import shutil
from pathlib import Path

import pytest

from tests.docs.guide import Command, File, Reader, agrees, steps

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.skipif(shutil.which("curl") is None and "CI" not in os.environ, reason="the tutorial asks with curl")
def test_tutorial(tmp_path: Path) -> None:
    """Whoever follows the tutorial sees what it shows."""
    Reader(tmp_path).follow((DOCS / "tutorial.md").read_text(encoding="utf-8"))


def test_steps_of_a_guide() -> None:
    """Titled blocks are files, console blocks are commands with their output, the rest is prose."""
    guide = '```python title="a/b.py"\nx = 1\n```\n```sh\nrm -r /\n```\n```console\n$ one\nits\noutput\n$ two\n```\n'
    expected = [File("a/b.py", "x = 1\n"), Command("one", "its\noutput\n"), Command("two", "")]
    assert expected == steps(guide)


def test_a_guide_that_lies_is_found(tmp_path: Path) -> None:
    """A command that prints something else than the guide shows fails."""
    with pytest.raises(AssertionError, match="but the guide shows"):
        Reader(tmp_path).follow("```console\n$ echo no\nyes\n```\n")


@pytest.mark.parametrize(
    ("shown", "printed", "agree"),
    [("a\n", "a", True), ("a ... c", "a b\nb c", True), ("a", "ab", False), (".", "x", False), ("", "a", False)],
)
def test_what_a_guide_shows(shown: str, printed: str, agree: bool) -> None:
    """Three dots stand for anything, everything else for itself."""
    assert agree == agrees(shown, printed)
