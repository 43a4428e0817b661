"""Writes an import into a Python file, where its others are."""

from __future__ import annotations

import ast
import re

from .edits import Edit, Written


def lines_of(text: str) -> list[int]:
    """Where each line of Python begins; the last one is the end of the text."""
    return [0, *(found.end() for found in re.finditer(r"\r\n?|\n", text)), len(text)]


def with_import(file: Written, line: str) -> Edit:
    """Writes an import before the first relative one where there is such, else behind the last one.

    Args:
        file: The file.
        line: The import; whoever has its imports sorted has them sorted afterwards.
    """
    place = _place(file.text, is_relative=line.startswith("from ."))
    begins = place == 0 or file.text[:place].endswith(("\n", "\r"))
    gap = "" if begins else file.newline
    return Edit(place, place, f"{gap}{line}{file.newline}")


def _place(text: str, *, is_relative: bool) -> int:
    starts, tree = lines_of(text), ast.parse(text)
    imports = [each for each in tree.body if isinstance(each, (ast.Import, ast.ImportFrom))]
    relative = [each for each in imports if isinstance(each, ast.ImportFrom) and each.level]
    if relative and not is_relative:
        return starts[relative[0].lineno - 1]
    if imports:
        return starts[imports[-1].end_lineno or 0]
    body = tree.body
    return starts[body[0].end_lineno or 0] if body and ast.get_docstring(tree) is not None else 0
