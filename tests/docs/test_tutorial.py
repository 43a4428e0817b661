"""The guides hold: every file, every command, everything that is printed."""

from pathlib import Path

import pytest

from tests.docs.guide import TUTORIAL, Command, File, Reader, agrees, left_by, needs_curl, steps

IN_ONE_PROCESS, HEADING, IN_SEVERAL = TUTORIAL.partition("## Apart, and back\n")


@needs_curl
def test_tutorial(tmp_path: Path) -> None:
    """Whoever follows the tutorial sees what it shows."""
    Reader(tmp_path).follow(IN_ONE_PROCESS)


@needs_curl
def test_apart_and_back(tmp_path: Path) -> None:
    """And goes on to several processes, and back, as it shows."""
    assert HEADING
    Reader(left_by(IN_ONE_PROCESS, tmp_path)).follow(IN_SEVERAL)


def test_steps_of_a_guide() -> None:
    """Titled blocks are files, console blocks are commands with their output, the rest is prose."""
    guide = '```python title="a/b.py"\nx = 1\n```\n```sh\nrm -r /\n```\n```console\n$ one\nits\noutput\n$ two\n```\n'
    expected = [File("a/b.py", "x = 1\n"), Command("one", "its\noutput\n"), Command("two", "")]
    assert expected == steps(guide)


def test_a_guide_that_lies_is_found(tmp_path: Path) -> None:
    """A command that prints something else than the guide shows fails."""
    with pytest.raises(AssertionError, match="but the guide shows"):
        Reader(tmp_path).follow("```console\n$ echo no\nyes\n```\n")


def test_a_command_that_does_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What serves although the guide says that it is refused fails the guide, and does not outlive it."""
    monkeypatch.setattr("tests.docs.guide.LONGEST", 0.2)
    with pytest.raises(AssertionError, match="did not end within"):
        Reader(tmp_path).follow("```console\n$ echo begun; tail -f /dev/null\nbegun\n```\n")


@pytest.mark.parametrize(
    ("shown", "printed", "agree"),
    [("a\n", "a", True), ("a ... c", "a b\nb c", True), ("a", "ab", False), (".", "x", False), ("", "a", False)],
)
def test_what_a_guide_shows(shown: str, printed: str, agree: bool) -> None:
    """Three dots stand for anything, everything else for itself."""
    assert agree == agrees(shown, printed)
