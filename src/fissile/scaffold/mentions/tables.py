"""Where the keys and values of a TOML file stand; the parser of the standard library keeps no places."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field

Place = tuple[str | int, ...]
"""The keys, and the numbers in arrays, that lead to a value."""

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_KEY = re.compile(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'|[A-Za-z0-9_-]+')
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"""+|\'\'\'.*?\'\'\'+|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'',
    re.DOTALL,
)
_BARE = re.compile(r"[^,\]}#\n\r]+")


@dataclass(frozen=True)
class Key:
    """One part of a key, in a header or before ``=``.

    Attributes:
        path: The keys up to this one.
        start: Its first character, which may be a quote.
        end: The character after its last one.
        is_header: Whether it is in the header of a table.
    """

    path: Place
    start: int
    end: int
    is_header: bool


@dataclass(frozen=True)
class Value:
    """A value, with what it says where it is a string.

    Attributes:
        path: Where it is.
        start: Its first character, which may be a quote.
        end: The character after its last one.
        text: What a string says; None for anything else.
        entry: Where its key begins; where it begins itself in an array.
    """

    path: Place
    start: int
    end: int
    text: str | None
    entry: int


@dataclass
class Tables:
    """The places in a TOML file, which the parser has accepted.

    Attributes:
        text: The file.
        keys: Its keys.
        values: Its values, an array before what is in it.
    """

    text: str
    keys: list[Key] = field(default_factory=list)
    values: list[Value] = field(default_factory=list)

    def __post_init__(self) -> None:
        tomllib.loads(self.text.replace("\r\n", "\n"))
        self._read()

    def _read(self) -> None:
        table: Place = ()
        arrays: dict[Place, int] = {}
        at = self._blank(0)
        while at < len(self.text):
            if self.text[at] == "[":
                double = self.text.startswith("[[", at)
                table, at = self._dotted(at + 1 + double, (), is_header=True)
                at = self._space(at) + 1 + double
                table = _numbered(table, arrays, is_item=double)
            else:
                at = self._pair(at, table)
            at = self._blank(at)

    def _blank(self, at: int) -> int:
        found = _BLANK.match(self.text, at)
        return found.end() if found else at

    def _space(self, at: int) -> int:
        found = _SPACE.match(self.text, at)
        return found.end() if found else at

    def _dotted(self, at: int, path: Place, *, is_header: bool) -> tuple[Place, int]:
        while True:
            found = _KEY.match(self.text, self._space(at))
            if found is None:
                raise ValueError(f"there is no key at character {at}")
            path = (*path, _said(found[0]) if found[0][0] in "\"'" else found[0])
            self.keys.append(Key(path, *found.span(), is_header))
            at = self._space(found.end())
            if self.text[at : at + 1] != ".":
                return path, at
            at += 1

    def _pair(self, at: int, table: Place) -> int:
        path, after = self._dotted(at, table, is_header=False)
        return self._value(self._space(after + 1), path, at)

    def _value(self, at: int, path: Place, entry: int) -> int:
        number = len(self.values)
        said = None
        if self.text[at] == "[":
            end = self._items(at + 1, path)
        elif self.text[at] == "{":
            end = self._pairs(at + 1, path)
        elif found := _STRING.match(self.text, at):
            end, said = found.end(), _said(found[0])
        else:
            bare = _BARE.match(self.text, at)
            end = at + len(bare[0].rstrip()) if bare else at
        self.values.insert(number, Value(path, at, end, said, entry))
        return end

    def _items(self, at: int, path: Place) -> int:
        number = 0
        while (at := self._blank(at)) < len(self.text) and self.text[at] != "]":
            at = self._blank(self._value(at, (*path, number), at))
            at += self.text[at] == ","
            number += 1
        return at + 1

    def _pairs(self, at: int, path: Place) -> int:
        while (at := self._blank(at)) < len(self.text) and self.text[at] != "}":
            at = self._blank(self._pair(at, path))
            at += self.text[at] == ","
        return at + 1

    def strings(self) -> Iterator[Value]:
        """Its strings."""
        return (value for value in self.values if value.text is not None)

    def within(self, path: Place) -> list[Value]:
        """The values directly in an array or table."""
        return [value for value in self.values if value.path[:-1] == path]

    def without(self, value: Value) -> tuple[int, int]:
        """What has to go so that a value is gone, with its key, its comma and its line where it has one of its own."""
        start, end = value.entry, value.end
        after = self._blank(end)
        if self.text[after : after + 1] == ",":
            end = after + 1
        line = self.text.rfind("\n", 0, start) + 1
        rest = re.compile(r"[ \t]*(?:#[^\r\n]*)?(?:\r?\n|\Z)").match(self.text, end)
        if not self.text[line:start].strip() and rest:
            return line, rest.end()
        if self.text[end - 1] == ",":
            return start, self._space(end)
        before = re.search(r",[ \t]*\Z", self.text[:start])
        return (before.start() if before else start), end

    def block(self, path: Place) -> tuple[int, int]:
        """The lines of all tables below a path, with their headers."""
        places = [(each.path, each.start, each.end) for each in self.keys]
        places += [(each.path, each.start, each.end) for each in self.values]
        below = [place for place in places if place[0][: len(path)] == path]
        start = self.text.rfind("\n", 0, min(start for _, start, _ in below)) + 1
        end = self.text.find("\n", max(end for _, _, end in below))
        return start, end + 1 if end >= 0 else len(self.text)


def _numbered(header: Place, arrays: dict[Place, int], *, is_item: bool) -> Place:
    """The place of a table with its numbers in arrays of tables, of which it may begin a next item."""
    place: Place = ()
    for number, part in enumerate(header, 1):
        place = (*place, part)
        if is_item and number == len(header):
            arrays[place] = arrays.get(place, -1) + 1
        if place in arrays:
            place = (*place, arrays[place])
    return place


def _said(raw: str) -> str:
    """What a string says."""
    said: str = tomllib.loads(f"x = {raw}".replace("\r\n", "\n"))["x"]
    return said
