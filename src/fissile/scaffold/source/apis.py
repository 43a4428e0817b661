"""Reads what a component gives as its ``api``, as it is written: which routers, in which files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import libcst as cst

from ...errors import Fault, WrongUsage
from ...project import FoundComponent
from .declaration import Call, declaration_of
from .edits import Written
from .routes import file_of, router_in


@dataclass(frozen=True)
class Api:
    """One router of a component.

    Attributes:
        version: Its key in the mapping of versions; empty where it is the only one, or has none.
        local: What it is called where the component is declared.
        file: The file that makes it.
        variable: What it is called there.
        prefix: The prefix that it has of its own.
    """

    version: str
    local: str
    file: Path
    variable: str
    prefix: str = ""

    def path(self, component: str) -> str:
        """The path below which its routes are.

        Args:
            component: The prefix of the component, which a router may have of its own already.
        """
        prefix = f"{component}/{self.version}".rstrip("/")
        return self.prefix if f"{self.prefix}/".startswith(f"{prefix}/") else prefix + self.prefix


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
    call = declaration_of(found)
    file = call.file
    if not call.has("api"):
        return Apis(file, call, ())
    value = call.arguments["api"].value
    pairs = [_pair(found, element) for element in value.elements] if isinstance(value, cst.Dict) else [("", value)]
    return Apis(file, call, tuple(_api(found, version, each) for version, each in pairs))


def _pair(found: FoundComponent, element: cst.BaseDictElement) -> tuple[str, cst.BaseExpression]:
    key = element.key if isinstance(element, cst.DictElement) else None
    if not isinstance(key, cst.SimpleString):
        raise unread(found)
    return str(key.evaluated_value), element.value


def _api(found: FoundComponent, version: str, value: cst.BaseExpression) -> Api:
    if not isinstance(value, cst.Name):
        raise unread(found)
    names = found.sources.read(found.file, found.module).names
    identity = found.sources.definition(names.get(value.value, f"{found.module}.{value.value}"))
    module, _, variable = identity.rpartition(".")
    file = file_of(found, module)
    router = router_in(file, variable) if file is not None and _is_own(found, file) else None
    if file is None or router is None or router.path is None:
        raise unread(found)
    return Api(version, value.value, file, variable, router.path)


def _is_own(found: FoundComponent, file: Path) -> bool:
    """Whether a file is the component's, and not the one that declares it or what others import."""
    return file.is_relative_to(found.folder) and file not in (found.file, found.folder / "__init__.py")


def unread(found: FoundComponent) -> WrongUsage:
    """The fault of a component with routers that cannot be edited."""
    what = f"the api of {found.name} is no router that can be read"
    why = "its file is edited without running it: api=router, where a file beside it says router = APIRouter(...)"
    return WrongUsage(Fault(what, found.where, why, "write the routes by hand, as in any application of FastAPI"))
