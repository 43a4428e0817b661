"""What a router answers at which path, as it is written."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ...errors import WrongUsage, shown
from ...project import FoundComponent
from ...project.source import parse

_ROUTES = {
    *("get", "put", "post", "delete", "options", "head", "patch", "trace", "websocket", "route", "websocket_route"),
    *("api_route", "add_api_route", "add_api_websocket_route", "add_route", "add_websocket_route", "mount", "frontend"),
}
"""The methods of a router of which the first argument is a path."""


@dataclass(frozen=True)
class Route:
    """Something that a router answers.

    Attributes:
        path: Its path below the router.
        where: Where that is written.
    """

    path: str
    where: str

    def is_at(self, path: str) -> bool:
        """Whether requests of this path reach it."""
        return self.path.rstrip("/") == path

    def is_below(self, path: str) -> bool:
        """Whether requests of this path, or of one below it, reach it."""
        return f"{self.path}/".startswith(f"{path}/")


@dataclass(frozen=True)
class Router:
    """A router that a module makes at its top.

    Attributes:
        variable: What it is called.
        statement: The statement that makes it.
        call: The call in it.
    """

    variable: str
    statement: ast.stmt
    call: ast.Call

    @property
    def prefix(self) -> ast.expr | None:
        """The prefix that it has of its own."""
        return _argument(self.call, "prefix")

    @property
    def path(self) -> str | None:
        """That prefix as text; None where it is no literal."""
        return "" if self.prefix is None else _text(self.prefix)


def routers_in(tree: ast.Module) -> list[Router]:
    """The routers that a module makes at its top."""
    found = []
    for statement in tree.body:
        target = statement.targets[0] if isinstance(statement, ast.Assign) else getattr(statement, "target", None)
        value = getattr(statement, "value", None)
        if isinstance(target, ast.Name) and isinstance(value, ast.Call) and _called(value.func) == "APIRouter":
            found.append(Router(target.id, statement, value))
    return found


def tree_of(file: Path) -> ast.Module:
    """Parses a file.

    Raises:
        WrongUsage: It is no Python.
    """
    fault = parse(file, file.stem).fault
    if fault is not None:
        raise WrongUsage(fault)
    return ast.parse(file.read_bytes())


def router_in(file: Path, variable: str) -> Router | None:
    """The router of this name that a file makes at its top; None where it makes none."""
    return next((router for router in routers_in(tree_of(file)) if router.variable == variable), None)


def file_of(found: FoundComponent, module: str) -> Path | None:
    """The file of a module of the component's project."""
    base = found.sources.folder.parents[found.sources.package.count(".")].joinpath(*module.split("."))
    return next((each for each in (base.with_suffix(".py"), base / "__init__.py") if each.is_file()), None)


def module_of(found: FoundComponent, file: Path) -> str:
    """The dotted name of a file in the component's folder."""
    parts = file.relative_to(found.folder).with_suffix("").parts
    return ".".join([found.package, *(part for part in parts if part != "__init__")])


def routes_of(
    found: FoundComponent, file: Path, variable: str, before: str = "", seen: frozenset[tuple[Path, str]] = frozenset()
) -> Iterator[Route]:
    """Finds what a router answers: its own routes, and those of the routers that it includes.

    Args:
        found: The component that it belongs to.
        file: The file that makes it.
        variable: What it is called there.
        before: What all paths begin with.
        seen: The routers around it.
    """
    if (file, variable) in seen or not file.is_relative_to(found.folder):
        return
    calls = [each for each in ast.walk(tree_of(file)) if isinstance(each, ast.Call) and _is_of(each.func, variable)]
    for call in sorted(calls, key=lambda call: call.lineno):
        where = shown(file, call.lineno)
        path = _argument(call, "path") or next(iter(call.args), None)
        if _called(call.func) in _ROUTES and path is not None and (text := _text(path)) is not None:
            yield Route(before + text, where)
        elif _called(call.func) == "include_router" and call.args:
            yield from _included(found, file, call, before, seen | {(file, variable)})


def _included(
    found: FoundComponent, file: Path, call: ast.Call, before: str, seen: frozenset[tuple[Path, str]]
) -> Iterator[Route]:
    """What comes with a router that is included; where that is elsewhere, only the prefix."""
    module = module_of(found, file)
    source = found.sources.read(file, module)
    name = call.args[0]
    local = f"{module}.{name.id}" if isinstance(name, ast.Name) else ""
    inner, _, variable = found.sources.definition(source.resolve(name) or local).rpartition(".")
    inner_file = file_of(found, inner) if inner else None
    router = router_in(inner_file, variable) if inner_file else None
    given = _argument(call, "prefix")
    path = before + ((given and _text(given)) or "") + ((router and router.path) or "")
    if path != before:
        yield Route(path, shown(file, call.lineno))
    if inner_file and router:
        yield from routes_of(found, inner_file, variable, path, seen)


def _is_of(function: ast.expr, variable: str) -> bool:
    return (
        isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and function.value.id == variable
    )


def _argument(call: ast.Call, name: str) -> ast.expr | None:
    return next((each.value for each in call.keywords if each.arg == name), None)


def _text(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _called(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
