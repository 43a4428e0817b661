"""Python modules as text: what a name in one of them stands for, found by following its imports."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from pathlib import Path

from fissile.errors import Fault, shown


@dataclass(frozen=True)
class Source:
    """A module that was parsed, not imported.

    Attributes:
        file: Its file.
        module: Its dotted name.
        statements: Its top-level statements, those under ``if`` and ``try`` included.
        names: What each top-level name stands for: where it was imported from, or here.
        fault: Why it could not be parsed.
    """

    file: Path
    module: str
    statements: tuple[ast.stmt, ...] = ()
    names: dict[str, str] = field(default_factory=dict)
    fault: Fault | None = None

    def resolve(self, node: ast.expr) -> str | None:
        """Follows a name or a dotted name to what it was imported as; None for anything else."""
        if isinstance(node, ast.Name):
            return self.names.get(node.id)
        if isinstance(node, ast.Attribute):
            base = self.resolve(node.value)
            return None if base is None else f"{base}.{node.attr}"
        return None


class Sources:
    """The modules below one package, each parsed once.

    Attributes:
        package: The package's dotted name.
        folder: Its folder.
    """

    def __init__(self, package: str, folder: Path) -> None:
        self.package = package
        self.folder = folder
        self._read: dict[Path, Source] = {}

    def read(self, file: Path, module: str) -> Source:
        """Parses a file, or gives what was parsed before."""
        if file not in self._read:
            self._read[file] = parse(file, module)
        return self._read[file]

    def definition(self, dotted: str) -> str:
        """Follows re-exports to the module of this project that defines a name.

        Args:
            dotted: A name as it was imported, such as ``shop.orders.public.Orders``.

        Returns:
            The name in the module that defines it; unchanged outside the project.
        """
        seen: set[str] = set()
        while dotted not in seen:
            seen.add(dotted)
            source, rest = self._containing(dotted)
            first, _, further = rest.partition(".")
            if source is None or first not in source.names:
                break
            dotted = ".".join(part for part in (source.names[first], further) if part)
        return dotted

    def _containing(self, dotted: str) -> tuple[Source | None, str]:
        if not dotted.startswith(f"{self.package}."):
            return None, ""
        parts = dotted.removeprefix(f"{self.package}.").split(".")
        for length in range(len(parts) - 1, -1, -1):
            module = ".".join([self.package, *parts[:length]])
            base = self.folder.joinpath(*parts[:length])
            for file in (base / "__init__.py", base.parent / f"{base.name}.py"):
                if file.is_file() and (length or file.name == "__init__.py"):
                    return self.read(file, module), ".".join(parts[length:])
        return None, ""


def parse(file: Path, module: str) -> Source:
    """Parses a file.

    Args:
        file: The file.
        module: Its dotted name.

    Returns:
        The module; with a fault instead of statements where it is no Python.
    """
    try:
        tree = ast.parse(file.read_bytes(), filename=str(file))
    except SyntaxError as error:
        what = f"{file.name} is not valid Python: {error.msg}"
        return Source(file, module, fault=Fault(what, shown(file, error.lineno), fix="mend the syntax"))
    except (OSError, ValueError) as error:
        return Source(file, module, fault=Fault(f"{file.name} cannot be read: {error}", shown(file)))
    statements = tuple(_flattened(tree.body))
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    names: dict[str, str] = {}
    for statement in statements:
        names.update(_names_of(statement, module, package))
    return Source(file, module, statements, names)


def _flattened(statements: list[ast.stmt]) -> list[ast.stmt]:
    flat: list[ast.stmt] = []
    for statement in statements:
        flat.append(statement)
        if isinstance(statement, ast.If):
            flat += _flattened(statement.body) + _flattened(statement.orelse)
        elif isinstance(statement, ast.Try):
            handled = [inner for handler in statement.handlers for inner in handler.body]
            flat += _flattened(statement.body + handled + statement.orelse + statement.finalbody)
    return flat


def _names_of(statement: ast.stmt, module: str, package: str) -> dict[str, str]:
    if isinstance(statement, ast.Import):
        return {
            alias.asname or alias.name.partition(".")[0]: alias.name if alias.asname else alias.name.partition(".")[0]
            for alias in statement.names
        }
    if isinstance(statement, ast.ImportFrom):
        base = _imported_from(statement, package)
        return {alias.asname or alias.name: f"{base}.{alias.name}" for alias in statement.names if alias.name != "*"}
    if isinstance(statement, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
        return {statement.name: f"{module}.{statement.name}"}
    return {}


def _imported_from(statement: ast.ImportFrom, package: str) -> str:
    if not statement.level:
        return statement.module or ""
    parts = package.split(".")
    parts = parts[: len(parts) - statement.level + 1]
    return ".".join([*parts, *([statement.module] if statement.module else [])])
