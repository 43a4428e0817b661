"""Edits of a component's declaration: keywords that are written into a call, or taken out of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

from ...errors import Fault, WrongUsage
from ...project import FoundComponent
from .edits import Edit, Written, read_python

_REST = re.compile(r"[ \t]*(?:#[^\r\n]*)?(?=\r|\n)")
"""What may stand behind the last code of a line."""

_COMMA = re.compile(r"(?:[ \t\r\n\\]|#[^\r\n]*)*,")


@dataclass(frozen=True)
class Argument:
    """A keyword of a call.

    Attributes:
        start: Its first character.
        end: The character after its value.
        after: The character after its comma, where there is one.
        value: Its value.
    """

    start: int
    end: int
    after: int
    value: cst.BaseExpression


@dataclass(frozen=True)
class Call:
    """A call that is written in a file.

    Attributes:
        file: The file.
        start: Its first character.
        end: The character after its closing parenthesis.
        arguments: What it is given, in order; positional arguments by their number.
    """

    file: Written
    start: int
    end: int
    arguments: Mapping[str, Argument]
    places: Mapping[cst.CSTNode, tuple[int, int]]

    def with_keywords(self, keywords: Mapping[str, str]) -> Iterator[Edit]:
        """Writes keywords behind the last argument, on lines of their own where the call has such.

        Args:
            keywords: The code of each.
        """
        text = self.file.text
        written = [f"{name}={value}" for name, value in keywords.items()]
        if not written:
            return
        if not self.arguments:
            yield Edit(self.end - 1, self.end - 1, ", ".join(written))
            return
        *_, last = self.arguments.values()
        comma = last.after > last.end
        line = _line(text, last.start)
        if line <= self.start:
            yield Edit(last.end, last.end, "".join(f", {each}" for each in written))
            return
        indent = re.match(r"[ \t]*", text[line:])
        begin = self.file.newline + (indent[0] if indent else "")
        yield from self._on_lines([f"{begin}{each}" for each in written], last, comma=comma)

    def _on_lines(self, written: list[str], last: Argument, *, comma: bool) -> Iterator[Edit]:
        text = self.file.text
        rest = _REST.match(text, last.after)
        if rest is None:  # the parenthesis is on the same line
            lines = ",".join(written)
            yield Edit(last.after, last.after, lines if comma else f",{lines}")
            return
        lines = "".join(f"{each}," for each in written)
        if not comma and rest.end() == last.end:
            yield Edit(last.end, last.end, f",{lines}")
            return
        if not comma:
            yield Edit(last.end, last.end, ",")
        yield Edit(rest.end(), rest.end(), lines)

    def without(self, name: str) -> Iterator[Edit]:
        """Takes a keyword out, with its line where it has one of its own."""
        text, found = self.file.text, self.arguments[name]
        line = text.rfind("\n", 0, found.start) + 1
        rest = re.compile(r"[ \t]*(?:#[^\r\n]*)?\r?\n").match(text, found.after)
        before = re.search(r",\s*\Z", text[: found.start])
        if line > self.start and not text[line : found.start].strip() and rest:
            yield Edit(line, rest.end(), "")
        elif found.after > found.end:
            space = re.compile(r"[ \t]*").match(text, found.after)
            yield Edit(found.start, space.end() if space else found.after, "")
        else:
            yield Edit(before.start() if before else found.start, found.end, "")

    def has(self, name: str) -> bool:
        """Whether a keyword is given, and not as None."""
        found = self.arguments.get(name)
        return found is not None and not (isinstance(found.value, cst.Name) and found.value.value == "None")

    def with_item(self, name: str, item: str) -> Iterator[Edit]:
        """Writes an item behind the last one of the list that a keyword is given, or else the keyword.

        Raises:
            ValueError: It is given something else than a list.
        """
        if name not in self.arguments:
            yield from self.with_keywords({name: f"[{item}]"})
            return
        if not self.has(name):
            yield self.with_value(name, f"[{item}]")
            return
        value = self.arguments[name].value
        if not isinstance(value, (cst.List, cst.Tuple)):
            raise ValueError(f"{name} is no list")
        yield from self._with_element(name, value, item, "[]")

    def with_entry(self, name: str, key: str, item: str) -> Iterator[Edit]:
        """Writes an entry behind the last one of the dict that a keyword is given.

        Args:
            name: The keyword.
            key: The key, which is a string.
            item: The code of the value.

        Raises:
            ValueError: It is given something else than a dict.
        """
        value = self.arguments[name].value
        if not isinstance(value, cst.Dict):
            raise ValueError(f"{name} is no dict")
        yield from self._with_element(name, value, f'"{key}": {item}', "{}")

    def _with_element(
        self, name: str, value: cst.List | cst.Tuple | cst.Dict, code: str, brackets: str
    ) -> Iterator[Edit]:
        """Writes an element behind the last one: on a line of its own where that one has such."""
        text = self.file.text
        if not value.elements:
            yield self._only(name, code, brackets)
            return
        last = value.elements[-1]
        start, end = self.places[last]
        after = _after_comma(text, end) if isinstance(last.comma, cst.Comma) else end
        line = _line(text, start)
        if text[line:start].strip():  # something stands before it
            alone = isinstance(value, cst.Tuple) and len(value.elements) == 1 and after > end
            yield Edit(after, after, f" {code}") if alone else Edit(end, end, f", {code}")
            return
        element = f"{self.file.newline}{text[line:start]}{code}"
        rest = _REST.match(text, after)
        if rest is None or (after == end == rest.end()):
            yield Edit(end, end, f",{element}")
            return
        if after == end:
            yield Edit(end, end, ",")
        yield Edit(rest.end(), rest.end(), f"{element}{',' if after > end else ''}")

    def _only(self, name: str, code: str, brackets: str) -> Edit:
        """Writes the first element of what is empty; a comment in it stays."""
        start, end = self._span(name)
        text = self.file.text
        closing = _line(text, end)
        if "#" not in text[start:end]:
            return Edit(start, end, f"{brackets[0]}{code}{brackets[1]}")
        comment = text.rindex("#", start, end)
        indent = text[_line(text, comment) : comment]
        indent = indent if not indent.strip() else f"{text[closing : end - 1]}    "
        return Edit(closing, closing, f"{indent}{code},{self.file.newline}")

    def with_value(self, name: str, value: str) -> Edit:
        """Writes another value for a keyword that is there."""
        return Edit(*self._span(name), value)

    def _span(self, name: str) -> tuple[int, int]:
        """Where the value of a keyword stands, with the parentheses around it."""
        found = self.arguments[name]
        start = self.places[found.value][0]
        for _ in getattr(found.value, "lpar", ()):
            start = self.file.text.rindex("(", 0, start)
        return start, found.end

    def inner(self, name: str) -> Call | None:
        """The call that a keyword is given; None where it is something else."""
        value = self.arguments[name].value
        return _call(self.file, value, self.places) if isinstance(value, cst.Call) else None


def declaration_of(found: FoundComponent) -> Call:
    """Reads the declaration of a component, to edit it.

    Raises:
        WrongUsage: It is no Python, or not at the top of its file.
    """
    if found.sources.read(found.file, found.module).fault is not None:
        raise WrongUsage(*found.declaration.notes)
    call = declared(read_python(found.file))
    if call is None:
        why = "it is edited without running it, so it has to be at the top of its file"
        raise WrongUsage(Fault(f"the declaration of {found.name} cannot be edited", found.where, why))
    return call


def declared(file: Written, variable: str = "component") -> Call | None:
    """Finds ``component = Component(...)`` at the top of a file; None where there is none.

    Args:
        file: The file.
        variable: What the result of the call is called.
    """
    wrapper = MetadataWrapper(cst.parse_module(file.text), unsafe_skip_copy=True)
    calls = (_assigned(statement, variable) for statement in _statements(wrapper.module))
    node = next((found for found in calls if found is not None), None)
    if node is None:
        return None
    starts = [0, *(found.end() for found in re.finditer(r"\r\n?|\n", file.text))]
    places = {
        each: (
            starts[where.start.line - 1] + where.start.column,
            starts[where.end.line - 1] + where.end.column,
        )
        for each, where in wrapper.resolve(PositionProvider).items()
    }
    return _call(file, node, places)


def _statements(module: cst.Module) -> Iterator[cst.CSTNode]:
    for line in module.body:
        if isinstance(line, cst.SimpleStatementLine):
            yield from line.body


def _assigned(statement: cst.CSTNode, variable: str) -> cst.Call | None:
    match statement:
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(name))], value=cst.Call() as call):
            return call if name == variable else None
        case cst.AnnAssign(target=cst.Name(name), value=cst.Call() as call):
            return call if name == variable else None
    return None


def _call(file: Written, node: cst.Call, places: Mapping[cst.CSTNode, tuple[int, int]]) -> Call:
    arguments = {}
    for number, argument in enumerate(node.args):
        start, end = places[argument]
        after = _after_comma(file.text, end) if isinstance(argument.comma, cst.Comma) else end
        arguments[argument.keyword.value if argument.keyword else str(number)] = Argument(
            start, end, after, argument.value
        )
    return Call(file, *places[node], arguments, places)


def _after_comma(text: str, end: int) -> int:
    """The character after the comma that follows, behind comments too."""
    found = _COMMA.match(text, end)
    assert found is not None, "there is a comma, says the syntax tree"
    return found.end()


def _line(text: str, place: int) -> int:
    """Where the line of a place begins."""
    return max(text.rfind("\n", 0, place), text.rfind("\r", 0, place)) + 1
