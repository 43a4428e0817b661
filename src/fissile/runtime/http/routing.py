"""Components' routes inside one FastAPI application: flattened when included, found by one prefix lookup.

With `guards`, which refuses what cannot be flattened, the module that touches FastAPI's private surface. Since 0.137
FastAPI keeps an included router as a branch and matches every request twice on its way through it; here each included
route becomes an ordinary route of the application, built by FastAPI's own inclusion code, so that everything an
inclusion passes down (dependencies, responses, limits, overrides) is passed down, and ``app.routes``, ``url_for``,
OpenAPI and other people's tools see plain routes.
"""

from __future__ import annotations

import copy
import dataclasses
import functools
import inspect
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from fastapi import APIRouter, FastAPI
from fastapi._body_limit import wrap_app_with_body_limit
from fastapi._form_limits import _FormLimits as _Limits
from fastapi.dependencies.utils import get_typed_return_annotation, get_typed_signature
from fastapi.params import Depends
from fastapi.routing import (
    APIRoute,
    APIWebSocketRoute,
    _apply_router_form_limits,
    _EffectiveRouteContext,
    _FrontendRouteGroup,
    _IncludedRouter,
    _join_frontend_paths,
    _merge_lifespan_context,
    _RouterIncludeContext,
    iter_route_contexts,
)
from starlette._utils import get_route_path
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Lifespan, Receive, Scope, Send

from fissile.errors import Fault, place
from fissile.generate.gateway import unescaped
from fissile.policy import Policy
from fissile.runtime.http.adopted import Adopted, Guarded
from fissile.runtime.http.needs import Asked, asked_by_dependencies, asked_by_routes
from fissile.runtime.provided import Resolver
from fissile.transports.foreign import is_foreign

Bind = Callable[[type[object]], object]
"""Gives the stub that an endpoint's ``Provided`` parameter receives for an interface."""

Endpoint = Callable[..., object]

_log = logging.getLogger("fissile.routing")


@dataclass(frozen=True, slots=True)
class IncludedRoute:
    """One route of a component, as it stands in the application.

    Attributes:
        route: A route of FastAPI or Starlette with its full path.
        policies: What it demands of the principal, outermost first.
    """

    route: BaseRoute
    policies: tuple[Policy, ...] = ()


@dataclass(slots=True)
class Branch:
    """Everything that is served under one prefix of one component.

    Attributes:
        component: The component's name.
        prefix: The URL prefix, without a slash at its end.
        routes: What answers there.
        fallbacks: What answers when nothing else does: directories given to ``APIRouter.frontend``.
        adopted: The FastAPI application that answers there, when it is one.
    """

    component: str
    prefix: str
    routes: list[IncludedRoute] = field(default_factory=list)
    fallbacks: list[BaseRoute] = field(default_factory=list)
    adopted: FastAPI | None = None


# ----------------------------------------------------------------------------------------------- inclusion


def include(app: FastAPI, router: APIRouter, prefix: str, *, component: str, bind: Bind) -> Branch:
    """Includes a component's router under a prefix, as ``app.include_router`` does, and flattens it.

    A router that already carries the prefix (``APIRouter(prefix="/orders")``) does not get it twice.

    Args:
        app: The application; its router's dependencies, responses and limits reach the routes.
        router: An ordinary router, nested as it likes.
        prefix: The URL prefix, without a slash at its end.
        component: The name of the component that owns the router.
        bind: Called once for each ``Provided`` parameter of an endpoint.

    Returns:
        The routes, which are also appended to ``app.router.routes``.
    """
    carried = router.prefix == prefix or router.prefix.startswith(prefix + "/")
    app.router.include_router(router, prefix="" if carried else prefix)
    included = app.router.routes.pop()
    assert isinstance(included, _IncludedRouter)
    branch = Branch(component, prefix)
    _flatten(included, included.include_context.form_limits, (), bind, branch)
    app.router.routes.extend(entry.route for entry in branch.routes)
    return branch


def adopt(app: FastAPI, adopted: FastAPI, prefix: str, *, component: str) -> Branch:
    """Put a whole FastAPI application under a prefix; its errors, middleware and dependencies stay its own.

    Unlike a mounted application it gets its lifespan, inside the application's, and is guarded by the application's
    dependencies.
    """
    policies, dependencies = _split(app.router.dependencies)
    mount = Mount(prefix, app=Guarded(adopted, app, dependencies) if dependencies else Adopted(adopted), name=component)
    app.router.routes.append(mount)

    own = adopted.router.lifespan_context
    lifespan = cast("Lifespan[FastAPI]", lambda _: own(adopted))
    app.router.lifespan_context = _merge_lifespan_context(app.router.lifespan_context, lifespan)
    return Branch(component, prefix, [IncludedRoute(mount, policies)], adopted=adopted)


def include_api(
    app: FastAPI,
    api: APIRouter | FastAPI | Mapping[str, APIRouter | FastAPI],
    prefix: str,
    *,
    component: str,
    bind: Bind,
) -> list[Branch]:
    """Includes whatever a component gives as its ``api``: a router, an application, or several by version.

    Versions lie below the prefix (``/orders/v1``), which belongs to the component as a whole; one without a name has it
    for itself.
    """
    if isinstance(api, APIRouter):
        return [include(app, api, prefix, component=component, bind=bind)]
    if isinstance(api, FastAPI):
        return [adopt(app, api, prefix, component=component)]
    versions = [
        branch
        for version, part in api.items()
        for branch in include_api(app, part, f"{prefix}/{version}".rstrip("/"), component=component, bind=bind)
    ]
    return versions if "" in api else [Branch(component, prefix), *versions]


def _flatten(
    included: _IncludedRouter,
    form_limits: _Limits,
    inherited: tuple[Policy, ...],
    bind: Bind,
    branch: Branch,
) -> None:
    """Adds the routes of an included router, and of those included in it, to the branch."""
    policies, dependencies = _split(included.include_context.dependencies)
    policies = (*inherited, *policies)
    context = dataclasses.replace(included.include_context, dependencies=dependencies)
    builder = _IncludedRouter(original_router=included.original_router, include_context=context)
    for route in included.original_router.routes:
        if isinstance(route, _IncludedRouter):
            child = _IncludedRouter(
                original_router=route.original_router, include_context=context.combine(route.include_context)
            )
            _flatten(child, {**form_limits, **child.include_context.form_limits}, policies, bind, branch)
            continue
        prepared, own = _prepared(route, form_limits, bind)
        effective = builder._build_effective_context(prepared)
        if effective is not None:
            flat = _flat(prepared, effective, context, form_limits)
            branch.routes.append(IncludedRoute(flat, (*policies, *own)))
    for route in included.original_router._low_priority_routes:
        if isinstance(route, _FrontendRouteGroup):
            branch.fallbacks.append(_flat_frontend(route, context))


def _split(dependencies: Sequence[Depends]) -> tuple[tuple[Policy, ...], list[Depends]]:
    """Takes the policies out of a list of dependencies: they are enforced elsewhere, and would only cost here."""
    policies = tuple(dependency for dependency in dependencies if isinstance(dependency, Policy))
    return policies, [dependency for dependency in dependencies if not isinstance(dependency, Policy)]


def _prepared(route: BaseRoute, form_limits: _Limits, bind: Bind) -> tuple[BaseRoute, tuple[Policy, ...]]:
    """A copy of a route without its policies and with its ``Provided`` parameters bound; others as they are."""
    if not isinstance(route, APIRoute | APIWebSocketRoute):
        return route, ()
    prepared = copy.copy(route)
    policies, prepared.dependencies = _split(route.dependencies)
    prepared.endpoint = _bound(route, bind)
    if isinstance(prepared, APIRoute):
        prepared.form_limits = {**form_limits, **prepared.form_limits}
    return prepared, policies


def _bound(route: APIRoute | APIWebSocketRoute, bind: Bind) -> Endpoint:
    """The endpoint with its ``Provided`` parameters filled in and gone from its signature."""
    provided = {
        dependency.name: bind(dependency.call.interface)
        for dependency in route.dependant.dependencies
        if dependency.name is not None and isinstance(dependency.call, Resolver)
    }
    if not provided:
        return route.endpoint
    bound = functools.partial(route.endpoint, **provided)
    functools.update_wrapper(bound, route.endpoint)
    signature = get_typed_signature(route.endpoint)
    reduced = signature.replace(
        parameters=[parameter for name, parameter in signature.parameters.items() if name not in provided],
        return_annotation=get_typed_return_annotation(route.endpoint) or inspect.Signature.empty,
    )
    bound.__signature__ = reduced  # type: ignore[attr-defined]  # inspect.signature reads it, no class declares it
    return bound


def _flat(
    route: BaseRoute, effective: _EffectiveRouteContext, context: _RouterIncludeContext, form_limits: _Limits
) -> BaseRoute:
    """The route that FastAPI would have reached through the branch, standing on its own."""
    if isinstance(route, APIRoute):
        return _flat_api_route(route, effective)
    flat = effective.starlette_route
    assert flat is not None
    if isinstance(flat, Route | Mount) and context.max_body_size is not None:
        flat.app = wrap_app_with_body_limit(flat.app, context.max_body_size)
    if isinstance(flat, Mount) and form_limits:
        flat.app = _with_form_limits(flat.app, form_limits)
    return flat


def _flat_api_route(route: APIRoute, effective: _EffectiveRouteContext) -> APIRoute:
    """Moves what the inclusion worked out onto the copy, which keeps its class and the attributes it added.

    Its ASGI application was built by the copy's own ``get_route_handler`` in the inclusion's context, as FastAPI does.
    """
    assert effective.app is not None
    for name in _POPULATED:
        setattr(route, name, getattr(effective, name))
    route.app = effective.app
    return route


_POPULATED = [
    attribute.name
    for attribute in dataclasses.fields(_EffectiveRouteContext)
    if attribute.name not in {"original_route", "starlette_route", "app", "frontend_prefix"}
]


def _with_form_limits(app: ASGIApp, limits: _Limits) -> ASGIApp:
    async def limited(scope: Scope, receive: Receive, send: Send) -> None:
        _apply_router_form_limits(scope, limits)
        await app(scope, receive, send)

    return limited


def _flat_frontend(group: _FrontendRouteGroup, context: _RouterIncludeContext) -> BaseRoute:
    """A directory served under the component's prefix, with the dependencies of the routers above it."""
    _, own = _split(group.dependencies)
    flat = _FlatFrontend(
        dependencies=[*context.dependencies, *own], dependency_overrides_provider=context.dependency_overrides_provider
    )
    flat.max_body_size = context.max_body_size
    for route in group.routes:
        moved = copy.copy(route)
        moved.path = _join_frontend_paths(context.prefix, route.path)
        flat.routes.append(moved)
    return flat


class _FlatFrontend(_FrontendRouteGroup):
    """Directories with the body limit of the routers that they were included through."""

    max_body_size: int | None = None

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await wrap_app_with_body_limit(super().handle, self.max_body_size)(scope, receive, send)


# ------------------------------------------------------------------------------------------------ dispatch


class Dispatcher:
    """Finds the component of a request by its path's first segments as they were sent, before any route is looked at.

    It takes the place of the application's own routing (``Router.__init__`` binds that as ``middleware_stack``, so a
    router class put in later would be ignored) and falls back to it for what no component claims.
    """

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._claims: dict[bytes, tuple[tuple[bytes, bytes, ASGIApp], ...]] = {}
        self.branches: list[Branch] = []
        self.claimed: list[Branch] = []

    def install(self, branches: Sequence[Branch], elsewhere: Sequence[Branch] = ()) -> None:
        """Serves these branches from now on, whatever was installed before.

        Args:
            branches: What is served here.
            elsewhere: What other processes serve. It is not found here, and ``main.py`` is not asked for it either:
                together it would not be.
        """
        router = self._app.router
        self.branches = list(branches)
        self.claimed = [*branches, *elsewhere]
        by_prefix: dict[str, list[Branch]] = {}
        for branch in branches:
            by_prefix.setdefault(branch.prefix, []).append(branch)
        served = {prefix: self._serve(below) for prefix, below in by_prefix.items()}
        served |= {branch.prefix: self._missing(branch) for branch in elsewhere}
        claims: dict[bytes, list[tuple[bytes, bytes, ASGIApp]]] = {}
        for prefix in sorted(served, key=len, reverse=True):
            path = prefix.encode()
            claims.setdefault(_first_segment(path), []).append((path, path + b"/", served[prefix]))
        self._claims = {segment: tuple(claiming) for segment, claiming in claims.items()}
        stack = wrap_app_with_body_limit(self._dispatch(), router.max_body_size)
        router.middleware_stack = stack  # type: ignore[assignment]  # declared as the method it is at first

    def branch_of(self, scope: Scope) -> Branch | None:
        """Where this path is answered, or None for ``main.py``."""
        path = _sent_path(scope).decode("latin-1")
        claiming = [branch for branch in self.branches if _below(path, branch.prefix)]
        return max(claiming, key=lambda branch: len(branch.prefix), default=None)

    def asked(self, branch: Branch) -> Iterator[Asked]:
        """Find what the routes of a component ask for below the signatures of its endpoints."""
        _, common = _split(self._app.router.dependencies)
        yield from asked_by_routes([*(entry.route for entry in branch.routes), *branch.fallbacks], len(common))

    def asked_by_main(self) -> Iterator[Asked]:
        """Find what ``main.py`` asks for in its own routes, and in the dependencies of all."""
        ours = {id(entry.route) for branch in self.branches for entry in branch.routes}
        router = self._app.router
        yield from asked_by_dependencies(router.dependencies)
        yield from asked_by_routes(
            [route for route in [*router.routes, *router._low_priority_routes] if id(route) not in ours]
        )

    def limits_bodies(self) -> bool:
        """Whether any route of the application limits the size of request bodies."""
        limits = [self._app.max_body_size, self._app.router.max_body_size]
        limits += [getattr(context, "max_body_size", None) for context in iter_route_contexts(self._app.router.routes)]
        return any(limit is not None for limit in limits)

    def _serve(self, branches: Sequence[Branch]) -> ASGIApp:
        served = self._router([entry.route for branch in branches for entry in branch.routes])
        served._low_priority_routes.extend(route for branch in branches for route in branch.fallbacks)
        return _contained(served.app)

    def _missing(self, branch: Branch) -> ASGIApp:
        """Finds nothing, and tells the log who would."""
        nothing = self._router([])

        async def missing(scope: Scope, receive: Receive, send: Send) -> None:
            _log.warning("%s was asked of this process, which does not run %s", scope["path"], branch.component)
            await nothing.app(scope, receive, send)

        return missing

    def _router(self, routes: list[BaseRoute]) -> APIRouter:
        """A router of these routes that does everything else as the application's own."""
        router = self._app.router
        return APIRouter(
            routes=routes,
            redirect_slashes=router.redirect_slashes,
            default=router.default,
            form_limits=router.form_limits,
        )

    def _dispatch(self) -> ASGIApp:
        router, claims, lifespan = self._app.router, self._claims, self._app.router.app
        ours = {id(entry.route) for branch in self.branches for entry in branch.routes}
        # What nobody claims is looked for in main.py alone, not among the routes of every component.
        main = self._router([])
        main._low_priority_routes = router._low_priority_routes
        main_app = _contained(main.app)
        known = 0

        # Not a coroutine itself: it hands over that of the chosen router, which saves a frame in every request.
        def dispatch(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
            nonlocal known
            if scope["type"] == "lifespan":
                return lifespan(scope, receive, send)
            path = _sent_path(scope)
            end = path.find(b"/", 1)
            # url_for asks this router, and has to see the whole application.
            scope.setdefault("router", router)
            for prefix, below, served in claims.get(path if end < 0 else path[:end], ()):
                if path.startswith(below) or path == prefix:
                    return served(scope, receive, send)
            if known != len(router.routes):
                main.routes = [route for route in router.routes if id(route) not in ours]
                known = len(router.routes)
            return main_app(scope, receive, send)

        return dispatch


def _contained(routes: ASGIApp) -> ASGIApp:
    """Return routes that fail with an `Exception` alone, which middleware, handlers and servers know how to answer.

    Another one, such as `SystemExit`, would pass them all, and end the server if middleware runs the route in a task.
    """

    async def contained(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await routes(scope, receive, send)
        except BaseException as error:
            if isinstance(error, Exception) or is_foreign(error):
                raise
            raise RuntimeError(f"a route raised {type(error).__name__}") from error

    return contained


def _sent_path(scope: Scope) -> bytes:
    """The path as the client sent it, below the root path, but for escapes that mean nothing.

    The gateway in front of several processes chooses by the same: ``/%6Frders`` is ``/orders``, ``/a%2Forders`` is not.
    """
    sent = scope.get("raw_path")
    if sent is None:  # ASGI lets a server leave it out
        return get_route_path(scope).encode(errors="surrogatepass")
    return unescaped(_below_root(scope, sent) if scope.get("root_path") else cast(bytes, sent))


def _below_root(scope: Scope, sent: bytes) -> bytes:
    root, path = scope["root_path"].encode(errors="surrogatepass"), get_route_path(scope)
    if len(path) == len(scope["path"]):
        return sent  # whoever set the root path has taken it off
    if sent.startswith(root):
        return sent[len(root) :]
    return path.encode(errors="surrogatepass")  # the root path itself was sent with escapes


def _first_segment(path: bytes) -> bytes:
    end = path.find(b"/", 1)
    return path if end < 0 else path[:end]


# -------------------------------------------------------------------------------------------------- faults


def trespassing(app: FastAPI, branches: Sequence[Branch]) -> Iterator[Fault]:
    """The routes of ``main.py`` that lie under a component's prefix, where they would never be reached.

    A path that only begins with a parameter (``/{path:path}``) lies under none: the component simply wins there.
    """
    ours = {id(entry.route) for branch in branches for entry in branch.routes}
    for context in iter_route_contexts(app.router.routes):
        path = context.path
        if path is None or id(context.route) in ours:
            continue
        for branch in branches:
            if _below(path, branch.prefix):
                yield _trespasser(path, context.endpoint, branch)
                break


def _trespasser(path: str, endpoint: Endpoint | None, branch: Branch) -> Fault:
    what = f"the route {path} lies under {branch.prefix}, which belongs to the component {branch.component!r}"
    why = "requests under a component's prefix go to the component, so this route would never answer"
    if endpoint is not None and endpoint.__module__ == FastAPI.__module__:
        fix = "move FastAPI's own page (docs_url=, redoc_url=, openapi_url=), or give the component another prefix="
        return Fault(what, "", why, fix)
    fix = f"move the route into {branch.component!r}, or give one of the two another path"
    return Fault(what, place(endpoint) if endpoint is not None else "", why, fix)


def astray(branches: Sequence[Branch]) -> Iterator[Fault]:
    """The routes of a component where no request would find them: outside its prefix, or under another's longer one."""
    for branch in branches:
        inner = [other for other in branches if _below(other.prefix, branch.prefix) and other.prefix != branch.prefix]
        for entry in branch.routes:
            path = getattr(entry.route, "path", None)
            if path is None:
                continue
            endpoint = getattr(entry.route, "endpoint", None)
            where = place(endpoint) if endpoint is not None else ""
            why = "a request finds its component by the prefix of its path, and the longest prefix wins"
            if not _below(path, branch.prefix):
                what = f"the route {path} of the component {branch.component!r} lies outside its prefix {branch.prefix}"
                fix = f"begin the path with {branch.prefix}, or leave the prefix out of the router"
                yield Fault(what, where, why, fix)
            elif other := next((other for other in inner if _below(path, other.prefix)), None):
                what = f"the route {path} of the component {branch.component!r} lies under {other.prefix}"
                fix = f"move it into the component {other.component!r}, or give one of the two another prefix"
                yield Fault(f"{what}, which belongs to {other.component!r}", where, why, fix)


def _below(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(prefix + "/")
