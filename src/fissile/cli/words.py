"""What the command line says to people: on stderr, in colour on a terminal only."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

from ..errors import DependencyDown, Fault, WrongUsage, shown

if TYPE_CHECKING:
    from ..errors import ConfigurationError

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


def in_json() -> bool:
    """Return True if the command was asked for JSON, so that its errors are JSON too; `call` takes JSON by --json."""
    return "--json" in sys.argv[1:] and sys.argv[1:2] != ["call"]


def show_faults(faults: Iterable[Fault]) -> None:
    """Show mistakes: what, where, why and the fix of each; with --json all of them in one JSON object on one line."""
    if in_json():
        _say_json([asdict(fault) for fault in faults])
        return
    for fault in faults:
        _show_in_words(fault)


def _say_json(errors: Sequence[Mapping[str, str]]) -> None:
    if errors:
        say(json.dumps({"errors": errors}, ensure_ascii=False))


def show_fault(fault: Fault) -> None:
    """Show one mistake."""
    show_faults([fault])


def _show_in_words(fault: Fault) -> None:
    label = "\x1b[1;31merror:\x1b[0m" if has_colour(sys.stderr) else "error:"
    say(f"{label} {fault}")


def show_warning(fault: Fault) -> None:
    """Show a fault that ends nothing."""
    label = "\x1b[1;33mwarning:\x1b[0m" if has_colour(sys.stderr) else "warning:"
    say(f"{label} {fault}")


def show_configuration(error: ConfigurationError) -> int:
    """Says every mistake of a configuration; gives the exit code."""
    show_faults(error.faults)
    if isinstance(error, WrongUsage):
        return WRONG_USAGE
    return OUTSIDE_DOWN if isinstance(error, DependencyDown) else NOT_CONFIGURED


def show_exception(error: BaseException) -> None:
    """Shows an exception of the user's code whole, from the first frame that is the user's."""
    frames = _from_users_frame(error)
    if not in_json():
        traceback.print_exception(type(error), error, frames)
        return
    last = traceback.extract_tb(frames)[-1:]
    where = next((shown(Path(frame.filename), frame.lineno) for frame in last), "")
    whole = "".join(traceback.format_exception(type(error), error, frames))
    what = "".join(traceback.format_exception_only(error)).strip()
    _say_json([{**asdict(Fault(what, where)), "traceback": whole}])


def _from_users_frame(error: BaseException) -> TracebackType | None:
    frame = error.__traceback__
    while frame is not None and _is_above(frame.tb_frame.f_code.co_filename):
        frame = frame.tb_next
    if frame is None and not isinstance(error, SyntaxError):  # a syntax error says itself where it is
        return error.__traceback__
    return frame


def _is_above(file: str) -> bool:
    return file.startswith(_ABOVE) or f"{os.sep}typer{os.sep}" in file
