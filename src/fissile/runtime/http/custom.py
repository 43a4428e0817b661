"""An application's own ``app.openapi``, and the document of the whole application that it is handed."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from copy import deepcopy
from types import FunctionType, MethodType
from typing import Any, Protocol, cast

import fastapi.openapi.utils
from fastapi.routing import RouteContext, iter_route_contexts
from starlette.routing import BaseRoute

from fissile.errors import ConfigurationError, Fault, place
from fissile.generate.openapi import Document

Custom = Callable[[], Document]

_GET_OPENAPI = fastapi.openapi.utils.get_openapi

_WHY = "the routes of other processes are not in app.routes, so the document would lack their paths"


class Documented(Protocol):
    """An application with a document."""

    openapi_schema: Document | None

    @property
    def routes(self) -> list[BaseRoute]:
        """The routes of this process."""
        ...


class CustomDocument:
    """An ``app.openapi`` of the user's own, run on the document of all processes.

    FastAPI's recipe calls ``get_openapi(routes=app.routes)``, and those are the routes of one process. So the function
    runs with another `get_openapi` among its globals, and among those of the functions that it calls, which returns the
    composed document.

    Args:
        app: The application.
        custom: The user's function.
    """

    def __init__(self, app: Documented, custom: Custom) -> None:
        self._app = app
        self._custom = custom
        self._whole: Document = {}
        self._asked = False
        self._is_checked = False
        self.is_running = False

    def unchanged(self) -> Document:
        """Run the function as it is, for an application without components."""
        return self._custom()

    def of(self, whole: Document) -> Document:
        """Return what the function makes of the document of all processes.

        Args:
            whole: The document; another object when it has changed, which empties FastAPI's cache.
        """
        if whole is not self._whole:
            self._app.openapi_schema = None
        return self._run(whole)

    def document(self) -> Document:
        """Return a copy of the document for the function, which may change it."""
        self._asked = True
        return deepcopy(self._whole)

    def faults(self) -> list[Fault]:
        """Find out if the function builds on the composed document, by running it on an empty one, once."""
        if self._is_checked:
            return []
        self._is_checked, before = True, self._app.openapi_schema
        empty: Document = {"openapi": "3.1.0", "info": {}, "paths": {}, "components": {"schemas": {}}}
        try:
            self._run(empty)
        except ConfigurationError as error:
            return list(error.faults)
        except Exception:  # noqa: BLE001  # it may look for paths, or at what the module has not defined yet
            self._is_checked = self._asked
            return []
        finally:
            self._app.openapi_schema, self._whole = before, {}
        return (
            [] if self._asked else [_fault("app.openapi does not build on the document of all processes", self._custom)]
        )

    def _run(self, whole: Document) -> Document:
        self._whole, self._asked, self.is_running = whole, False, True
        try:
            return cast("Custom", _with_get_openapi(self._custom, self._get_openapi))()
        finally:
            self.is_running = False

    def _get_openapi(
        self,
        *,
        title: str,
        version: str,
        routes: Sequence[BaseRoute | RouteContext],
        openapi_version: str = "3.1.0",
        summary: str | None = None,
        description: str | None = None,
        terms_of_service: str | None = None,
        contact: Document | None = None,
        license_info: Document | None = None,
        servers: list[Document] | None = None,
        tags: list[Document] | None = None,
        external_docs: Document | None = None,
        **others: object,
    ) -> Document:
        """Stand in for `fastapi.openapi.utils.get_openapi`: the paths are those of all processes."""
        if _originals(routes) != _originals(self._app.routes):
            raise ConfigurationError(_fault("app.openapi describes some of the routes only", self._custom))
        info = {
            "title": title,
            "version": version,
            "summary": summary,
            "description": description,
            "termsOfService": terms_of_service,
            "contact": contact,
            "license": license_info,
        }
        given = {"servers": servers, "externalDocs": external_docs}
        document = {name: value for name, value in self.document().items() if name not in given}
        document["openapi"] = openapi_version
        document["info"] = {name: value for name, value in info.items() if value}
        known = {tag["name"]: tag for tag in [*(tags or []), *document.get("tags", []), *(tags or [])]}
        given["tags"] = list(known.values())
        return document | {name: value for name, value in given.items() if value}


def _originals(routes: Sequence[BaseRoute | RouteContext]) -> set[int]:
    return {id(context.original_route) for context in iter_route_contexts(list(routes))}


def _fault(what: str, custom: Callable[..., object]) -> Fault:
    while isinstance(custom, functools.partial):
        custom = custom.func
    fix = "begin with `schema = App.openapi(app)`, the document of all processes, and change that"
    return Fault(what, place(custom), _WHY, fix)


def _with_get_openapi(function: object, ours: Callable[..., Document]) -> object:
    """Make a copy of a function that finds `ours` wherever its module has FastAPI's `get_openapi`."""
    if isinstance(function, functools.partial):
        inner = cast("Callable[..., Any]", _with_get_openapi(function.func, ours))
        return functools.partial(inner, *function.args, **function.keywords)
    if isinstance(function, MethodType):
        return MethodType(_rebound(function.__func__, ours, {}), function.__self__)
    return _rebound(function, ours, {}) if isinstance(function, FunctionType) else function


def _rebound(function: Any, ours: Callable[..., Document], known: dict[int, dict[str, object]]) -> FunctionType:
    """Make a copy of a function on other globals, and of those that it may call in turn."""
    theirs = function.__globals__
    names = known.get(id(theirs))
    if names is None:
        names = known[id(theirs)] = dict(theirs)
        for name, value in theirs.items():
            if value is _GET_OPENAPI:
                names[name] = ours
            elif isinstance(value, FunctionType) and any(other is _GET_OPENAPI for other in value.__globals__.values()):
                names[name] = _rebound(value, ours, known)
    made = FunctionType(function.__code__, names, function.__name__, function.__defaults__, function.__closure__)
    made.__kwdefaults__ = function.__kwdefaults__
    return made
