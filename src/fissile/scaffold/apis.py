"""Reads what a component gives as its ``api``, as it is written: which routers, in which files."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

import libcst as cst

from ..errors import Fault, WrongUsage
from ..project import FoundComponent
from .declaration import Call, declared
from .edits import Written, read_python


@dataclass(frozen=True)
class Api:
    """One router of a component.

    Attributes:
        version: Its key in the mapping of versions; empty where it is the only one, or has none.
        local: What it is called where the component is declared.
        file: The file that makes it.
        variable: What it is called there.
    """

    version: str
    local: str
    file: Path
    variable: str


@dataclass(frozen=True)
class Apis:
    """What a component gives as its ``api``.

    Attributes:
        file: The file of its declaration.
        call: The declaration.
        routers: Its routers, in their order; the last one is the newest.
    """

    file: Written
    call: Call
    routers: tuple[Api, ...]

    @property
    def are_versions(self) -> bool:
        """Whether it is a mapping of versions."""
        return "api" in self.call.arguments and isinstance(self.call.arguments["api"].value, cst.Dict)


def read_apis(found: FoundComponent) -> Apis:
    """Reads them.

    Raises:
        WrongUsage: The component is one module, or has something else than literal routers of its own.
    """
    if found.single_module:
        why = "a module has no room for further ones"
        fix = f"make it a package: move it to {found.name}/component.py beside an empty {found.name}/__init__.py"
        raise WrongUsage(Fault(f"{found.name} is one module", found.where, why, fix))
    file = read_python(found.file)
    call = declared(file)
    if call is None:
        raise WrongUsage(*found.declaration.notes)
    if "api" not in call.arguments:
        return Apis(file, call, ())
    value = call.arguments["api"].value
    pairs = [_pair(found, element) for element in value.elements] if isinstance(value, cst.Dict) else [("", value)]
    return Apis(file, call, tuple(_api(found, version, each) for version, each in pairs))


def _pair(found: FoundComponent, element: cst.BaseDictElement) -> tuple[str, cst.BaseExpression]:
    key = element.key if isinstance(element, cst.DictElement) else None
    if not isinstance(key, cst.SimpleString):
        raise _unread(found)
    return str(key.evaluated_value), element.value


def _api(found: FoundComponent, version: str, value: cst.BaseExpression) -> Api:
    if not isinstance(value, cst.Name):
        raise _unread(found)
    names = found.sources.read(found.file, found.module).names
    identity = found.sources.definition(names.get(value.value, f"{found.module}.{value.value}"))
    module, _, variable = identity.rpartition(".")
    base = found.sources.folder.parents[found.sources.package.count(".")].joinpath(*module.split("."))
    file = next((each for each in (base.with_suffix(".py"), base / "__init__.py") if each.is_file()), None)
    if file is None or not is_router(file, variable):
        raise _unread(found)
    return Api(version, value.value, file, variable)


def _unread(found: FoundComponent) -> WrongUsage:
    what = f"the api of {found.name} is no router that can be read"
    why = (
        "its file is edited without running it: api=router, where a file of the component says router = APIRouter(...)"
    )
    return WrongUsage(Fault(what, found.where, why, "write the routes by hand, as in any application of FastAPI"))


def is_router(file: Path, variable: str) -> bool:
    """Whether a file makes a router of this name at its top."""
    return any(made == variable for made, _ in routers_in(ast.parse(file.read_bytes())))


def routers_in(tree: ast.Module) -> list[tuple[str, ast.stmt]]:
    """The routers that a module makes at its top, each with its statement."""
    found = []
    for statement in tree.body:
        target = statement.targets[0] if isinstance(statement, ast.Assign) else getattr(statement, "target", None)
        value = getattr(statement, "value", None)
        if isinstance(target, ast.Name) and isinstance(value, ast.Call) and _called(value.func) == "APIRouter":
            found.append((target.id, statement))
    return found


def _called(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
