"""The names that a project and its parts can have, and why others are refused."""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from itertools import count
from pathlib import Path

from ..component import NAME, is_reserved_id
from ..errors import Fault, shown
from ..project import GATEWAY, Project, default_prefix

_ALPHABET = "2 to 31 of a-z, 0-9 and _, a letter first"

_BESIDE = {"main", "src", "tests", "test", "conftest", "public", "component"}
"""What means something else already beside components."""

_PAGES = {"docs", "redoc"}
"""What FastAPI itself shows, at the URL that a component of this name would have."""


def project_faults(name: str, folder: Path) -> list[Fault]:
    """Finds out why a project cannot have this name.

    Args:
        name: The name, which is its folder's and its package's.
        folder: Where that folder is to be.
    """
    return _faults(name, "project", partial(_not_a_project, folder=folder))


def component_faults(name: str, project: Project) -> list[Fault]:
    """Finds out why a component of a project cannot have this name."""
    return _faults(name, "component", partial(_not_a_component, project=project))


def new_component_faults(name: str, project: Project) -> list[Fault]:
    """Finds out why a component that is added cannot have this name, which is also its id and its prefix."""
    return _faults(
        name, "component", lambda name: _not_a_component(name, project=project) or _not_new(name, project=project)
    )


def part_faults(name: str, kind: str, taken: Iterable[str] = ()) -> list[Fault]:
    """Finds out why a part of a component, such as a router, cannot have this name.

    Args:
        name: The name.
        kind: What it is to name, in one word.
        taken: The names that are there already.
    """
    there = set(taken)
    return _faults(
        name, kind, lambda name: _unspeakable(name) or ("there is one of this name already" if name in there else None)
    )


def camel(name: str) -> str:
    """The name of a class for what is called so in modules: ``purchase_orders`` becomes ``PurchaseOrders``."""
    return "".join(part.capitalize() for part in name.split("_"))


def snake(name: str) -> str:
    """The name of a variable for what a class is called so: ``PurchaseOrder`` becomes ``purchase_order``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def _faults(name: str, kind: str, why_not: Callable[[str], str | None]) -> list[Fault]:
    why = why_not(name)
    if why is None:
        return []
    better = next(candidate for candidate in _near(name) if why_not(candidate) is None)
    return [Fault(f"{name!r} cannot be the name of a {kind}", "", why, f"take {better}")]


def _near(name: str) -> Iterator[str]:
    """Names that whoever typed this one could take instead, the nearest first."""
    words = re.sub(r"[^a-z0-9]+", "_", snake(name)).strip("_")[:25].rstrip("_")
    if words[:1].isalpha():
        yield words
    yield (mine := f"my_{words}".rstrip("_"))
    yield from (f"{words if words[:1].isalpha() else mine}{number}" for number in count(2))


def _unspeakable(name: str) -> str | None:
    """Why no package, URL and variable can be called so."""
    if keyword.iskeyword(name):
        return f"{name} is a keyword of Python"
    if name == "fissile":
        return "fissile is the framework itself, which it would hide"
    if not re.fullmatch(NAME, name):
        return f"it is a module, a URL and the start of variables: {_ALPHABET}"
    if "__" in name or name.endswith("_"):
        return "a double underscore ends the name in variables, as in ORDERS__KEY"
    return None


def _not_a_project(name: str, folder: Path) -> str | None:
    if why := _unspeakable(name):
        return why
    if name in sys.stdlib_module_names:
        return f"it would hide Python's own module {name}"
    if name in _BESIDE or name in _installed():
        return f"something else is called {name} already, and would hide it"
    target = folder / name
    if target.is_symlink() or (target.exists() and not (target.is_dir() and not any(target.iterdir()))):
        return f"{name} is there already, and nothing is overwritten"
    return None


def _not_a_component(name: str, project: Project) -> str | None:
    if why := _unspeakable(name):
        return why
    if name in {component.name for component in project.components}:
        return f"{project.name} has a component of this name"
    if is_reserved_id(name):
        return f"PostgreSQL keeps the name {name} for itself"
    if name == GATEWAY:
        return "the gateway in front of several processes has this name"
    if name in _BESIDE:
        return f"{name} means something else in a project"
    for path in (project.folder / name, project.folder / f"{name}.py"):
        if path.exists() or path.is_symlink():
            return f"{shown(path)} is there already, and nothing is overwritten"
    return "paging.py cuts lists into pages" if name == "paging" else None


def _not_new(name: str, project: Project) -> str | None:
    if name in _PAGES:
        return f"/{name} is FastAPI's own page"
    if former := [component.name for component in project.components if component.declaration.formerly == name]:
        return f"the data of {former[0]} may still be there under this name, as formerly= in its component.py says"
    for each in (component.declared for component in project.components):
        if each.id == name:
            return f"{each.name} has this id, under which its data is kept"
        if each.prefix == default_prefix(name):
            return f"{each.name} has the prefix {each.prefix}"
    return None


@cache
def _installed() -> frozenset[str]:
    """The packages that are installed here, as they would be beside the project."""
    from importlib.metadata import packages_distributions

    return frozenset(packages_distributions())
