"""A project and its components, as found on disk."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from fissile.errors import Fault, WrongUsage, shown

from .graph import MAIN, Declared, Edge, default_prefix, edges, graph_faults, nearest
from .reading import Declaration, read, read_main
from .source import Sources


@dataclass(frozen=True)
class FoundComponent:
    """A component, found but not imported.

    Attributes:
        name: Its name.
        package: The package, or the one module, that it is.
        module: The module that assigns ``component``.
        folder: Its own folder; for a single module the folder that the module is in.
        file: The file of that module.
        single_module: Whether the component is one module.
        public: The module that others may import, where there is one.
        sources: The sources of its project.
    """

    name: str
    package: str
    module: str
    folder: Path
    file: Path
    single_module: bool
    public: str | None
    sources: Sources = field(repr=False, compare=False)

    @cached_property
    def declaration(self) -> Declaration:
        """What it declares, read from the source."""
        return read(self.file, self.module, self.sources)

    @property
    def where(self) -> str:
        """The place of the declaration."""
        return shown(self.file, self.declaration.line)

    @property
    def env_file(self) -> Path | None:
        """The file of its settings in development; a single module has none, since it has no folder of its own."""
        return None if self.single_module else self.folder / ".env"

    def init_faults(self) -> list[Fault]:
        """Find what is wrong with its ``__init__.py``, which may hold a docstring alone."""
        file = self.folder / "__init__.py"
        if self.single_module or not file.is_file():
            return []
        source = self.sources.read(file, self.package)
        if source.fault is not None:
            return [source.fault]
        code = [statement for statement in source.statements if not _is_docstring(statement)]
        if not code:
            return []
        what = f"the __init__.py of {self.name} is not empty"
        why = "it would run in every process that imports the public module of the component, beside what that imports"
        fix = f"keep __init__.py empty: others import {self.public or 'its public module'}"
        return [Fault(what, shown(file, code[0].lineno), why, fix)]

    @cached_property
    def declared(self) -> Declared:
        """What the graph wants to know of it."""
        declaration = self.declaration
        references = [*declaration.provides, *declaration.needs]
        return Declared(
            name=self.name,
            prefix=declaration.prefix or default_prefix(self.name),
            id=declaration.id or self.name,
            provides=tuple(reference.identity for reference in declaration.provides),
            needs=tuple(reference.identity for reference in declaration.needs),
            where=self.where,
            places={reference.identity: reference.where for reference in references}
            | {"prefix": shown(self.file, declaration.prefix_line)},
            database=declaration.database,
            complete=not declaration.notes,
        )


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


@dataclass(frozen=True)
class Project:
    """The components of one package.

    Attributes:
        name: The package's dotted name; empty where the application is a module without a package.
        folder: The package's folder.
        root: The folder from which it is imported.
        components: Its components, by name.
        entrypoint: Where the application is, as ``shop.main:app``.
    """

    name: str
    folder: Path
    root: Path
    components: tuple[FoundComponent, ...] = ()
    entrypoint: str = "main:app"

    def component(self, name: str) -> FoundComponent:
        """Gives the component of this name.

        Raises:
            WrongUsage: When there is none; it says the nearest name.
        """
        by_name = {component.name: component for component in self.components}
        if name in by_name:
            return by_name[name]
        close = nearest(name, by_name)
        why = f"its components are {', '.join(by_name)}" if by_name else "it has no components"
        fix = f"did you mean {close}?" if close else ""
        raise WrongUsage(Fault(f"{self.name or 'the application'} has no component {name!r}", "", why, fix))

    @cached_property
    def declared(self) -> tuple[Declared, ...]:
        """What each component declares, read from the sources."""
        return tuple(component.declared for component in self.components)

    @cached_property
    def main(self) -> Declared:
        """The needs of ``main.py``, read from its source."""
        file = self.folder / MAIN
        if not self.components or not file.is_file():
            return Declared(MAIN, "")
        needs = read_main(file, f"{self.name}.main", self.components[0].sources)
        places = {reference.identity: reference.where for reference in needs}
        return Declared(MAIN, "", needs=tuple(places), where=shown(file), places=places)

    def graph(self) -> tuple[Edge, ...]:
        """Lists who calls whom, `MAIN` included."""
        return edges((*self.declared, self.main))

    def faults(self) -> tuple[Fault, ...]:
        """Finds what is wrong with the project as it is written, without importing it."""
        notes = [note for component in self.components for note in component.declaration.notes]
        return (*notes, *self.init_faults(), *graph_faults(self.declared, self.main))

    def init_faults(self) -> tuple[Fault, ...]:
        """Find each component whose ``__init__.py`` is not empty."""
        return tuple(fault for component in self.components for fault in component.init_faults())

    def as_json(self) -> dict[str, object]:
        """Gives the project as plain data, in a stable form.

        Returns:
            ``project``, ``entrypoint``, ``components`` (each with name, id, prefix, module, public, api, provides,
            needs, handles, settings, database, policy, file and line; files relative to `root`) and ``edges``
            (consumer, provider, interface; the consumer of what ``main.py`` needs is ``main.py``).
        """
        return {
            "project": self.name,
            "entrypoint": self.entrypoint,
            "components": [self._component_json(component) for component in self.components],
            "edges": [
                {"consumer": edge.consumer, "provider": edge.provider, "interface": edge.interface}
                for edge in self.graph()
            ],
        }

    def _component_json(self, component: FoundComponent) -> Mapping[str, object]:
        declaration, declared = component.declaration, component.declared
        return {
            "name": component.name,
            "id": declared.id,
            "prefix": declared.prefix,
            "module": component.module,
            "public": component.public,
            "api": declaration.api,
            "provides": list(declared.provides),
            "needs": list(declared.needs),
            "handles": [reference.identity for reference in declaration.handles],
            "settings": declaration.settings,
            "database": declaration.database,
            "policy": declaration.policy,
            "file": component.file.relative_to(self.root).as_posix(),
            "line": declaration.line,
        }
