"""Colour is for people at a terminal, and for them only while they want it."""

import io
import logging
import os

import pytest

from fissile.cli.logs import Line
from fissile.cli.words import has_colour, say


class Screen(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        """As a terminal answers."""
        return True


@pytest.mark.parametrize(
    ("variables", "expected"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
)
def test_colour_is_for_terminals(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: bool) -> None:
    """NO_COLOR and a dumb terminal switch it off; a file never has it."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert (expected, False) == (has_colour(Screen()), has_colour(io.StringIO()))


@pytest.mark.parametrize(("colour", "level"), [(True, "\x1b[33mWARNING\x1b[0m"), (False, "WARNING")])
def test_a_line_of_the_log(colour: bool, level: str) -> None:
    """Time in UTC, level, logger, message; the level in colour on a terminal."""
    record = logging.makeLogRecord(
        {
            "name": "fissile.dev",
            "levelno": 30,
            "levelname": "WARNING",
            "msg": "look: %s",
            "args": ("here",),
            "created": 0.25,
        }
    )
    assert f"1970-01-01T00:00:00.250Z {level} fissile.dev look: here" == Line(colour=colour).format(record)


def test_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has closed the other end of the pipe ends no application by that."""
    reading, writing = os.pipe()
    os.close(reading)
    unheard = os.fdopen(writing, "w")
    monkeypatch.setattr("sys.stderr", unheard)
    say("words")
    monkeypatch.undo()
    with pytest.raises(BrokenPipeError):
        unheard.close()
