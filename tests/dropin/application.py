"""One application, built with FastAPI or with App: what FastAPI's and Starlette's documentation shows, in one file."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from fastapi import (
    APIRouter,
    BackgroundTasks,
    Body,
    Cookie,
    Depends,
    FastAPI,
    File,
    Form,
    Header,
    HTTPException,
    Query,
    Request,
    Response,
    Security,
    UploadFile,
    WebSocket,
    WebSocketDisconnect,
    WebSocketException,
    status,
)
from fastapi.exception_handlers import request_validation_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    StreamingResponse,
)
from fastapi.routing import APIRoute
from fastapi.security import APIKeyHeader, HTTPBasic, HTTPBasicCredentials, OAuth2PasswordBearer, SecurityScopes
from fastapi.sse import EventSourceResponse, ServerSentEvent
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, Field
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import HTTPConnection
from starlette.routing import Host, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FILES = Path(__file__).parent / "files"
WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class Size(StrEnum):
    """An enum in the path."""

    small = "small"
    large = "large"


class Item(BaseModel):
    """A body."""

    name: str = Field(examples=["bolt"])
    price: Decimal = Field(gt=0)
    tags: set[str] = set()
    size: Size = Size.small
    made: datetime | None = None


class Stored(Item):
    """What is given back."""

    id: int
    secret: str = "never shown"


class Shown(BaseModel):
    """The public part."""

    id: int
    name: str
    note: str | None = None


class Cat(BaseModel):
    """One of a union."""

    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    """The other."""

    kind: Literal["dog"]
    barks: bool


class Filters(BaseModel):
    """Query parameters as a model."""

    model_config = {"extra": "forbid"}

    limit: int = Field(10, gt=0, le=100)
    order: Literal["asc", "desc"] = "asc"
    tags: list[str] = []


class Teapot(Exception):
    """An error with a handler of the user's own."""


class PureMiddleware:
    """A middleware written against ASGI alone."""

    def __init__(self, app: ASGIApp, name: str) -> None:
        self.app = app
        self.name = name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-pure", self.name.encode())]
            await send(message)

        await self.app(scope, receive, sending)


class StampMiddleware(BaseHTTPMiddleware):
    """A middleware on Starlette's base class."""

    async def dispatch(self, request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        """Adds a header on the way back."""
        response = await call_next(request)
        response.headers["x-stamp"] = f"{request.method} {request.url.path}"
        return response


class ShoutingRoute(APIRoute):
    """A route class of the user's own that sees the request before the endpoint does."""

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]  # as documented
        """Wraps the handler."""
        handler = super().get_route_handler()

        async def shouting(request: Request) -> Response:
            response = await handler(request)
            response.headers["x-shout"] = self.name.upper()
            return response

        return shouting


class Log:
    """What happened, in order; asked for over HTTP."""

    def __init__(self) -> None:
        self.lines: list[str] = []


def build(cls: Callable[..., FastAPI], *, shelf: bool = True) -> FastAPI:
    """The application, of whichever class.

    Args:
        cls: Takes FastAPI's keywords.
        shelf: Whether the items are included here; else they are a component.
    """
    log = Log()
    app = cls(
        title="Drop-in",
        version="1.2.3",
        summary="The same, twice",
        description="Everything *documented*.",
        lifespan=_lifespan(log),
        dependencies=[Depends(_count)],
        responses={418: {"description": "Teapot"}},
        openapi_tags=[{"name": "items", "description": "Things"}],
        contact={"name": "Nobody"},
        license_info={"name": "MIT"},
        swagger_ui_parameters={"deepLinking": False},
        exception_handlers={Teapot: _teapot},
    )
    _middleware(app)
    _handlers(app)
    _basics(app, log)
    _dependencies(app, log)
    _responses(app)
    _forms(app)
    _sockets(app)
    _security(app)
    _mounts(app)
    if shelf:
        app.include_router(items_router(), prefix="/shelf")
    return app


def plain() -> FastAPI:
    """The application as FastAPI."""
    return build(FastAPI)


def ours() -> FastAPI:
    """The application as App."""
    from fissile import App  # the other factory runs where only FastAPI is

    return build(App)


def parts() -> FastAPI:
    """The application as App, with the items as a component."""
    from fissile import App  # as above

    return build(partial(App, "tests.dropin.parts"), shelf=False)


def _lifespan(log: Log) -> Callable[[FastAPI], object]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, object]]:
        log.lines.append(f"started {app.title}")
        app.state.greeting = "hello"
        yield {"store": {1: "one"}, "log": log}
        log.lines.append("stopped")
        _leave(log)

    return lifespan


def _leave(log: Log) -> None:
    """Leaves what happened behind for whoever started this process."""
    if path := os.environ.get("DROPIN_LOG"):
        Path(path).write_text("\n".join(log.lines), encoding="utf-8")


async def _count(connection: HTTPConnection) -> None:
    connection.state.counted = True


async def _teapot(request: Request, error: Exception) -> Response:
    return JSONResponse({"teapot": str(error), "path": request.url.path}, status_code=418)


def _middleware(app: FastAPI) -> None:
    app.add_middleware(GZipMiddleware, minimum_size=2000)
    app.add_middleware(
        CORSMiddleware, allow_origins=["https://a.example"], allow_credentials=True, allow_methods=["GET", "POST"]
    )
    app.add_middleware(PureMiddleware, name="pure")
    app.add_middleware(StampMiddleware)

    @app.middleware("http")
    async def tag(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        if request.headers.get("x-short") == "yes":
            return PlainTextResponse("short", status_code=202)
        response = await call_next(request)
        response.headers["x-tag"] = "tagged"
        return response


def _handlers(app: FastAPI) -> None:
    @app.exception_handler(410)
    async def gone(request: Request, error: HTTPException) -> Response:
        return PlainTextResponse(f"gone: {error.detail}", status_code=410)

    @app.exception_handler(ZeroDivisionError)
    def division(request: Request, error: ZeroDivisionError) -> Response:
        return JSONResponse({"division": str(error)}, status_code=400)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        if request.url.path.startswith("/handled"):
            return JSONResponse({"count": len(error.errors())}, status_code=400)

        return await request_validation_exception_handler(request, error)


def items_router() -> APIRouter:
    """A router with everything a router can carry; a component in the other flavour of this test."""
    router = APIRouter(route_class=ShoutingRoute, dependencies=[Depends(_router_dependency)])
    nested = APIRouter(prefix="/deep", tags=["deep"], default_response_class=PlainTextResponse)
    stored: dict[int, Stored] = {}

    @router.get("/items/{item_id}", response_model=Shown, response_model_exclude_none=True, name="item")
    async def item(item_id: int) -> Stored:
        """One item."""
        if item_id not in stored:
            raise HTTPException(404, {"missing": item_id}, headers={"x-missing": str(item_id)})
        return stored[item_id]

    @router.post("/items", status_code=201, response_model=Stored, response_model_exclude={"secret"})
    async def add(item: Item, response: Response, request: Request) -> Stored:
        new = Stored(id=len(stored) + 1, **item.model_dump())
        stored[new.id] = new
        response.headers["location"] = str(request.url_for("item", item_id=new.id))
        return new

    @router.put("/items/{item_id}", tags=["items"])
    async def change(item_id: int, item: Annotated[Item, Body(embed=True)], importance: Annotated[int, Body()]) -> int:
        return importance * item_id

    @router.delete("/items/{item_id}", status_code=204)
    async def remove(item_id: int) -> None:
        stored.pop(item_id, None)

    @router.get("/items")
    def found(filters: Annotated[Filters, Query()]) -> Filters:
        return filters

    @router.api_route("/both", methods=["GET", "POST"], operation_id="both", include_in_schema=False)
    async def both(request: Request) -> str:
        return request.method

    @nested.get("/text/{rest:path}", deprecated=True)
    async def text(rest: str) -> str:
        return f"rest={rest}"

    @nested.get("/where", response_class=JSONResponse)
    async def where(request: Request) -> dict[str, object]:
        return {
            "item": str(request.url_for("item", item_id=3)),
            "path": request.app.url_path_for("text", rest="a/b"),
            "route": request.scope["route"].path_format.rpartition("/")[2],
            "state": request.app.state.greeting,
            "log": request.state.log.lines[:1],
        }

    @nested.websocket("/echo/{times}")
    async def echo(websocket: WebSocket, times: int) -> None:
        await websocket.accept(subprotocol="echo")
        for _ in range(times):
            await websocket.send_json({"you": await websocket.receive_text()})
        await websocket.close(4001, "enough")

    async def raw(request: Request) -> Response:
        return PlainTextResponse(f"raw {request.path_params}")

    router.include_router(nested, prefix="/under", dependencies=[Depends(_router_dependency)])
    router.routes.append(Route("/raw/{word}", raw, methods=["GET", "POST"]))
    router.mount("/files", StaticFiles(directory=FILES), name="shelf_files")
    return router


async def _router_dependency(response: Response) -> None:
    response.headers.append("x-router", "yes")


def _basics(app: FastAPI, log: Log) -> None:
    @app.get("/")
    async def root() -> dict[str, str]:
        return {"hello": "world"}

    @app.get("/log")
    async def lines(count: int) -> list[str]:
        # Some lines are written after a response has been sent: whoever asks says how many there will be.
        while len(log.lines) < count:
            await asyncio.sleep(0.001)
        return log.lines

    @app.get("/paths/{size}/{number}")
    async def paths(
        size: Size, number: Annotated[int, "plain"], q: str | None = None, short: bool = False
    ) -> list[object]:
        return [size, number, q, short]

    @app.get("/query")
    async def query(
        q: Annotated[list[str], Query(min_length=1)], n: Annotated[float, Query(alias="num", ge=0)] = 1.5
    ) -> dict[str, object]:
        return {"q": q, "n": n}

    @app.get("/headers")
    async def headers(
        user_agent: Annotated[str | None, Header()] = None,
        x_many: Annotated[list[str] | None, Header()] = None,
        session: Annotated[str | None, Cookie()] = None,
    ) -> dict[str, object]:
        return {"agent": user_agent, "many": x_many, "session": session}

    @app.post("/union")
    async def union(pet: Annotated[Cat | Dog, Field(discriminator="kind")]) -> Cat | Dog:
        return pet

    @app.post("/handled")
    async def handled(item: Item) -> Item:
        return item

    @app.post("/raw")
    async def raw(request: Request) -> dict[str, object]:
        body = await request.body()
        return {"length": len(body), "type": request.headers.get("content-type"), "query": request.url.query}

    @app.patch("/partial", response_model_exclude_unset=True)
    async def partial(item: Annotated[Item, Body()]) -> Item:
        return item

    @app.get("/big")
    async def big() -> list[int]:
        return list(range(1000))

    @app.get("/slash/")
    async def slash() -> str:
        return "slash"

    @app.get("/error/{kind}")
    async def error(kind: str) -> None:
        if kind == "teapot":
            raise Teapot("short and stout")
        if kind == "gone":
            raise HTTPException(410, "for good")
        if kind == "division":
            print_nothing = 1 // 0
            raise AssertionError(print_nothing)
        if kind == "headers":
            raise HTTPException(401, headers={"www-authenticate": "Custom"})
        if kind == "empty":
            raise HTTPException(304)
        raise RuntimeError("unhandled")

    @app.get("/wrong-model", response_model=Item)
    async def wrong_model() -> object:
        return {"name": "no price"}

    @app.get("/state")
    async def state(request: Request) -> dict[str, object]:
        return {
            "store": request.state.store[1],
            "greeting": request.app.state.greeting,
            "counted": request.state.counted,
            "client": request.client is None,
        }

    @app.head("/only-head")
    async def only_head() -> Response:
        return Response(headers={"x-head": "yes"})

    @app.trace("/traced")
    async def traced() -> str:
        return "traced"

    @app.get("/urls")
    async def urls(request: Request) -> list[str]:
        return [
            str(request.url),
            str(request.base_url),
            str(request.url_for("paths", size="small", number="1")),
            str(request.url_for("static", path="note.txt")),
            app.url_path_for("sub:inner"),
        ]


def _dependencies(app: FastAPI, log: Log) -> None:
    async def resource() -> AsyncIterator[str]:
        log.lines.append("open")
        try:
            yield "resource"
        finally:
            log.lines.append("close")

    def sync_resource() -> Iterator[str]:
        try:
            yield "sync"
        except ValueError as error:
            log.lines.append(f"saw {error}")
            raise HTTPException(409, "conflict") from error

    class Pager:
        def __init__(self, skip: int = 0, limit: int = 10) -> None:
            self.skip, self.limit = skip, limit

    def real() -> str:
        return "real"

    def replaced() -> str:
        return "replaced"

    async def outer(inner: Annotated[str, Depends(resource)]) -> str:
        return f"outer {inner}"

    @app.get("/yield")
    async def with_yield(outer: Annotated[str, Depends(outer)], pager: Annotated[Pager, Depends()]) -> list[object]:
        log.lines.append("endpoint")
        return [outer, pager.skip, pager.limit]

    @app.get("/yield-function")
    async def with_function_scope(inner: Annotated[str, Depends(resource, scope="function")]) -> StreamingResponse:
        async def stream() -> AsyncIterator[bytes]:
            log.lines.append("streamed")
            yield inner.encode()

        return StreamingResponse(stream())

    @app.get("/yield-error")
    async def with_error(value: Annotated[str, Depends(sync_resource)]) -> str:
        raise ValueError(value)

    @app.get("/overridden")
    async def overridden(value: Annotated[str, Depends(real)]) -> str:
        return value

    app.dependency_overrides[real] = replaced

    @app.post("/background", status_code=202)
    async def background(tasks: BackgroundTasks) -> str:
        tasks.add_task(log.lines.append, "task")
        return "accepted"


def _responses(app: FastAPI) -> None:
    @app.get("/html", response_class=HTMLResponse)
    async def html() -> str:
        return "<h1>hé</h1>"

    @app.get("/file")
    async def file() -> FileResponse:
        return FileResponse(FILES / "note.txt", filename="nöte.txt")

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        async def parts() -> AsyncIterator[str]:
            for number in range(3):
                await asyncio.sleep(0)
                yield f"part {number}\n"

        return StreamingResponse(parts(), media_type="text/plain")

    @app.get("/lines")
    async def lines() -> AsyncIterator[Shown]:
        for number in range(2):
            yield Shown(id=number, name="line")

    @app.get("/events", response_class=EventSourceResponse)
    async def events() -> AsyncIterator[Shown]:
        for number in range(2):
            yield Shown(id=number, name="event")

    @app.get("/events/raw", response_class=EventSourceResponse)
    async def raw_events() -> AsyncIterator[ServerSentEvent]:
        yield ServerSentEvent(data={"a": 1}, event="tick", id="7", retry=100)

    @app.get("/redirect")
    async def redirect() -> RedirectResponse:
        return RedirectResponse("/?from=redirect", status_code=303)

    @app.get("/cookies")
    async def cookies(response: Response) -> dict[str, str]:
        response.set_cookie("session", "abc", httponly=True, samesite="strict", max_age=60)
        response.status_code = 203
        return {"cookie": "set"}

    @app.get("/custom", response_class=PlainTextResponse, responses={200: {"content": {"text/csv": {}}}})
    async def custom() -> Response:
        return Response("a,b\n", media_type="text/csv", headers={"x-multi": "1"})

    @app.get("/values")
    async def values() -> dict[str, object]:
        return {"when": WHEN, "money": Decimal("1.10"), "set": {1}, "bytes": b"abc", "none": None, "text": "é\u2028"}


def _forms(app: FastAPI) -> None:
    class Login(BaseModel):
        name: str
        password: str

    @app.post("/login")
    async def login(form: Annotated[Login, Form()]) -> str:
        return f"{form.name}:{len(form.password)}"

    @app.post("/upload")
    async def upload(
        note: Annotated[str, Form()], small: Annotated[bytes, File()], large: list[UploadFile]
    ) -> dict[str, object]:
        return {
            "note": note,
            "small": len(small),
            "large": [[part.filename, part.content_type, (await part.read()).decode()] for part in large],
        }

    @app.post("/limited", max_body_size=10)
    async def limited(request: Request) -> int:
        return len(await request.body())


def _sockets(app: FastAPI) -> None:
    @app.websocket("/ws/{room}")
    async def room(websocket: WebSocket, room: str, token: Annotated[str | None, Query()] = None) -> None:
        if token == "bad":
            raise WebSocketException(code=status.WS_1008_POLICY_VIOLATION, reason="bad token")
        await websocket.accept(headers=[(b"x-room", room.encode())])
        try:
            while True:
                text = await websocket.receive_text()
                await websocket.send_text(f"{room}: {text}")
                if text == "bytes":
                    await websocket.send_bytes(b"\x00\xff")
        except WebSocketDisconnect as left:
            websocket.scope["state"]["log"].lines.append(f"left {room} {left.code}")

    @app.websocket("/refused")
    async def refused(websocket: WebSocket) -> None:
        raise HTTPException(403, "not you")

    @app.websocket("/typed/{number}")
    async def typed(websocket: WebSocket, number: int) -> None:
        await websocket.accept()
        await websocket.send_json(number)
        await websocket.close()


def _security(app: FastAPI) -> None:
    bearer = OAuth2PasswordBearer(tokenUrl="token", scopes={"read": "Read.", "write": "Write."})
    basic = HTTPBasic(realm="simple")
    key = APIKeyHeader(name="x-key", auto_error=False)

    async def who(scopes: SecurityScopes, token: Annotated[str, Depends(bearer)]) -> str:
        if token != "good":
            raise HTTPException(401, "bad token", headers={"www-authenticate": f'Bearer scope="{scopes.scope_str}"'})
        return f"somebody with {scopes.scopes}"

    @app.get("/me")
    async def me(somebody: Annotated[str, Security(who, scopes=["read"])]) -> str:
        return somebody

    @app.get("/basic")
    def basics(credentials: Annotated[HTTPBasicCredentials, Depends(basic)]) -> str:
        return credentials.username

    @app.get("/key")
    async def keyed(value: Annotated[str | None, Depends(key)]) -> str | None:
        return value


def _mounts(app: FastAPI) -> None:
    sub = FastAPI(title="Sub")

    @sub.get("/inner", name="inner")
    async def inner(request: Request) -> list[str]:
        return [request.scope["root_path"], str(request.url_for("inner"))]

    @sub.get("/missing")
    async def missing() -> None:
        raise HTTPException(404, "not in sub")

    async def pure(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse(f"pure {scope['type']} {scope['root_path']}")(scope, receive, send)

    async def page(request: Request) -> Response:
        return PlainTextResponse("starlette")

    async def by_host(request: Request) -> Response:
        return PlainTextResponse(f"host {request.path_params['name']}")

    app.mount("/static", StaticFiles(directory=FILES, html=True), name="static")
    app.mount("/sub", sub, name="sub")
    app.mount("/pure", pure)
    app.mount("/star", Starlette(routes=[Route("/page", page), Mount("/more", routes=[Route("/page", page)])]))
    app.add_route("/route/{number:int}", _numbered, methods=["GET"])
    app.router.routes.append(Host("{name}.host.test", Starlette(routes=[Route("/", by_host)])))
    app.frontend("/front", directory=FILES)


async def _numbered(request: Request) -> Response:
    return JSONResponse({"number": request.path_params["number"]})
