"""Every door that FastAPI offers for guarding routes guards those of a component, or is refused at assembly."""

from collections.abc import Awaitable, Callable, Coroutine
from functools import partial, wraps
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter, Body, Depends, FastAPI, HTTPException, Request, Response, WebSocket
from fastapi.responses import PlainTextResponse
from fastapi.routing import APIRoute, APIWebSocketRoute
from starlette.endpoints import HTTPEndpoint
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection
from starlette.routing import BaseRoute, Host, Match, Mount, Route, WebSocketRoute
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from fissile import App, ConfigurationError
from tests.runtime.serving import serve

Guard = Callable[..., Any]


def key(connection: HTTPConnection) -> None:
    """Refuse a request without a key."""
    if "x-key" not in connection.headers:
        raise HTTPException(401, "a key is needed")


class KeyMiddleware:
    """Middleware that refuses requests and WebSockets without a key."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 401, or let it pass."""
        if scope["type"] == "lifespan" or any(name == b"x-key" for name, _ in scope["headers"]):
            await self.app(scope, receive, send)
        else:
            await PlainTextResponse("a key is needed", 401)(scope, receive, send)


async def refuse(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Refuse a request without a key, as a function that is middleware."""
    return await call_next(request) if "x-key" in request.headers else PlainTextResponse("a key is needed", 401)


class HandlerRoute(APIRoute):
    """A route class that guards in its handler, as FastAPI documents it."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Guard the handler."""
        handler = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            key(request)
            return await handler(request)

        return guarded


class MatchingRoute(APIRoute):
    """A route class that is not there without a key."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match requests with a key."""
        return super().matches(scope) if "x-key" in HTTPConnection(scope).headers else (Match.NONE, {})


class HandlingRoute(APIRoute):
    """A route class that guards what it handles."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Guard the route."""
        key(HTTPConnection(scope))
        await super().handle(scope, receive, send)


class AddingRouter(APIRouter):
    """A router that gives each of its routes a guard."""

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """Add a guarded route."""
        options["dependencies"] = [*(options.get("dependencies") or []), Depends(key)]
        super().add_api_route(path, endpoint, **options)


class IncludingRouter(APIRouter):
    """A router that guards those that it includes."""

    def include_router(self, router: APIRouter, **options: Any) -> None:
        """Include a guarded router."""
        super().include_router(router, dependencies=[Depends(key)], **options)


class GuardedMount(Mount):
    """A mount that guards what it handles."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Guard the mount."""
        key(HTTPConnection(scope))
        await super().handle(scope, receive, send)


async def show() -> str:
    """Answer."""
    return "secret"


async def plain(request: Request) -> Response:
    """Answer as Starlette."""
    return PlainTextResponse("secret")


async def talk(websocket: WebSocket) -> None:
    """Accept, say something, and end."""
    await websocket.accept()
    await websocket.send_text("secret")
    await websocket.close()


def filled(router: APIRouter, **options: Any) -> APIRouter:
    """The router with a route of each kind."""
    router.add_api_route("/secret", show, **options)
    router.add_api_websocket_route("/socket", talk, **options)
    router.add_route("/plain", plain)
    router.mount("/mounted", PlainTextResponse("secret"))
    router.routes.append(GuardedMount("/guarded", PlainTextResponse("secret")))
    router.frontend("/front", directory=Path(__file__).parent)
    return router


def inside(outer: APIRouter, **options: Any) -> APIRouter:
    """A router that includes another one."""
    outer.include_router(filled(APIRouter()), **options)
    return outer


ROUTERS: dict[str, Callable[[], APIRouter]] = {
    "none": lambda: filled(APIRouter()),
    "router": lambda: filled(APIRouter(dependencies=[Depends(key)])),
    "inclusion": lambda: inside(APIRouter(), dependencies=[Depends(key)]),
    "outer router": lambda: inside(APIRouter(dependencies=[Depends(key)])),
    "route": lambda: filled(APIRouter(), dependencies=[Depends(key)]),
    "get_route_handler": lambda: filled(APIRouter(route_class=HandlerRoute)),
    "route_class.matches": lambda: filled(APIRouter(route_class=MatchingRoute)),
    "route_class.handle": lambda: filled(APIRouter(route_class=HandlingRoute)),
    "add_api_route": lambda: filled(AddingRouter()),
    "include_router": lambda: inside(IncludingRouter()),
}
"""Routers, by the door that guards them."""


def with_middleware(app: FastAPI) -> None:
    """Guard the application with a class."""
    app.add_middleware(KeyMiddleware)


def with_function(app: FastAPI) -> None:
    """Guard the application with a function."""
    app.middleware("http")(refuse)


def with_dependencies(app: FastAPI) -> None:
    """Guard the application's own router, as ``FastAPI(dependencies=[...])`` does."""
    app.router.dependencies.append(Depends(key))


def with_handler(app: FastAPI) -> None:
    """Swallow the refusal, which the route must not survive."""
    with_dependencies(app)

    async def swallow(request: Request, error: Exception) -> Response:
        return PlainTextResponse("swallowed", 200)

    app.add_exception_handler(HTTPException, swallow)


def with_override(app: FastAPI) -> None:
    """Take the guard away again, as tests do."""
    with_dependencies(app)
    app.dependency_overrides[key] = lambda: None


APPLICATIONS: dict[str, Callable[[FastAPI], None]] = {
    "none": lambda app: None,
    "dependencies": with_dependencies,
    "middleware": with_middleware,
    "function": with_function,
    "handler": with_handler,
    "override": with_override,
}
"""What guards the application."""

PATHS = ("/secret", "/plain", "/mounted/x", "/guarded/x", "/front/test_guards.py", "/nothing")


def answers(client: TestClient, prefix: str, paths: tuple[str, ...] = PATHS) -> list[object]:
    """What is answered without a key, and with one: a status for each path, and what a WebSocket says."""
    found: list[object] = []
    for headers in ({}, {"x-key": "k"}):
        for path in paths:
            answer = client.get(prefix + path, headers=headers)
            found.append((path, answer.status_code, answer.status_code == 200 and answer.text[:9]))
        try:
            with client.websocket_connect(f"{prefix}/socket", headers=headers) as socket:
                found.append(socket.receive_text())
        except WebSocketDenialResponse as denied:
            found.append(denied.status_code)
        except WebSocketDisconnect as closed:
            found.append(closed.code)
    return found


def asked(app: FastAPI, prefix: str, paths: tuple[str, ...] = PATHS) -> list[object]:
    """The answers of an application."""
    with TestClient(app, raise_server_exceptions=False) as client:
        return answers(client, prefix, paths)


PAIRS = [*((door, "none") for door in ROUTERS), *(("none", around) for around in APPLICATIONS if around != "none")]
"""Each door by itself."""


@pytest.mark.parametrize(("door", "around"), [*PAIRS, ("router", "handler")])
def test_routers_are_guarded_as_fastapi_guards_them(door: str, around: str) -> None:
    """A component's router, and one of its versions, answers as if FastAPI had included it."""
    reference, app = FastAPI(), App()
    for each in (reference, app):
        APPLICATIONS[around](each)
    reference.include_router(ROUTERS[door](), prefix="/part")
    serve(app, part=ROUTERS[door](), other={"v1": ROUTERS[door](), "": APIRouter()})
    expected = asked(reference, "/part")
    assert expected == asked(app, "/part")
    assert expected == asked(app, "/other/v1")
    assert ("/secret", 200, '"secret"') in expected


def adopted(door: str, around: str) -> FastAPI:
    """An application to adopt, guarded by itself."""
    app = FastAPI()
    APPLICATIONS[around](app)
    app.include_router(ROUTERS[door]())
    return app


OWN = ("/secret", "/plain", "/front/test_guards.py", "/nothing")


@pytest.mark.parametrize(("door", "around"), PAIRS)
def test_adopted_applications_guard_themselves(door: str, around: str) -> None:
    """An adopted application, and a version that is one, answers as it did when it stood alone."""
    app = serve(App(), part=adopted(door, around), other={"v1": adopted(door, around), "": APIRouter()})
    expected = asked(adopted(door, around), "", OWN)
    assert expected == asked(app, "/part", OWN)
    assert expected == asked(app, "/other/v1", OWN)


@pytest.mark.parametrize("around", ["dependencies", "middleware", "function", "override"])
def test_the_application_guards_those_that_it_adopts(around: str) -> None:
    """What guards all of the application guards an adopted application too, whatever is asked of it."""
    app = App()
    APPLICATIONS[around](app)
    serve(app, part=adopted("none", "none"), other={"v1": adopted("none", "none"), "": APIRouter()})
    opened = asked(adopted("none", "none"), "", OWN[:3])[:4]
    refused: list[object] = [(path, 401, False) for path in OWN[:3]]
    refused.append(opened[-1] if around == "function" else 401)  # which is for HTTP alone
    for prefix in ("/part", "/other/v1"):
        assert [*(opened if around == "override" else refused), *opened] == asked(app, prefix, OWN[:3])


def test_adopted_applications_behind_dependencies_get_everything() -> None:
    """What a dependency reads of a body is read again, and what it begins ends after the response."""
    ended: list[str] = []

    async def reading(request: Request) -> Any:
        read = await request.body()
        yield read
        ended.append(read.decode())

    adopted = FastAPI()

    @adopted.post("/echo")
    async def echo(said: dict[str, int]) -> dict[str, int]:
        assert not ended
        return said

    app = serve(App(dependencies=[Depends(reading)]), part=adopted)
    with TestClient(app) as client:
        assert {"a": 1} == client.post("/part/echo", json={"a": 1}).json()
        assert 422 == client.post("/part/echo", content=b"{").status_code
    assert ['{"a":1}', "{"] == ended


def test_adopted_applications_behind_dependencies_with_parameters() -> None:
    """A dependency of the application may declare headers and a body: what does not fit is refused before."""

    def declared(page: int, amount: int = Body(embed=True)) -> None:
        """Nothing more."""

    adopted = FastAPI()

    @adopted.post("/echo")
    async def echo(request: Request) -> str:
        return (await request.body()).decode()

    with TestClient(serve(App(dependencies=[Depends(declared)]), part=adopted)) as client:
        assert '{"amount":2}' == client.post("/part/echo?page=1", json={"amount": 2}).json()
        assert 422 == client.post("/part/echo?page=1", json={}).status_code
        assert 422 == client.post("/part/echo", json={"amount": 2}).status_code


# ------------------------------------------------------------------------------------------------- refused


def guarded_router(method: str) -> type[APIRouter]:
    """A router class that overrides one method."""

    async def refused(self: APIRouter, scope: Scope, receive: Receive, send: Send) -> None:
        raise HTTPException(401)

    def unmatched(self: APIRouter, scope: Scope) -> tuple[Match, Scope]:
        return Match.NONE, {}

    return type("GuardedRouter", (APIRouter,), {method: unmatched if method == "matches" else refused})


def of_class(method: str) -> APIRouter:
    """A router of a class that overrides one method."""
    return filled(guarded_router(method)())


def with_attribute(name: str) -> APIRouter:
    """A router with a method of its own."""
    router = filled(APIRouter())
    setattr(router, name, KeyMiddleware(router.app))
    return router


def with_route(route: BaseRoute) -> APIRouter:
    """A router with one more route."""
    router = filled(APIRouter())
    router.routes.insert(0, route)
    return router


class Closed(BaseRoute):
    """A route that matches everything and refuses it."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match all."""
        return Match.FULL, {}


class WrappingRoute(APIRoute):
    """A route class that puts middleware around its application."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.app = KeyMiddleware(self.app)


class WrappedRoute(APIRoute):
    """A route class whose middleware pretends to be what it wraps."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        app = self.app

        @wraps(app)
        async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
            key(HTTPConnection(scope))
            await app(scope, receive, send)

        self.app = guarded


def overriding(kind: type[BaseRoute], *arguments: Any, **options: Any) -> BaseRoute:
    """A route of a class that overrides ``handle``."""

    async def refused(self: BaseRoute, scope: Scope, receive: Receive, send: Send) -> None:
        raise HTTPException(401)

    return type(f"Guarded{kind.__name__}", (kind,), {"handle": refused})(*arguments, **options)  # type: ignore[no-any-return]  # type() returns any


def with_handle(route: BaseRoute) -> BaseRoute:
    """A route with a ``handle`` of its own."""
    route.handle = KeyMiddleware(route.handle)  # type: ignore[method-assign]  # as a user may do
    return route


REFUSED: dict[str, tuple[Callable[[], APIRouter], str]] = {
    **{
        f"router class {name}": (partial(of_class, name), f"overrides GuardedRouter.{name}")
        for name in ("matches", "handle", "app", "__call__")
    },
    **{
        f"router attribute {name}": (partial(with_attribute, name), f"overrides APIRouter.{name}")
        for name in ("matches", "handle", "app")
    },
    "nested": (lambda: inside(guarded_router("handle")()), "overrides GuardedRouter.handle"),
    "middleware_stack": (lambda: with_attribute("middleware_stack"), "has a middleware_stack of its own"),
    "route of no kind": (lambda: with_route(Closed()), "a route of part is a Closed, which FastAPI leaves out"),
    "route middleware": (
        lambda: with_route(Route("/x", plain, middleware=[Middleware(KeyMiddleware)])),
        "/x of part has middleware of its own",
    ),
    "socket middleware": (
        lambda: with_route(WebSocketRoute("/x", talk, middleware=[Middleware(KeyMiddleware)])),
        "/x of part has middleware of its own",
    ),
    "app in __init__": (lambda: filled(APIRouter(route_class=WrappingRoute)), "/secret of part has middleware"),
    "wrapped app": (lambda: filled(APIRouter(route_class=WrappedRoute)), "/secret of part has middleware"),
    "Route.handle": (lambda: with_route(overriding(Route, "/x", plain)), "overrides GuardedRoute.handle"),
    "WebSocketRoute.handle": (
        lambda: with_route(overriding(WebSocketRoute, "/x", talk)),
        "GuardedWebSocketRoute.handle",
    ),
    "APIWebSocketRoute.handle": (
        lambda: with_route(overriding(APIWebSocketRoute, "/x", talk)),
        "GuardedAPIWebSocketRoute.handle",
    ),
    "Host.handle": (lambda: with_route(overriding(Host, "a.test", PlainTextResponse("x"))), "GuardedHost.handle"),
    "handle of a route": (lambda: with_route(with_handle(APIRoute("/x", show))), "overrides APIRoute.handle"),
    "handle of a mount": (
        lambda: with_route(with_handle(Mount("/x", PlainTextResponse("x")))),
        "overrides Mount.handle",
    ),
}
"""Routers with guards that an inclusion would lose, and what is said of them."""


@pytest.mark.parametrize("door", REFUSED)
def test_guards_that_would_be_lost_are_refused(door: str) -> None:
    """A guard that would not run inside the application is refused when the application is assembled."""
    make, said = REFUSED[door]
    for api in (make(), {"v1": make()}):
        with pytest.raises(ConfigurationError) as refused:
            serve(App(), part=api)
        assert said in str(refused.value)
        assert "dependencies=[...]" in str(refused.value)


def test_they_are_refused_all_at_once() -> None:
    """Every guard that would be lost is reported, with the place of its class."""
    router = filled(guarded_router("handle")())
    router.routes += [Closed(), overriding(Route, "/x", plain)]
    with pytest.raises(ConfigurationError) as refused:
        serve(App(), part=router)
    assert 3 == len(refused.value.faults)
    assert refused.value.faults[1].where.startswith("tests/runtime/http/test_guards.py:")


@pytest.mark.parametrize("attribute", ["app", "middleware_stack"])
def test_the_router_of_the_application_does_not_guard(attribute: str) -> None:
    """Middleware around the application's own router would be bypassed by the prefix lookup, and is refused."""
    app = App()
    setattr(app.router, attribute, KeyMiddleware(app.router.app))
    with pytest.raises(ConfigurationError, match="the router of the application"):
        serve(app, part=filled(APIRouter()))


def test_what_does_not_guard_is_left_alone() -> None:
    """Classes and limits that change nothing about who is let in are included as they are."""

    class Page(HTTPEndpoint):
        async def get(self, request: Request) -> Response:
            return PlainTextResponse("page")

    class NamedRouter(APIRouter):
        title = "named"

    class NamedRoute(Route):
        title = "named"

    router = NamedRouter(max_body_size=100)
    router.routes += [NamedRoute("/named", plain), Route("/page", Page)]
    router.add_api_route("/limited", show, max_body_size=10)
    app = serve(App(max_body_size=1000), part=router)
    with TestClient(app) as client:
        assert ["secret", "page", '"secret"'] == [
            client.get(f"/part/{path}").text for path in ("named", "page", "limited")
        ]
