"""How a component is spoken of in text: by its dotted name, its path and its variables."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ..source.edits import Edit


@dataclass(frozen=True)
class Moved:
    """A module or package that is called otherwise afterwards.

    Attributes:
        parts: Its dotted name now, part by part, from where it is imported.
        new: What the last part becomes.
        is_file: Whether it is one file.
        is_bare: Whether it is imported without the folder that it is in; in text it is then a word like any other.
        home: Its folder or file; None where nobody knows, and whatever is called like a part of it is one.
    """

    parts: tuple[str, ...]
    new: str
    is_file: bool = False
    is_bare: bool = False
    home: Path | None = None

    @property
    def old(self) -> str:
        """The last part now."""
        return self.parts[-1]

    @cached_property
    def dotted(self) -> re.Pattern[str]:
        """Finds its dotted name; the whole name, and no longer one that ends or begins so."""
        before = r"(?<![\w./@])(?:(?<!\w-)|(?<=\[mypy-))"
        return re.compile(rf"{before}{_joined(self.parts, r'[.]')}(?!\w|-\w)(?P<rest>(?:[.]\w+)*)(?!\w*@|:\d)")

    @cached_property
    def path(self) -> re.Pattern[str]:
        """Finds its path, which other folders may come before."""
        end = r"(?=\.pyi?\b)" if self.is_file else r"(?=/)|(?![\w-]|\.\w)"
        return re.compile(rf"(?<![\w.-]){_joined(self.parts, '/')}(?:{end})")

    def has(self, parts: list[str]) -> bool:
        """Says whether a dotted name goes on in it: with modules and then with what stands in them."""
        here = self.home
        for part in parts:
            if here is None:
                return True
            inside = [here / part, here / f"{part}.py"] if here.is_dir() else []
            module = next((path for path in inside if path.exists()), None)
            if module is None:
                file = here / "__init__.py" if here.is_dir() else here
                return not _OF_A_HOST.fullmatch(parts[-1]) or _says(file, part)
            here = module
        return True


_OF_A_HOST = re.compile(
    r"[a-z]{2}|com|org|net|edu|gov|int|info|biz|dev|app|cloud|shop|store|online|site|tech"
    r"|local|localhost|localdomain|internal|intranet|lan|home|corp|private|svc|cluster|test|example|invalid|arpa|onion"
)
"""How a host name ends: countries, the usual others, and what is used inside of a network (RFC 2606, RFC 6762)."""


def _says(file: Path, word: str) -> bool:
    """Whether a word stands in a file."""
    return file.is_file() and bool(re.search(rf"\b{word}\b".encode(), file.read_bytes()))


@dataclass(frozen=True)
class Ground:
    """What paths in a file are relative to.

    Attributes:
        bases: The folders that they can begin in.
        is_rooted: Whether one that begins with ``/`` begins in them, too, as in ``.gitignore``.
        is_container: Whether one that begins with ``/`` is one of a container that the project is copied into.
    """

    bases: tuple[Path, ...]
    is_rooted: bool = False
    is_container: bool = False

    def leads(self, lead: str, moved: Moved) -> bool:
        """Says whether what moves is where a path leads, of which `lead` comes before its own."""
        *before, last = _SEPARATOR.split(lead)
        if "@" in lead:
            return False
        last = _GLOB.sub("", last)
        if last.startswith("/"):
            if any(before) or self.is_container:
                return last != "/"
            if not self.is_rooted and last == "/":
                return False
        return bool(_UPWARDS.fullmatch(last)) or self._is_there(last, moved)

    def _is_there(self, lead: str, moved: Moved) -> bool:
        parts = f"{lead}{'/'.join(moved.parts)}"
        tried = [base / parts for base in self.bases]
        if self.is_rooted:
            tried += [base / parts.lstrip("/") for base in self.bases]
        home = moved.home and moved.home.with_suffix("")
        return any(Path(os.path.normpath(path)) == home for path in tried)


_SEPARATOR = re.compile(r"[:;&]")
_GLOB = re.compile(r"\A[!^]*(?:(?:\*+/)+|\*+)?(?:\$PWD/)?")
"""What a pattern of paths, emphasis in Markdown or a path of the shell begins with."""

_UPWARDS = re.compile(r"(?:\.\.?/)*")


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

    def mentions(self, text: str, *, ground: Ground | None = None, secrets: bool = False) -> Iterator[Mention]:
        """Finds the dotted names, paths and variables in a text.

        Args:
            text: The text.
            ground: What paths in it are relative to; without it, one is known by its last parts.
            secrets: Whether a file of secrets may be named without its folder.
        """
        for moved in (moved for moved in self.moved if not moved.is_bare):
            for found in moved.dotted.finditer(text):
                if not _is_of_a_url(text, found.start()) and moved.has(found["rest"].split(".")[1:]):
                    yield Mention(Edit(*found.span("name"), moved.new), "dotted")
            for found in moved.path.finditer(text):
                if _is_of_the_project(text, found, moved, ground):
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


_IMAGE = re.compile(r"(?:\bimage[\"']?\s*:|^\s*FROM)\s+[\"']?\Z", re.MULTILINE)
"""What comes before the image of a container, which is called like a path."""

_TAG = re.compile(r":\w|@")


def _is_of_the_project(text: str, found: re.Match[str], moved: Moved, ground: Ground | None) -> bool:
    """Whether a path is one of files; ``/shop/orders`` is that of a URL."""
    start = found.start()
    lead = _lead(text, start)
    if "://" in lead or _ELSEWHERE.match(lead):
        return False
    if ground is None:
        return lead != "/"
    if _TAG.match(text, found.end()) or _IMAGE.search(text[max(0, start - 300) : start]):
        return False
    return ground.leads(lead, moved)
