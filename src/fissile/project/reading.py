"""Reads what a component declares from its source, without importing it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

from fissile.errors import Fault, shown

from .graph import nearest
from .source import Source, Sources

_LITERAL = "component.py is read without importing it, so that tools work on an application that cannot start"


@dataclass(frozen=True)
class Reference:
    """A class that a declaration names.

    Attributes:
        identity: The class, as ``module.QualName``, from the module that defines it.
        where: Where the declaration names it.
    """

    identity: str
    where: str


@dataclass(frozen=True)
class Declaration:
    """What a component declares, as it is written.

    Attributes:
        line: The line of the declaration.
        id: ``id=``, where it is written.
        prefix: ``prefix=``, where it is written.
        prefix_line: The line of the prefix, or of the declaration.
        provides: The interfaces.
        needs: The interfaces of others.
        handles: The events.
        api: Whether it serves HTTP.
        settings: The settings class, where there is one.
        policy: The policy as it is written.
        database: Whether it has a database.
        formerly: ``formerly=`` of its ``Database(...)``, where it is written.
        notes: What could not be read.
    """

    line: int = 1
    id: str | None = None
    prefix: str | None = None
    prefix_line: int = 1
    provides: tuple[Reference, ...] = ()
    needs: tuple[Reference, ...] = ()
    handles: tuple[Reference, ...] = ()
    api: bool = False
    settings: str | None = None
    policy: str | None = None
    database: bool = False
    formerly: str | None = None
    notes: tuple[Fault, ...] = ()


def declares_component(source: Source) -> bool:
    """Says whether a module assigns ``component = Component(...)`` at its top."""
    call = _assigned_call(source)
    return call is not None and source.resolve(call.func) in _COMPONENT_CLASS


def read(file: Path, module: str, sources: Sources) -> Declaration:
    """Reads the declaration of a component.

    Args:
        file: The file that declares it.
        module: That file's module.
        sources: The sources of the project.

    Returns:
        What is written; what is not literal is left out and noted.
    """
    source = sources.read(file, module)
    if source.fault is not None:
        return Declaration(notes=(source.fault,))
    call = _assigned_call(source)
    if call is None:
        where = shown(file, 1)
        fix = "write component = Component(...) at the top of the module"
        return Declaration(notes=(Fault(f"{module} declares no component", where, _LITERAL, fix),))
    return _Reader(source, sources).declaration(call)


def read_main(file: Path, module: str, sources: Sources) -> tuple[Reference, ...]:
    """Read the interfaces that ``main.py`` needs: ``App(__package__, needs=[...])`` at the top of the module.

    Args:
        file: The file.
        module: Its dotted name.
        sources: The sources of the project.
    """
    source = sources.read(file, module)
    for statement in source.statements:
        call = statement.value if isinstance(statement, ast.Assign | ast.AnnAssign) else None
        if isinstance(call, ast.Call) and source.resolve(call.func) in _APP_CLASS:
            return _Reader(source, sources).items("needs", _argument(call, "needs"))
    return ()


_APP_CLASS = {"fissile.App", "fissile.runtime.app.App"}
_COMPONENT_CLASS = {"fissile.Component", "fissile.component.Component"}


def _assigned_call(source: Source) -> ast.Call | None:
    for statement in source.statements:
        if isinstance(statement, ast.Assign):
            targets = statement.targets
        elif isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        else:
            continue
        named = any(isinstance(target, ast.Name) and target.id == "component" for target in targets)
        if named and isinstance(statement.value, ast.Call):
            return statement.value
    return None


def _argument(call: ast.expr | None, name: str) -> ast.expr | None:
    """What a call is given by this name; None is as good as nothing."""
    given = call.keywords if isinstance(call, ast.Call) else []
    found = next((one.value for one in given if one.arg == name), None)
    return None if isinstance(found, ast.Constant) and found.value is None else found


class _Reader:
    """Reads one call of ``Component``, and notes what is not literal."""

    def __init__(self, source: Source, sources: Sources) -> None:
        self.source = source
        self.sources = sources
        self.notes: list[Fault] = []

    def declaration(self, call: ast.Call) -> Declaration:
        if self.source.resolve(call.func) not in _COMPONENT_CLASS:
            self.note("component", call)
        fields: dict[str, ast.expr] = {}
        for argument in call.keywords:
            if argument.arg is None:
                self.note("**", argument.value)
            elif not (isinstance(argument.value, ast.Constant) and argument.value.value is None):
                fields[argument.arg] = argument.value
        settings = self.resolved(fields["settings"]) if "settings" in fields else None
        return Declaration(
            line=call.lineno,
            id=self.text("id", fields.get("id")),
            prefix=self.text("prefix", fields.get("prefix")),
            prefix_line=fields.get("prefix", call).lineno,
            provides=self.keys("provides", fields.get("provides")),
            needs=self.items("needs", fields.get("needs")),
            handles=self.keys("handles", fields.get("handles")),
            api="api" in fields,
            settings=settings,
            policy=ast.unparse(fields["policy"]) if "policy" in fields else None,
            database="database" in fields,
            formerly=self.text("formerly", _argument(fields.get("database"), "formerly")),
            notes=tuple(self.notes),
        )

    def note(self, name: str, node: ast.expr, meant: str | None = None) -> None:
        text = ast.unparse(node)
        what = f"{name} cannot be read: {text if len(text) < 60 else text[:57] + '...'}"
        fix = f"did you mean {meant}?" if meant else "write it literally, with imported or local names"
        self.notes.append(Fault(what, shown(self.source.file, node.lineno), _LITERAL, fix))

    def close(self, node: ast.expr) -> str | None:
        """What an imported or local name that was mistyped was meant to be."""
        if isinstance(node, ast.Attribute):
            base = self.close(node.value)
            return None if base is None else f"{base}.{node.attr}"
        if not isinstance(node, ast.Name):
            return None
        return nearest(node.id, self.source.names)

    def text(self, name: str, node: ast.expr | None) -> str | None:
        if node is None:
            return None
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value
        self.note(name, node)
        return None

    def keys(self, name: str, node: ast.expr | None) -> tuple[Reference, ...]:
        if node is None:
            return ()
        if isinstance(node, ast.Dict):
            values = zip(node.keys, node.values, strict=True)
            return self.references(name, [key if key is not None else value for key, value in values])
        self.note(name, node)
        return ()

    def items(self, name: str, node: ast.expr | None) -> tuple[Reference, ...]:
        if node is None:
            return ()
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            return self.references(name, node.elts)
        self.note(name, node)
        return ()

    def references(self, name: str, nodes: list[ast.expr]) -> tuple[Reference, ...]:
        found = []
        for node in nodes:
            identity = self.resolved(node)
            if identity is None:
                self.note(name, node, self.close(node))
            else:
                found.append(Reference(identity, shown(self.source.file, node.lineno)))
        return tuple(found)

    def resolved(self, node: ast.expr) -> str | None:
        dotted = self.source.resolve(node)
        return None if dotted is None else self.sources.definition(dotted)
