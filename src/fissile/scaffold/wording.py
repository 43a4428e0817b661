"""How a component is spoken of in text: by its dotted name, its path and its variables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from .edits import Edit


@dataclass(frozen=True)
class Moved:
    """A module or package that is called otherwise afterwards.

    Attributes:
        parts: Its dotted name now, part by part, from where it is imported.
        new: What the last part becomes.
        is_file: Whether it is one file.
        is_bare: Whether it is imported without the folder that it is in; in text it is then a word like any other.
    """

    parts: tuple[str, ...]
    new: str
    is_file: bool = False
    is_bare: bool = False

    @property
    def old(self) -> str:
        """The last part now."""
        return self.parts[-1]

    @cached_property
    def dotted(self) -> re.Pattern[str]:
        """Finds its dotted name; the whole name, and no longer one that ends or begins so."""
        before = r"(?<![\w./@])(?:(?<!\w-)|(?<=\[mypy-))"
        return re.compile(rf"{before}{_joined(self.parts, r'[.]')}(?!\w|-\w)")

    @cached_property
    def path(self) -> re.Pattern[str]:
        """Finds its path, which other folders may come before."""
        end = r"(?=\.pyi?\b)" if self.is_file else r"(?=/)|(?![\w-]|\.\w)"
        return re.compile(rf"(?<![\w.-]){_joined(self.parts, '/')}(?:{end})")


def _joined(parts: tuple[str, ...], separator: str) -> str:
    """A pattern of the parts, of which the last is the group ``name``."""
    *before, last = map(re.escape, parts)
    return "".join(f"{part}{separator}" for part in before) + f"(?P<name>{last})"


@dataclass(frozen=True)
class Mention:
    """A place that speaks of a component.

    Attributes:
        edit: What the place becomes.
        kind: ``import`` and ``name`` of Python code, ``dotted``, ``path`` and ``variable`` of text, ``comment`` for a
            dotted name in a comment or docstring, ``setting`` for a word in TOML.
    """

    edit: Edit
    kind: str


@dataclass(frozen=True)
class Wording:
    """Everything that is called otherwise after a step.

    Attributes:
        old: The component's name now.
        new: Its name afterwards.
        moved: Its package, and the tests that are called like it.
        is_process: Whether a process that is called like it is called otherwise, too.
    """

    old: str
    new: str
    moved: tuple[Moved, ...]
    is_process: bool = True

    @cached_property
    def word(self) -> re.Pattern[str]:
        """Finds the name where it stands alone."""
        return re.compile(rf"(?<![A-Za-z0-9_]){self.old}(?![A-Za-z0-9_])")

    @cached_property
    def _variable(self) -> re.Pattern[str]:
        """Finds the beginning of its variables, and of its files in a directory of secrets."""
        upper, lower = self.old.upper(), self.old
        return re.compile(rf"(?<![A-Za-z0-9_])(?:(?P<upper>{upper})__(?!_)|(?P<lower>{lower})__(?=[a-z0-9]))")

    def is_in(self, content: bytes) -> bool:
        """Says at once whether a file can speak of it at all."""
        return self.old.encode() in content or f"{self.old.upper()}__".encode() in content

    def mentions(self, text: str, *, rooted: bool = False, secrets: bool = False) -> Iterator[Mention]:
        """Finds the dotted names, paths and variables in a text.

        Args:
            text: The text.
            rooted: Whether a path that begins with ``/`` begins in the project, as in ``.gitignore``.
            secrets: Whether a file of secrets may be named without its folder.
        """
        for moved in (moved for moved in self.moved if not moved.is_bare):
            for found in moved.dotted.finditer(text):
                if not _is_of_a_url(text, found.start()):
                    yield Mention(Edit(*found.span("name"), moved.new), "dotted")
            for found in moved.path.finditer(text):
                if _is_of_the_project(text, found.start(), rooted=rooted):
                    yield Mention(Edit(*found.span("name"), moved.new), "path")
        for found in self._variable.finditer(text):
            if found["upper"]:
                yield Mention(Edit(*found.span("upper"), self.new.upper()), "variable")
            elif secrets or text.endswith("secrets/", 0, found.start()):
                yield Mention(Edit(*found.span("lower"), self.new), "variable")


_ELSEWHERE = re.compile(r"(?:\w+:)?/(?:var|run|etc|tmp|dev|mnt|data)/")
"""How a path begins that is of the machine and not of the project (Filesystem Hierarchy Standard 3.0)."""

_LEAD = re.compile(r"[^\s\"'`()<>\[\]{},=|]*\Z")


def _lead(text: str, start: int) -> str:
    """What comes before a place without a space or quote in between."""
    found = _LEAD.search(text[max(0, start - 300) : start])
    return found[0] if found else ""


def _is_of_a_url(text: str, start: int) -> bool:
    return "://" in _lead(text, start)


def _is_of_the_project(text: str, start: int, *, rooted: bool) -> bool:
    """Whether a path is one of files; ``/shop/orders`` is that of a URL."""
    lead = _lead(text, start)
    return "://" not in lead and (lead != "/" or rooted) and not _ELSEWHERE.match(lead)
