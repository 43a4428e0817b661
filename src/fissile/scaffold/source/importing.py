"""Writes an import into a Python file, where its others are."""

from __future__ import annotations

import ast
import re

from .edits import Edit, Written

_FIRST = re.compile(r"(?:#(?:!|[^\r\n]*coding[:=])[^\r\n]*(?:\r\n?|\n))*")
"""What has to be the first in a file: the program that runs it, and its encoding."""


def lines_of(text: str) -> list[int]:
    """Where each line of Python begins; the last one is the end of the text."""
    return [0, *(found.end() for found in re.finditer(r"\r\n?|\n", text)), len(text)]


def with_import(file: Written, line: str, above: int) -> Edit:
    """Writes an import: among the relative ones by its name, any other before them; else behind the last one.

    Args:
        file: The file.
        line: The import; whoever has its imports sorted has them sorted afterwards.
        above: The place that uses what is imported; imports below it do not count.
    """
    place = _place(file.text, line, above)
    begins = place == 0 or file.text[:place].endswith(("\n", "\r"))
    gap = "" if begins else file.newline
    return Edit(place, place, f"{gap}{line}{file.newline}")


def _place(text: str, line: str, above: int) -> int:
    starts, tree = lines_of(text), ast.parse(text)
    body = [each for each in tree.body if starts[each.lineno - 1] < above]
    imports = [each for each in body if isinstance(each, (ast.Import, ast.ImportFrom))]
    relative = [each for each in imports if isinstance(each, ast.ImportFrom) and each.level]
    is_relative = line.startswith("from .")
    later = [each for each in relative if not is_relative or ast.unparse(each).split()[1] > line.split()[1]]
    if later:
        return starts[later[0].lineno - 1]
    if imports:
        return starts[imports[-1].end_lineno or 0]
    if tree.body and ast.get_docstring(tree) is not None:
        return starts[tree.body[0].end_lineno or 0]
    found = _FIRST.match(text)
    return found.end() if found else 0
