"""Edits of a text at exact places; whatever is not edited stays as it is, byte for byte."""

from __future__ import annotations

import codecs
import io
import tokenize
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path


@dataclass(frozen=True, order=True)
class Edit:
    """What one place of a text becomes.

    Attributes:
        start: Its first character.
        end: The character after its last one; the same as `start` where something is put in.
        text: What stands there afterwards.
    """

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Written:
    """A file as it is written.

    Attributes:
        path: The file.
        content: Its bytes.
        encoding: How they are read; the text keeps its line ends.
    """

    path: Path
    content: bytes
    encoding: str

    @cached_property
    def text(self) -> str:
        """Its characters, without the mark of a byte order."""
        return self.content.decode(self.encoding)

    @property
    def newline(self) -> str:
        """How its lines end."""
        return "\r\n" if b"\r\n" in self.content else "\n"

    def line(self, offset: int) -> int:
        """The line of a character, from 1."""
        return self.text.count("\n", 0, offset) + 1

    def edited(self, edits: Iterable[Edit]) -> bytes:
        """Its bytes after edits, each of which counts once."""
        return spliced(self.text, edits).encode(self.encoding)


def spliced(text: str, edits: Iterable[Edit]) -> str:
    """The text after edits, which do not overlap; the same one twice counts once."""
    parts, reached = [], 0
    for edit in sorted(set(edits)):
        parts += [text[reached : edit.start], edit.text]
        reached = edit.end
    return "".join([*parts, text[reached:]])


def read_python(path: Path) -> Written:
    """Reads a Python file as Python does: by its mark of a byte order, its cookie, or else as UTF-8.

    Raises:
        SyntaxError: Its encoding is unknown, or it is not what it says.
    """
    content = path.read_bytes()
    encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
    return _read(path, content, encoding)


def read_text(path: Path) -> Written:
    """Reads any other file as UTF-8, and where it is not, byte by byte; what is replaced in it is ASCII."""
    content = path.read_bytes()
    try:
        return _read(path, content, "utf-8-sig" if content.startswith(codecs.BOM_UTF8) else "utf-8")
    except SyntaxError:
        return Written(path, content, "latin-1")


def _read(path: Path, content: bytes, encoding: str) -> Written:
    try:
        if content.decode(encoding).encode(encoding) == content:
            return Written(path, content, encoding)
    except UnicodeError as error:
        raise SyntaxError(f"it is not {encoding}: {error}") from None
    raise SyntaxError(f"it would not be the same after reading it as {encoding}")
