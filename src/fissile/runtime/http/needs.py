"""Interfaces that routes ask for, in their own signatures and in the dependencies below them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import get_parameterless_sub_dependant
from fastapi.params import Depends
from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute, Mount

from fissile.runtime.provided import Resolver


class Asked(NamedTuple):
    """A ``Provided[...]`` that FastAPI resolves.

    Attributes:
        interface: The interface.
        by: The function, or the class, whose signature has it.
    """

    interface: type[object]
    by: Callable[..., object]


def asked_by_routes(routes: Iterable[BaseRoute], common: int = 0) -> Iterator[Asked]:
    """Find what routes ask for, those of mounted applications included.

    Args:
        routes: Routes, included routers, mounts and frontend directories.
        common: The number of dependencies at the front that belong to the application, and are left out.
    """
    for context in iter_route_contexts(list(routes)):
        dependant: Dependant | None = getattr(context, "dependant", None)
        if dependant is not None:
            yield from _below(dependant, dependant.dependencies[common:])
        if isinstance(context.original_route, Mount):
            yield from asked_by_routes(context.original_route.routes or [])


def asked_by_dependencies(dependencies: Sequence[Depends]) -> Iterator[Asked]:
    """Find what dependencies without a parameter ask for."""
    for dependency in dependencies:
        dependant = get_parameterless_sub_dependant(depends=dependency, path="/")
        yield from _below(dependant, dependant.dependencies)


def _below(dependant: Dependant, dependencies: Sequence[Dependant]) -> Iterator[Asked]:
    for dependency in dependencies:
        if isinstance(dependency.call, Resolver):
            by = dependant.call
            assert by is not None, "it has the signature that was read"
            yield Asked(dependency.call.interface, by if hasattr(by, "__name__") else type(by))
        yield from _below(dependency, dependency.dependencies)
