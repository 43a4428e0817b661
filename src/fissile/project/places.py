"""Where something is written, in the form that editors and terminals can open."""

from __future__ import annotations

import inspect
from pathlib import Path


def place(file: Path, line: int | None = None) -> str:
    """Says ``file:line``, relative to the working directory where the file is below it.

    Args:
        file: The file.
        line: The line, counted from 1; None for the file as a whole.

    Returns:
        The place, with forward slashes.
    """
    working = Path.cwd()
    shown = file.relative_to(working) if file.is_relative_to(working) else file
    return shown.as_posix() if line is None else f"{shown.as_posix()}:{line}"


def place_of(thing: object) -> str:
    """Says where a class or function is written.

    Args:
        thing: The class or function; a wrapped one is unwrapped.

    Returns:
        ``file:line``, or an empty string for what has no source, such as a class made at run time.
    """
    if callable(thing) and not isinstance(thing, type):
        thing = inspect.unwrap(thing)
    code = getattr(thing, "__code__", None)
    if code is not None:
        return place(Path(code.co_filename), code.co_firstlineno)
    if not isinstance(thing, type):
        return ""
    try:
        file = inspect.getsourcefile(thing)
        _, line = inspect.getsourcelines(thing)
    except (OSError, TypeError):
        return ""
    return place(Path(file), line) if file else ""
