"""The URLs of a component that is called otherwise: in tests and documents, and a redirect from the old ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import libcst as cst
from libcst.metadata import MetadataWrapper, ParentNodeProvider, PositionProvider
from typing_extensions import override

from ..source.edits import Edit, Written

_LOCAL = r"https?://(?:127\.0\.0\.1|localhost|0\.0\.0\.0|\[::1\]|test|testserver)(?::\d+)?"
"""The beginning of a URL of an application that runs here or in a test."""

_END = r"(?=[/?#\"'`\s)\]},;|<>]|[.:](?!\w)|\Z)"
"""What comes after a whole segment of a path."""


def of_document(text: str, old: str, new: str) -> Iterator[Edit]:
    """Finds the URLs below a prefix in Markdown or the like.

    Args:
        text: The document.
        old: The prefix now.
        new: The prefix afterwards.
    """
    pattern = re.compile(rf"(?:(?<![\w./}}~-])|(?<=\b){_LOCAL})(?P<path>{re.escape(old)}){_END}")
    for found in pattern.finditer(text):
        yield Edit(*found.span("path"), new)


def of_test(file: Written, old: str, new: str) -> Iterator[Edit]:
    """Finds the strings in a test that begin with a URL below a prefix.

    Raises:
        libcst.ParserSyntaxError: It is no Python.
    """
    finder = _found(file, old)
    return (Edit(start, start + len(old), new) for start in finder.strings)


def of_routers(file: Written, old: str, new: str) -> Iterator[Edit]:
    """Finds ``prefix="/orders"`` of routers, which carry the component's prefix themselves.

    Raises:
        libcst.ParserSyntaxError: It is no Python.
    """
    finder = _found(file, old)
    return (Edit(start, start + len(old), new) for start in finder.prefixes)


def lines_below(file: Written, prefix: str) -> Iterator[int]:
    """The lines of a file with a string that begins with a URL below a prefix."""
    return (file.line(start) for start in _found(file, prefix).strings)


def _found(file: Written, old: str) -> _Strings:
    finder = _Strings(file.text, old)
    if old in file.text:
        MetadataWrapper(cst.parse_module(file.text), unsafe_skip_copy=True).visit(finder)
    return finder


@dataclass(eq=False)
class _Strings(cst.CSTVisitor):
    """Finds where strings begin with a prefix."""

    METADATA_DEPENDENCIES = (PositionProvider, ParentNodeProvider)

    text: str
    prefix: str
    strings: list[int] = field(default_factory=list)
    prefixes: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.starts = [0, *(found.end() for found in re.finditer(r"\r\n?|\n", self.text))]
        self.pattern = re.compile(rf"(?:{_LOCAL})?(?P<path>{re.escape(self.prefix)})(?=[/?#\"']|\Z)")

    @override
    def visit_SimpleString(self, node: cst.SimpleString) -> None:
        """Looks at a whole string."""
        opening = len(node.value) - len(node.value.lstrip("rRbBuU").lstrip("\"'"))
        if found := self.pattern.match(node.value, opening):
            parent = self.get_metadata(ParentNodeProvider, node)
            named = isinstance(parent, cst.Arg) and parent.keyword is not None and parent.keyword.value == "prefix"
            (self.prefixes if named else self.strings).append(self.start(node) + found.start("path"))

    @override
    def visit_FormattedString(self, node: cst.FormattedString) -> None:
        """Looks at the beginning of an f-string, or behind the address that it begins with."""
        parts = list(node.parts)
        if len(parts) > 1 and isinstance(parts[0], cst.FormattedStringExpression) and _is_address(parts[0]):
            parts = parts[1:]
        first = parts[0] if parts else None
        if isinstance(first, cst.FormattedStringText) and (found := self.pattern.match(first.value)):
            self.strings.append(self.start(first) + found.start("path"))

    def start(self, node: cst.CSTNode) -> int:
        where = self.get_metadata(PositionProvider, node).start
        return self.starts[where.line - 1] + where.column


def _is_address(part: cst.FormattedStringExpression) -> bool:
    """Whether an expression is called like the address of a server."""
    value = part.expression
    name = value.attr.value if isinstance(value, cst.Attribute) else value.value if isinstance(value, cst.Name) else ""
    return bool(re.search(r"url|base|host|address|server|root", name, re.IGNORECASE))
