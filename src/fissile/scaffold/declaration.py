"""Edits of a component's declaration: keywords that are written into a call, or taken out of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

from .edits import Edit, Written


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
        line = max(text.rfind("\n", 0, last.start), text.rfind("\r", 0, last.start)) + 1
        if line <= self.start:
            yield Edit(last.end, last.end, "".join(f", {each}" for each in written))
            return
        indent = re.match(r"[ \t]*", text[line:])
        begin = self.file.newline + (indent[0] if indent else "")
        yield from self._on_lines([f"{begin}{each}" for each in written], last, comma=comma)

    def _on_lines(self, written: list[str], last: Argument, *, comma: bool) -> Iterator[Edit]:
        text = self.file.text
        rest = re.compile(r"[ \t]*(?:#[^\r\n]*)?(?=\r|\n)").match(text, last.after)
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

    def with_item(self, name: str, item: str) -> Iterator[Edit]:
        """Writes an item behind the last one of the list that a keyword is given, or else the keyword.

        Raises:
            ValueError: It is given something else than a list.
        """
        if name not in self.arguments:
            yield from self.with_keywords({name: f"[{item}]"})
            return
        value = self.arguments[name].value
        if not isinstance(value, (cst.List, cst.Tuple)):
            raise ValueError(f"{name} is no list")
        if not value.elements:
            start, end = self.places[value]
            yield Edit(start, end, f"[{item}]")
            return
        start, end = self.places[value.elements[-1].value]
        line = max(self.file.text.rfind("\n", 0, start), self.file.text.rfind("\r", 0, start)) + 1
        alone = not self.file.text[line:start].strip()
        yield Edit(end, end, f",{self.file.newline + self.file.text[line:start] if alone else ' '}{item}")

    def with_value(self, name: str, value: str) -> Edit:
        """Writes another value for a keyword that is there."""
        return Edit(self.places[self.arguments[name].value][0], self.arguments[name].end, value)

    def inner(self, name: str) -> Call | None:
        """The call that a keyword is given; None where it is something else."""
        value = self.arguments[name].value
        return _call(self.file, value, self.places) if isinstance(value, cst.Call) else None


def declared(file: Written) -> Call | None:
    """Finds ``component = Component(...)`` at the top of a file; None where there is none."""
    wrapper = MetadataWrapper(cst.parse_module(file.text), unsafe_skip_copy=True)
    node = next((found for found in map(_assigned, _statements(wrapper.module)) if found is not None), None)
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


def _assigned(statement: cst.CSTNode) -> cst.Call | None:
    match statement:
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name("component"))], value=cst.Call() as call):
            return call
        case cst.AnnAssign(target=cst.Name("component"), value=cst.Call() as call):
            return call
    return None


def _call(file: Written, node: cst.Call, places: Mapping[cst.CSTNode, tuple[int, int]]) -> Call:
    arguments = {}
    for number, argument in enumerate(node.args):
        start, end = places[argument][0], _closed(file.text, places[argument.value][1], argument.value)
        after = file.text.index(",", end) + 1 if isinstance(argument.comma, cst.Comma) else end
        arguments[argument.keyword.value if argument.keyword else str(number)] = Argument(
            start, end, after, argument.value
        )
    return Call(file, *places[node], arguments, places)


def _closed(text: str, end: int, value: cst.BaseExpression) -> int:
    """The end of a value with the parentheses around it, which are no part of its place."""
    for _ in getattr(value, "rpar", ()):
        end = text.index(")", end) + 1
    return end
