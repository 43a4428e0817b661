"""Copies of modules: files with what they import of each other, which in the copies is of the copies."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from .edits import Edit, Written, read_python
from .importing import lines_of
from .routes import tree_of

_FROM = re.compile(r"from(?P<before>[ \t]*)(?P<dots>\.*)(?P<module>[\w.]*)[ \t]*(?=[ \t]import)")


@dataclass(frozen=True)
class Copy:
    """A module that is copied.

    Attributes:
        source: Its file.
        module: Its dotted name.
        target: The file of the copy.
        copied: The dotted name of the copy.
    """

    source: Path
    module: str
    target: Path
    copied: str

    def edits(self, renamed: Mapping[str, str]) -> Iterator[Edit]:
        """Has the copy import what else is copied from there.

        Args:
            renamed: The modules that are copied, each with the name of its copy.

        Raises:
            WrongUsage: It is no Python.
        """
        return _Importing(self, read_python(self.source), renamed).edits()


@dataclass(frozen=True)
class _Importing:
    copy: Copy
    file: Written
    renamed: Mapping[str, str]

    def edits(self) -> Iterator[Edit]:
        """The edits; of two dotted names that begin at one place the longer one comes first, and counts."""
        places = set()
        for edit in self._found():
            if edit.start not in places:
                yield edit
            places.add(edit.start)

    def _found(self) -> Iterator[Edit]:
        for node in ast.walk(tree_of(self.copy.source)):
            if isinstance(node, ast.ImportFrom):
                yield from self._from(node)
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    yield from self._dotted(alias, alias.name)
            elif isinstance(node, ast.Attribute):
                yield from self._dotted(node, ast.unparse(node))

    def _dotted(self, node: ast.alias | ast.Attribute, name: str) -> Iterator[Edit]:
        """A module by its whole name."""
        if name in self.renamed:
            start = self._offset(node.lineno, node.col_offset)
            yield Edit(start, start + len(name), self.renamed[name])

    def _from(self, node: ast.ImportFrom) -> Iterator[Edit]:
        start = self._offset(node.lineno, node.col_offset)
        found = _FROM.match(self.file.text, start)
        module = self._absolute(node, self.copy.module, self.copy.source)
        moved = self._renamed(module)
        if found is None or self._absolute(node, self.copy.copied, self.copy.target) == moved:
            yield from self._names(node, module)
            return
        base = self._package(self.copy.copied, self.copy.target, node.level) if node.level else ""
        is_inside = bool(base) and moved.startswith(f"{base}.")
        text = f"{found['dots']}{moved.removeprefix(f'{base}.')}" if is_inside else moved
        yield Edit(found.start("dots"), found.end("module"), text)

    def _names(self, node: ast.ImportFrom, module: str) -> Iterator[Edit]:
        """Modules that are imported out of their package."""
        for alias in node.names:
            moved = self.renamed.get(f"{module}.{alias.name}")
            if moved is not None and self._renamed(module) == module:
                start = self._offset(alias.lineno, alias.col_offset)
                own = "" if alias.asname else f" as {alias.name}"
                yield Edit(start, start + len(alias.name), f"{moved.rpartition('.')[2]}{own}")

    def _renamed(self, module: str) -> str:
        """The module that stands for this one in the copy."""
        return self.renamed.get(module, module)

    def _absolute(self, node: ast.ImportFrom, module: str, file: Path) -> str:
        base = self._package(module, file, node.level) if node.level else ""
        return ".".join(part for part in (base, node.module) if part)

    def _package(self, module: str, file: Path, level: int) -> str:
        up = level - (file.name == "__init__.py")
        return ".".join(module.split(".")[:-up]) if up else module

    def _offset(self, line: int, column: int) -> int:
        """Where a place of the syntax tree is, which counts bytes in a line."""
        start = lines_of(self.file.text)[line - 1]
        return start + len(self.file.text[start : start + column].encode()[:column].decode())
