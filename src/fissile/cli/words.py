"""What the command line says to people: on stderr, in colour on a terminal only."""

from __future__ import annotations

import os
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

from ..errors import DependencyDown, WrongUsage

if TYPE_CHECKING:
    from ..errors import ConfigurationError, Fault

BROKEN = 1
WRONG_USAGE = 2
NOT_CONFIGURED = 3
OUTSIDE_DOWN = 4
INTERRUPTED = 130

_OURS = str(Path(__file__).parents[1])
_LIBRARY = Path(os.__file__).parent
_ABOVE = (
    _OURS,
    "<frozen importlib",
    str(_LIBRARY / "importlib"),
    str(_LIBRARY / "asyncio"),
    str(_LIBRARY / "contextlib.py"),
)


def has_colour(stream: TextIO) -> bool:
    """Whether a stream may be coloured (https://no-color.org, https://force-color.org)."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (stream.isatty() and os.environ.get("TERM") != "dumb")


def say(words: str) -> None:
    """Says something to whoever sits there; data goes to stdout instead."""
    with suppress(BrokenPipeError):  # nobody reads any more, and that ends nothing
        print(words, file=sys.stderr, flush=True)


def show_fault(fault: Fault) -> None:
    """Says one mistake: what, where, why and the fix."""
    label = "\x1b[1;31merror:\x1b[0m" if has_colour(sys.stderr) else "error:"
    say(f"{label} {fault}")


def show_configuration(error: ConfigurationError) -> int:
    """Says every mistake of a configuration; gives the exit code."""
    for fault in error.faults:
        show_fault(fault)
    if isinstance(error, WrongUsage):
        return WRONG_USAGE
    return OUTSIDE_DOWN if isinstance(error, DependencyDown) else NOT_CONFIGURED


def show_exception(error: BaseException) -> None:
    """Shows an exception of the user's code whole, from the first frame that is the user's."""
    shown = _from_users_frame(error)
    traceback.print_exception(type(error), error, shown)


def _from_users_frame(error: BaseException) -> TracebackType | None:
    frame = error.__traceback__
    while frame is not None and _is_above(frame.tb_frame.f_code.co_filename):
        frame = frame.tb_next
    if frame is None and not isinstance(error, SyntaxError):  # a syntax error says itself where it is
        return error.__traceback__
    return frame


def _is_above(file: str) -> bool:
    return file.startswith(_ABOVE) or f"{os.sep}typer{os.sep}" in file
