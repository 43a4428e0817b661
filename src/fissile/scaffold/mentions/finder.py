"""The walk through the syntax tree of a Python file that finds what refers to a component.

Nothing is printed anew: the tree only says where, and the text is edited there.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import libcst as cst
from libcst.metadata import (
    Access,
    BaseAssignment,
    CodePosition,
    FunctionScope,
    GlobalScope,
    ParentNodeProvider,
    PositionProvider,
    Scope,
    ScopeProvider,
)
from typing_extensions import override

from ..source.edits import Edit
from .local import Local
from .wording import Mention, Moved, Wording

_Import = cst.Import | cst.ImportFrom
_Parts = tuple[str, ...]

PAGE = "\f"
"""A form feed, which Python skips and libcst forgets; the tree is that of the text without it."""

_NAME = r"[\w-]*(?:[./][\w-]*)+(?::[\w.]+)?"
_NAMES_ONLY = re.compile(rf"[A-Za-z]{{0,2}}[\"']*[\s\\]*{_NAME}(?:\s+{_NAME})*\s*[\"']*")
"""A string of nothing but dotted names and paths; in a sentence, or in SQL, a dotted name can be anything."""


@dataclass(eq=False)
class Finder(cst.CSTVisitor):
    """Walks through one file.

    Attributes:
        text: The file.
        module: Its dotted name.
        package: The package that a dot stands for in it.
        wording: How the component is called.
        found: What is renamed in any case.
        used: The dotted names that it takes from elsewhere and that end with the component's name.
        comments: Where the name stands alone in a comment.
        docstrings: Where it stands alone in a docstring.
        strings: Where it stands alone in another string.
    """

    METADATA_DEPENDENCIES = (PositionProvider, ScopeProvider, ParentNodeProvider)

    text: str
    module: str
    package: str
    wording: Wording
    found: list[Mention] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    comments: set[int] = field(default_factory=set)
    docstrings: set[int] = field(default_factory=set)
    strings: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()
        ends = (found.end() for found in re.finditer(r"\r\n?|\n", self.text.replace(PAGE, "")))
        self._starts = [0, *ends]
        self._pages = [found.start() - number for number, found in enumerate(re.finditer(PAGE, self.text))]
        self._bindings: dict[tuple[_Import, str], _Parts] = {}
        self._aliases: dict[tuple[_Import, str], tuple[Moved, cst.Name]] = {}
        self._accesses: list[cst.Name] = []
        self._starred: set[Moved] = set()
        self._names: set[str] = set()
        self._importing = 0
        self._literals: set[int] = set()
        self._scopes: set[Scope] = set()

    # ------------------------------------------------------------------------------------------ places

    def _span(self, node: cst.CSTNode) -> tuple[int, int]:
        """Where a node stands in the text."""
        found = self.get_metadata(PositionProvider, node)
        return self._offset(found.start), self._offset(found.end)

    def _offset(self, place: CodePosition) -> int:
        before = self._starts[place.line - 1] + place.column
        return before + bisect_right(self._pages, before)

    def _rename(self, node: cst.CSTNode, new: str) -> Edit:
        return Edit(*self._span(node), new)

    # ---------------------------------------------------------------------------------------- bindings

    @override
    def visit_Import(self, node: cst.Import) -> None:
        """Notes what a plain import binds."""
        self._begin(node)
        for alias in node.names:
            names = _chain(alias.name)
            parts = tuple(name.value for name in names)
            self._chain(names, (), "import", alias=node if alias.asname is None else None)
            self._used_name(parts)
            if alias.asname is not None and isinstance(alias.asname.name, cst.Name):
                self._bindings[node, alias.asname.name.value] = parts
            else:
                self._bindings[node, parts[0]] = parts[:1]

    @override
    def leave_Import(self, original_node: cst.Import) -> None:
        """Ends an import."""
        self._importing -= 1

    @override
    def visit_ImportFrom(self, node: cst.ImportFrom) -> None:
        """Notes what an import of names binds."""
        self._begin(node)
        base = self._base(len(node.relative))
        names = _chain(node.module) if node.module is not None else []
        self._chain(names, base, "import")
        within = (*base, *(name.value for name in names))
        if isinstance(node.names, cst.ImportStar):
            self.used.update(".".join((*within, moved.old)) for moved in self.wording.moved)
            self._starred.update(moved for moved in self.wording.moved if within == moved.parts[:-1])
            return
        for alias in node.names:
            if isinstance(alias.name, cst.Name):
                self._imported(node, alias, alias.name, within)

    @override
    def leave_ImportFrom(self, original_node: cst.ImportFrom) -> None:
        """Ends an import."""
        self._importing -= 1

    def _begin(self, node: _Import) -> None:
        self._importing += 1
        if (scope := self.get_metadata(ScopeProvider, node, None)) is not None:
            self._scopes.add(scope)

    def _imported(self, node: cst.ImportFrom, alias: cst.ImportAlias, name: cst.Name, within: _Parts) -> None:
        parts = (*within, name.value)
        own = alias.asname.name if alias.asname is not None else None
        self._bindings[node, own.value if isinstance(own, cst.Name) else name.value] = parts
        self._chain([name], within, "import", alias=node if own is None else None)
        self._used_name(parts)

    def _base(self, dots: int) -> _Parts:
        """What a relative import begins with."""
        parts = self.package.split(".") if self.package else []
        return tuple(parts[: len(parts) - dots + 1]) if dots else ()

    def _used_name(self, parts: _Parts) -> None:
        for end in range(2, len(parts) + 1):
            if parts[end - 1] in {moved.old for moved in self.wording.moved}:
                self.used.add(".".join(parts[:end]))

    # ------------------------------------------------------------------------------------------- names

    def _chain(self, names: Sequence[cst.Name], before: _Parts, kind: str, alias: _Import | None = None) -> None:
        """Renames the part of a dotted name that what moves is called by; one that binds it is left to `locals`."""
        parts = (*before, *(name.value for name in names))
        for moved in self.wording.moved:
            index = len(moved.parts) - 1 - len(before)
            if parts[: len(moved.parts)] != moved.parts or not 0 <= index:
                continue
            binds = index == 0 if isinstance(alias, cst.Import) else index == len(names) - 1
            if alias is not None and binds:
                self._aliases[alias, moved.old] = moved, names[index]
            else:
                self.found.append(Mention(self._rename(names[index], moved.new), kind))

    @override
    def visit_Attribute(self, node: cst.Attribute) -> None:
        """Looks at a dotted name from its end."""
        parent = self.get_metadata(ParentNodeProvider, node)
        inner = isinstance(parent, cst.Attribute) and parent.value is node
        names = _chain(node)
        if not inner and names and not self._importing:
            self._follow(names)

    def _follow(self, names: Sequence[cst.Name]) -> None:
        for binding in self._bound(names[0]):
            self._chain(names[1:], binding, "name")
            self._used_name((*binding, *(name.value for name in names[1:])))

    def _bound(self, name: cst.Name) -> set[_Parts]:
        """What a name was imported as, where it is used."""
        scope = self.get_metadata(ScopeProvider, name, None)
        return {parts for each in scope[name.value] if (parts := self._binding(each))} if scope is not None else set()

    def _binding(self, assignment: BaseAssignment) -> _Parts | None:
        node = getattr(assignment, "node", None)
        if not isinstance(node, (cst.Import, cst.ImportFrom)):
            return None
        return self._bindings.get((node, assignment.name.partition(".")[0]))

    @override
    def visit_Name(self, node: cst.Name) -> None:
        """Notes the names that are taken, and where a name is used."""
        parent = self.get_metadata(ParentNodeProvider, node)
        if isinstance(parent, cst.Attribute) and parent.attr is node:
            return
        self._names.add(node.value)
        scope = self.get_metadata(ScopeProvider, node, None)
        if scope is not None:
            self._scopes.add(scope)
        keyword = isinstance(parent, cst.Arg) and parent.keyword is node
        if not self._importing and not keyword and node.value in {moved.old for moved in self.wording.moved}:
            self._accesses.append(node)

    # ----------------------------------------------------------------------------------------- strings

    @override
    def visit_Call(self, node: cst.Call) -> None:
        """Looks at an import that is called: ``import_module(".orders", "shop")``."""
        called = [name.value for name in _chain(node.func)][-1:]
        if called == ["import_module"]:
            self._of_import_module(_argument(node, 0, "name"), _argument(node, 1, "package"))
        elif called == ["__import__"]:
            self._of_import(_argument(node, 0, "name"), _argument(node, 3, "fromlist"))

    def _of_import_module(self, name: cst.BaseExpression | None, package: cst.BaseExpression | None) -> None:
        if not isinstance(name, cst.SimpleString) or not isinstance(package, cst.SimpleString):
            return
        dots = re.match(r"(\.+)[\w.]+\Z", name.raw_value)
        above = package.raw_value.split(".")
        if dots is None or len(dots[1]) > len(above):
            return
        before = above[: len(above) - len(dots[1]) + 1]
        parts = name.raw_value[dots.end(1) :].split(".")
        for moved in self.wording.moved:
            index = len(moved.parts) - 1 - len(before)
            if index >= 0 and (*before, *parts)[: len(moved.parts)] == moved.parts:
                self._in_literal(name, dots.end(1) + len("".join(f"{part}." for part in parts[:index])), moved)

    def _of_import(self, name: cst.BaseExpression | None, names: cst.BaseExpression | None) -> None:
        if not isinstance(name, cst.SimpleString) or not isinstance(names, (cst.List, cst.Tuple)):
            return
        for element in names.elements:
            for moved in self.wording.moved:
                if isinstance(element.value, cst.SimpleString) and moved.parts == (
                    *name.raw_value.split("."),
                    element.value.raw_value,
                ):
                    self._in_literal(element.value, 0, moved)

    def _in_literal(self, node: cst.SimpleString, at: int, moved: Moved) -> None:
        start = self._span(node)[0] + len(node.prefix) + len(node.quote) + at
        self._literals.add(start)
        self.found.append(Mention(Edit(start, start + len(moved.old), moved.new), "name"))

    @override
    def visit_SimpleString(self, node: cst.SimpleString) -> None:
        """Looks into a string; an escape in it, such as a line feed, is no letter before a word."""
        text = node.value if "r" in node.prefix else re.sub(r"\\[^\r\n]", "  ", node.value)
        self._words(text, self._span(node)[0], self.docstrings if self._is_docstring(node) else self.strings)
        if node.value[len(node.prefix) :].strip("\"'") == self.wording.old and self._is_listed(node):
            start = self._span(node)[0] + node.value.index(self.wording.old)
            self.found.append(Mention(Edit(start, start + len(self.wording.old), self.wording.new), "name"))
            self.strings.discard(start)

    @override
    def visit_FormattedStringText(self, node: cst.FormattedStringText) -> None:
        """Looks into what an f-string says literally."""
        self._words(re.sub(r"\\[^\r\n]", "  ", node.value), self._span(node)[0], self.strings)

    @override
    def visit_Comment(self, node: cst.Comment) -> None:
        """Looks into a comment."""
        self._words(node.value, self._span(node)[0], self.comments)

    def _words(self, text: str, start: int, alone: set[int]) -> None:
        is_prose = alone is not self.strings
        covered = set(self._literals)
        for mention in self.wording.mentions(text):
            if mention.kind == "dotted" and not is_prose and not _NAMES_ONLY.fullmatch(text):
                continue
            edit = Edit(mention.edit.start + start, mention.edit.end + start, mention.edit.text)
            covered.add(edit.start)
            self.found.append(Mention(edit, "comment" if is_prose else mention.kind))
            self.used.update(_longer(text, mention.edit))
        self.used.update(found[0] for found in re.finditer(rf"\b[\w.]+[.]{self.wording.old}\b", text))
        alone.update({found.start() + start for found in self.wording.word.finditer(text)} - covered)

    def _is_docstring(self, node: cst.SimpleString) -> bool:
        return isinstance(self.get_metadata(ParentNodeProvider, node), cst.Expr)

    def _is_listed(self, node: cst.SimpleString) -> bool:
        """Whether it is in the ``__all__`` of the package whose module the component is."""
        if (*self.package.split("."), self.wording.old) != self.wording.moved[0].parts or self.module != self.package:
            return False
        above: cst.CSTNode | None = node
        while above is not None and not isinstance(above, cst.SimpleStatementLine):
            above = self.get_metadata(ParentNodeProvider, above, None)
        return above is not None and "__all__" in _assigned(above)

    # ------------------------------------------------------------------------------------------ locals

    def of_annotations(self) -> Iterator[Mention]:
        """Dotted names in annotations that are strings, of which the first part was imported under a name."""
        for scope in self._scopes:
            for assignment in scope.assignments:
                binding = self._binding(assignment)
                if binding is None:
                    continue
                for moved in self.wording.moved:
                    if binding == moved.parts[: len(binding)] and len(binding) < len(moved.parts):
                        yield from self._of_annotation(assignment, moved, len(binding))

    def _of_annotation(self, assignment: BaseAssignment, moved: Moved, known: int) -> Iterator[Mention]:
        local = assignment.name.partition(".")[0]
        between = "".join(f"[.]{part}" for part in moved.parts[known:-1])
        pattern = re.compile(rf"(?<![\w.]){local}{between}[.](?P<name>{moved.old})(?!\w)")
        for access in assignment.references:
            yield from (Mention(edit, "name") for edit in self._in_string(access, pattern, moved.new))

    def _in_string(self, access: Access, pattern: re.Pattern[str], new: str) -> Iterator[Edit]:
        if isinstance(access.node, cst.SimpleString):
            start = self._span(access.node)[0]
            for found in pattern.finditer(access.node.value):
                yield Edit(found.start("name") + start, found.end("name") + start, new)

    def of_stars(self) -> Iterator[Mention]:
        """Names that come from ``from shop import *``.

        Raises:
            SyntaxError: The new name is taken here, and a star gives no other.
        """
        for moved in self._starred:
            for name in self._accesses:
                scope = self.get_metadata(ScopeProvider, name, None)
                if name.value == moved.old and scope is not None and not scope[moved.old]:
                    if moved.new in self._names:
                        raise SyntaxError(f"it has {moved.old} from an import with *, and {moved.new} of its own")
                    yield Mention(self._rename(name, moved.new), "name")

    def locals(self) -> tuple[Local, ...]:
        """The names that imports give to what moves, scope by scope."""
        found = []
        for scope in self._scopes:
            for old in {name for _, name in self._aliases}:
                mine = [each for each in scope[old] if each.scope is scope] if self._is_bound_in(scope, old) else []
                if mine:
                    found.append(self._local(scope, old, mine))
        return tuple(found)

    def _is_bound_in(self, scope: Scope, name: str) -> bool:
        return any((getattr(each, "node", None), name) in self._aliases for each in scope[name] if each.scope is scope)

    def _local(self, scope: Scope, old: str, assignments: Sequence[BaseAssignment]) -> Local:
        ours = [self._aliases[key] for each in assignments if (key := (_node(each), old)) in self._aliases]
        moved = ours[0][0]
        aliases = tuple(dict.fromkeys(self._rename(name, moved.new) for _, name in ours))
        is_sure = len(ours) == len(assignments) and moved.new not in self._names and not self._is_passed_on(old)
        is_module = isinstance(scope, GlobalScope)
        is_sure = is_sure and (is_module or type(scope) is FunctionScope)
        of_package = (*self.module.split("."), old) == moved.parts
        uses = tuple(self._uses(scope, moved, assignments)) if is_sure else None
        return Local(moved, aliases, uses, self.module if is_module and not of_package else None)

    def _is_passed_on(self, old: str) -> bool:
        """Whether other statements than uses name it: `global`, or an ``__all__`` of another module."""
        listed = re.search(rf"__all__[^\n]*=[^=]*?[\"']{old}[\"']", self.text)
        is_package = (*self.module.split("."), old) == self.wording.moved[0].parts
        return bool(listed and not is_package) or bool(re.search(rf"\b(?:global|nonlocal)\b[^\n]*\b{old}\b", self.text))

    def _uses(self, scope: Scope, moved: Moved, assignments: Sequence[BaseAssignment]) -> Iterator[Edit]:
        for name in self._accesses:
            where = self.get_metadata(ScopeProvider, name, None)
            if name.value == moved.old and where is not None and any(each.scope is scope for each in where[moved.old]):
                yield self._rename(name, moved.new)
        pattern = re.compile(rf"(?<![\w.])(?P<name>{moved.old})(?!\w)")
        for assignment in assignments:
            for access in assignment.references:
                yield from self._in_string(access, pattern, moved.new)


def _argument(call: cst.Call, index: int, name: str) -> cst.BaseExpression | None:
    """What is given by place or by name."""
    for place, given in enumerate(call.args):
        if given.star or (given.keyword is None and place == index):
            return None if given.star else given.value
        if given.keyword is not None and given.keyword.value == name:
            return given.value
    return None


def _node(assignment: BaseAssignment) -> _Import:
    node: _Import = getattr(assignment, "node")  # noqa: B009  # those of builtins have none
    return node


def _chain(node: cst.BaseExpression | None) -> list[cst.Name]:
    """The names of a dotted name; none of anything else."""
    if isinstance(node, cst.Name):
        return [node]
    if isinstance(node, cst.Attribute):
        before = _chain(node.value)
        return [*before, node.attr] if before else []
    return []


def _assigned(statement: cst.CSTNode) -> set[str]:
    """The names that a statement assigns, extends or appends to."""
    return {
        name.value
        for child in getattr(statement, "body", ())
        for target in (
            *(each.target for each in getattr(child, "targets", ())),
            getattr(child, "target", None),
            getattr(getattr(child, "value", None), "func", None),
        )
        for name in _chain(target)[:1]
    }


def _longer(text: str, edit: Edit) -> Iterator[str]:
    """The dotted name around a place, up to its end."""
    before = re.search(r"[\w.]*\Z", text[: edit.start])
    if before and before[0]:
        yield before[0] + text[edit.start : edit.end]
