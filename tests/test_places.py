"""Saying where something is written."""

from functools import wraps
from pathlib import Path

import pytest

from fissile.errors import place, shown

HERE = Path(__file__).absolute()


def decorated() -> None:
    """Is wrapped below."""


@wraps(decorated)
def wrapper() -> None:
    """Wraps the above."""


class Written:
    """Is written here."""


def line_of(text: str) -> int:
    """Finds the first line of this file that starts with a text."""
    return next(n for n, line in enumerate(HERE.read_text().splitlines(), start=1) if line.startswith(text))


def test_a_place_is_relative_below_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Terminals open it as it stands; elsewhere the whole path is said."""
    monkeypatch.chdir(tmp_path)
    assert "a/b.py:3" == shown(tmp_path / "a" / "b.py", 3)
    assert "a/b.py" == shown(tmp_path / "a" / "b.py")
    assert f"{tmp_path.parent.as_posix()}/b.py:3" == shown(tmp_path.parent / "b.py", 3)


def test_classes_and_functions_are_placed_where_they_are_written() -> None:
    """A decorated function is where its own source is, not its wrapper's."""
    assert shown(HERE, line_of("class Written")) == place(Written)
    assert shown(HERE, line_of("def decorated")) == place(wrapper)


def test_what_has_no_source_is_named() -> None:
    """What is built in is named instead."""
    assert "builtins.int" == place(int)
