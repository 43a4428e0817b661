"""Where something is written in a TOML file; the parser of the standard library keeps no lines."""

from __future__ import annotations

import re
from collections.abc import Sequence

_PART = r"""(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)"""
_PATH = rf"(?P<path>{_PART}(?:\s*\.\s*{_PART})*)"
_HEADER = re.compile(rf"\s*\[\s*{_PATH}\s*\]\s*(?:#.*)?$")
_ASSIGNMENT = re.compile(rf"\s*{_PATH}\s*=")


def line_of(text: str, path: Sequence[str]) -> int | None:
    """Finds the line of a key.

    Args:
        text: The file, which the parser has accepted.
        path: The keys that lead there, such as ``("apart", "trade", "workers")``.

    Returns:
        Its line, from 1; for a key of an inline table that of the innermost key that has one; None where none has.
    """
    wanted, best, depth = tuple(path), None, 0
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if found := _HEADER.match(line):
            here = table = _keys(found["path"])
        elif found := _ASSIGNMENT.match(line):
            here = (*table, *_keys(found["path"]))
        else:
            continue
        if len(here) > depth and wanted[: len(here)] == here:
            best, depth = number, len(here)
    return best


def _keys(path: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in re.findall(_PART, path))
