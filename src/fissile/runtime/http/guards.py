"""Guards that the inclusion of a component's routes cannot honour, found before a request could slip past them.

Including a router takes its routes out of it, so what a router or a rebuilt route does with a request by itself would
never run. Dependencies, middleware, ``route_class`` and ``get_route_handler`` are honoured.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

import fastapi.routing
import starlette.routing
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute, _IncludedRouter
from starlette.routing import BaseRoute, Host, Mount, Route, Router, WebSocketRoute
from starlette.types import ASGIApp

from fissile.errors import Fault, place

_STOCK = ("fastapi.", "starlette.")
_LIMITS = ("starlette.middleware.body_limit", "fastapi._body_limit")
_SESSIONS = ("request_response.<locals>.app", "websocket_session.<locals>.app")

_OF_ROUTER = ("__call__", "app", "handle", "matches")
_OF_ROUTE = ("__call__", "handle", "matches")
_OF_COPY = ("__call__", "get_route_handler", "handle", "matches")
"""Methods that are lost if an instance has one of its own: it belongs to the original, not to the copy."""

_WHY = "a component's routes are taken out of its routers when they are included, so this would never run"
_FIX = "write it as a dependency (dependencies=[...]), as a route_class, or as middleware of the App"


def guard_faults(api: APIRouter | FastAPI | Mapping[str, APIRouter | FastAPI], component: str) -> Iterator[Fault]:
    """Find what would guard the routes of a component alone, and not inside the application.

    An adopted application guards itself: it is called as it is.
    """
    if isinstance(api, Mapping):
        for part in api.values():
            yield from guard_faults(part, component)
    elif isinstance(api, APIRouter):
        yield from _router_faults(api, component)


def own_router_faults(app: FastAPI) -> Iterator[Fault]:
    """Find what the application's own router does with a request by itself; the prefix lookup takes its place."""
    if _overrides(app.router, ("app",)) or not _is_untouched(app.router):
        why = "a request finds its component by the prefix of its path, before the router is asked"
        what = f"the router of the application ({type(app.router).__name__}) handles requests by itself"
        yield Fault(what, _place(app.router), why, _FIX)


def _router_faults(router: APIRouter, component: str) -> Iterator[Fault]:
    name = type(router).__name__
    for method in _overrides(router, _OF_ROUTER):
        yield Fault(f"a router of {component} overrides {name}.{method}", _place(router), _WHY, _FIX)
    if not _is_untouched(router):
        yield Fault(f"a router of {component} has a middleware_stack of its own", _place(router), _WHY, _FIX)
    for route in router.routes:
        if isinstance(route, _IncludedRouter):
            yield from _router_faults(route.original_router, component)
        else:
            yield from _route_faults(route, component)


def _route_faults(route: BaseRoute, component: str) -> Iterator[Fault]:
    path = getattr(route, "path", "")
    of = f"the route {path} of {component}" if path else f"a route of {component}"
    if not isinstance(route, Route | WebSocketRoute | Mount | Host):
        what = f"{of} is a {type(route).__name__}, which FastAPI leaves out when it includes a router"
        yield Fault(what, _place(route), "requests would pass as if it were not there", _FIX)
        return
    is_kept = isinstance(route, APIRoute | Mount)
    lost = [name for name in _OF_COPY if name in vars(route)] if is_kept else _overrides(route, _OF_ROUTE)
    for method in lost:
        yield Fault(f"{of} overrides {type(route).__name__}.{method}", _place(route), _WHY, _FIX)
    if isinstance(route, Route | WebSocketRoute) and not _is_stock_app(route):
        yield Fault(f"{of} has middleware of its own", _place(route), _WHY, _FIX)


def _overrides(thing: Router | BaseRoute, names: tuple[str, ...]) -> list[str]:
    """The names of these that an instance, or a class outside FastAPI and Starlette, defines anew."""
    own = set(vars(thing))
    for kind in type(thing).__mro__:
        if kind.__module__.startswith(_STOCK):
            break
        own |= vars(kind).keys()
    return [name for name in names if name in own]


def _is_untouched(router: APIRouter) -> bool:
    """Return True if the router dispatches as it was made to."""
    return _unlimited(cast(ASGIApp, router.middleware_stack)) == router.app


def _is_stock_app(route: Route | WebSocketRoute) -> bool:
    """Return True if the route calls its endpoint with nothing of the user's in between."""
    app = _unlimited(route.app)
    code = getattr(app, "__code__", None)
    if code is None:
        return app is route.endpoint
    files = (fastapi.routing.__file__, starlette.routing.__file__)
    return code.co_qualname in _SESSIONS and code.co_filename in files


def _unlimited(app: ASGIApp) -> ASGIApp:
    """The application inside FastAPI's own limits of request bodies."""
    while type(app).__module__ in _LIMITS:
        app = app.app  # type: ignore[attr-defined]  # both layers have one
    return app


def _place(thing: Router | BaseRoute) -> str:
    endpoint = getattr(thing, "endpoint", None)
    kind = type(thing)
    if not kind.__module__.startswith(_STOCK):
        return place(kind)
    return place(endpoint) if callable(endpoint) else ""
