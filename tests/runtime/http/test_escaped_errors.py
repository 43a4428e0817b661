"""Errors of calls and components that escape a route or a WebSocket, in routers, adopted and mounted applications."""

import importlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.types import Message, Scope
from starlette.websockets import WebSocketDisconnect
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from fissile import App
from fissile.project import View
from tests.runtime.projects import written
from tests.runtime.sockets import behind_uvicorn

PUBLIC = """
import asyncio
from typing import Protocol

from fissile import ComponentError, Interface, raises

class Unknown(ComponentError):
    \"\"\"No such item.\"\"\"
    status = 404
    item_id: int

class Stock(Interface, Protocol):
    @raises(Unknown)
    async def get(self, item_id: int) -> str: ...
    async def fail(self) -> None: ...
    async def big(self, size: int) -> str: ...
    async def measure(self, text: str) -> int: ...
    async def relay(self, size: int) -> int: ...
"""

STOCK = """
from fissile import Component
from ..scale.public import Scale
from .public import Stock, Unknown

class Service(Stock):
    def __init__(self, scale: Scale) -> None:
        self.scale = scale

    async def big(self, size: int) -> str:
        return "x" * size

    async def measure(self, text: str) -> int:
        return len(text)

    async def relay(self, size: int) -> int:
        return await self.scale.measure("x" * size)

    async def get(self, item_id: int) -> str:
        raise Unknown(item_id=item_id)

    async def fail(self) -> None:
        raise KeyError("secret")

component = Component(provides={Stock: Service}, needs=[Scale])
"""

SCALE = """
from fissile import Component
from .public import Scale

class Service(Scale):
    async def measure(self, text: str) -> int:
        return len(text)

component = Component(provides={Scale: Service})
"""

SCALE_PUBLIC = """
from typing import Protocol
from fissile import Interface

class Scale(Interface, Protocol):
    async def measure(self, text: str) -> int: ...
"""

TERMS = """
from fastapi import APIRouter, Request, WebSocket
from starlette.endpoints import WebSocketEndpoint

from fissile import ComponentError, Provided
from fissile.errors import CALL_ERRORS
from .stock.public import Stock, Unknown

def error_of(name, own):
    if name == "own":
        return own()
    return Unknown(item_id=1) if name == "foreign" else CALL_ERRORS[name]("at unix:/run/x", may_have_run=False)

def filled(router, own):
    @router.get("/raise/{name}")
    async def fail(name: str) -> None:
        raise error_of(name, own)

    @router.get("/call/{method}")
    async def call(method: str, stock: Provided[Stock]) -> None:
        await (stock.get(5) if method == "get" else stock.fail())

    @router.get("/big")
    async def big(size: int, stock: Provided[Stock]) -> int:
        return len(await stock.big(size))

    @router.post("/measure")
    async def measure(request: Request, stock: Provided[Stock]) -> int:
        return await stock.measure((await request.body()).decode())

    @router.get("/made")
    async def made(size: int, stock: Provided[Stock]) -> int:
        return await stock.measure("x" * size)

    @router.post("/relay")
    async def relay(size: int, stock: Provided[Stock]) -> int:
        return await stock.relay(size)

    @router.websocket("/measure")
    async def measuring(websocket: WebSocket, stock: Provided[Stock]) -> None:
        await websocket.accept()
        await stock.measure(await websocket.receive_text())

    @router.websocket("/socket/{when}/{name}")
    async def talk(websocket: WebSocket, when: str, name: str) -> None:
        if when == "after":
            await websocket.accept()
        elif when == "closed":
            await websocket.accept()
            await websocket.close(4000)
        raise error_of(name, own)

    @router.websocket("/called")
    async def called(websocket: WebSocket, stock: Provided[Stock]) -> None:
        await stock.get(5)

    class Talk(WebSocketEndpoint):
        async def on_connect(self, websocket: WebSocket) -> None:
            if websocket.path_params["when"] == "after":
                await websocket.accept()
            raise error_of(websocket.path_params["name"], own)

    getattr(router, "router", router).add_websocket_route("/class/{when}/{name}", Talk)
    return router
"""

COMPONENT = """
from fastapi import APIRouter, FastAPI
from fissile import Component, ComponentError
from ..stock.public import Stock
from ..terms import filled

class Own(ComponentError):
    \"\"\"Its own.\"\"\"
    status = 409

app = filled({kind}(), Own)
{more}
component = Component(needs=[Stock], api=app)
"""

MOUNTED = """
inner = filled(FastAPI(), Own)
app.mount("/inner", inner)
"""

FILES = {
    "main.py": "from fissile import App\n\napp = App(__package__)\n",
    "terms.py": TERMS,
    "stock/public.py": PUBLIC,
    "stock/component.py": STOCK,
    "scale/public.py": SCALE_PUBLIC,
    "scale/component.py": SCALE,
    "fresh/component.py": COMPONENT.format(kind="APIRouter", more=MOUNTED),
    "old/component.py": COMPONENT.format(kind="FastAPI", more=MOUNTED),
}

ERRORS = {
    "own": (409, "own", 1008),
    "foreign": (500, "internal_server_error", 1011),
    "deadline_exceeded": (504, "deadline_exceeded", 1011),
    "unavailable": (503, "unavailable", 1013),
    "overloaded": (503, "overloaded", 1013),
    "incompatible": (502, "incompatible", 1011),
    "call_failed": (500, "call_failed", 1011),
    "message_too_long": (500, "message_too_long", 1009),
}
"""Status, code and close code of each error."""

PLACES = ("/fresh", "/old", "/fresh/inner", "/old/inner")


@contextmanager
def application(folder: Path, wire: bool) -> Iterator[App]:
    """The application."""
    with written(folder, FILES) as package:
        app: App = importlib.import_module(f"{package}.main").app
        app.view = View(wire=wire)
        yield app


@pytest.fixture(scope="module", params=[False, True], ids=["together", "wire"])
def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A client of the application, which raises whatever that lets out."""
    with application(tmp_path_factory.mktemp("escaped"), request.param) as app, TestClient(app) as client:
        yield client


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was logged by us, the warning of open routes left out."""
    return [record.name for record in caplog.records if record.name != "fissile.policy"]


def expected(name: str, place: str) -> tuple[int, str, int]:
    """The answer to an error; in an adopted application another component's error keeps its status."""
    return (404, "unknown", 1008) if name == "foreign" and place.startswith("/old") else ERRORS[name]


@pytest.mark.parametrize("place", PLACES)
def test_a_request_is_answered_with_a_problem(client: TestClient, place: str, caplog: pytest.LogCaptureFixture) -> None:
    """An error that escapes is a problem document with its status, and one line in the log."""
    for name in ERRORS:
        status, code, _ = expected(name, place)
        caplog.clear()
        answer = client.get(f"{place}/raise/{name}")
        assert (status, code) == (answer.status_code, answer.json()["code"])
        assert ["application/problem+json"] == answer.headers.get_list("content-type")
        assert (["1"] if status == 503 else []) == answer.headers.get_list("retry-after")
        assert "unix:" not in answer.text
        assert ([] if name == "own" else ["fissile.problems"]) == logged(caplog)


@pytest.mark.parametrize("place", PLACES)
def test_a_call_that_fails_is_answered(client: TestClient, place: str, caplog: pytest.LogCaptureFixture) -> None:
    """Errors of real calls: one that its method declares, and one that it does not."""
    caplog.set_level(logging.WARNING, "fissile")
    # Another component's error: the log names the leak.
    assert expected("foreign", place)[0] == client.get(f"{place}/call/get").status_code
    assert f"{place.split('/')[1]} let stock.Unknown escape" in caplog.text
    answer = client.get(f"{place}/call/fail")
    assert (500, "call_failed") == (answer.status_code, answer.json()["code"])
    assert "secret" not in answer.text


@pytest.mark.parametrize("place", PLACES)
def test_a_message_that_is_too_long_is_named(client: TestClient, place: str) -> None:
    """A request that makes a call too long is 413, an answer that is too long 500, and both give the reason."""
    long = 1024 * 1024
    answers = [
        client.post(f"{place}/measure", content=b"x" * long),
        client.post(f"{place}/measure", content=iter([b"x" * long])),
        client.get(f"{place}/big?size={long}"),
        # What follows a component has made too long, and not the request.
        client.post(f"{place}/relay?size={long}", json=1),
        client.get(f"{place}/made?size={long}"),
    ]
    assert [413, 413, 500, 500, 500] == [answer.status_code for answer in answers]
    assert {"message_too_long"} == {answer.json()["code"] for answer in answers}
    assert all("longer than a message between components may be" in answer.json()["detail"] for answer in answers)
    assert 10 == client.get(f"{place}/big?size=10").json()
    with client.websocket_connect(f"{place}/measure") as socket:
        socket.send_text("x" * long)
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_text()
        assert (1009, "message_too_long") == (closed.value.code, closed.value.reason)


@pytest.mark.parametrize("kind", ["socket", "class"])
@pytest.mark.parametrize("place", PLACES)
def test_a_websocket_is_refused_before_it_is_accepted(client: TestClient, place: str, kind: str) -> None:
    """An error before accept() is the refusal that it would be over HTTP."""
    for name in ERRORS:
        status, code, _ = expected(name, place)
        with (
            pytest.raises(WebSocketDenialResponse) as denied,
            client.websocket_connect(f"{place}/{kind}/before/{name}"),
        ):
            pass
        assert (status, code) == (denied.value.status_code, denied.value.json()["code"])
        assert (["1"] if status == 503 else []) == denied.value.headers.get_list("retry-after")


@pytest.mark.parametrize("kind", ["socket", "class"])
@pytest.mark.parametrize("place", PLACES)
def test_a_websocket_is_closed_after_it_was_accepted(client: TestClient, place: str, kind: str) -> None:
    """An error after accept() is a close code, with the problem's code as reason."""
    for name in ERRORS:
        _, code, close = expected(name, place)
        with client.websocket_connect(f"{place}/{kind}/after/{name}") as socket:
            with pytest.raises(WebSocketDisconnect) as closed:
                socket.receive_text()
            assert (close, code) == (closed.value.code, closed.value.reason)


@pytest.mark.parametrize("place", PLACES)
def test_nothing_is_sent_on_a_closed_websocket(client: TestClient, place: str) -> None:
    """An error after close() leaves the close code of the application."""
    with client.websocket_connect(f"{place}/socket/closed/unavailable") as socket:
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_text()
        assert 4000 == closed.value.code


async def test_servers_that_cannot_refuse_close(tmp_path: Path) -> None:
    """A server without the extension for refusals is told to close, which clients see as 403."""
    sent: list[str] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message["type"])

    path = "/old/socket/before/unavailable"
    scope: Scope = {"type": "websocket", "path": path, "raw_path": path.encode(), "query_string": b"", "headers": []}
    with application(tmp_path, wire=False) as app:
        await app(scope, receive, send)
    assert ["websocket.close"] == sent


@pytest.mark.parametrize("wire", [False, True], ids=["together", "wire"])
async def test_over_uvicorn(tmp_path: Path, wire: bool) -> None:
    """Refusals and close codes arrive at a client of a real server."""
    with application(tmp_path, wire) as app:
        await talk_to(app)


async def talk_to(app: App) -> None:
    """Open WebSockets of an application behind uvicorn."""
    async with behind_uvicorn(app) as (http, _):
        url = str(http.base_url).replace("http", "ws", 1).rstrip("/")
        for place in PLACES:
            with pytest.raises(InvalidStatus) as refused:
                await connect(f"{url}{place}/socket/before/unavailable")
            response = refused.value.response
            assert (503, ["1"]) == (response.status_code, response.headers.get_all("retry-after"))
            assert b'"code":"unavailable"' in (response.body or b"")
            with pytest.raises(InvalidStatus) as refused:
                await connect(f"{url}{place}/called")
            assert expected("foreign", place)[0] == refused.value.response.status_code
            async with connect(f"{url}{place}/socket/after/own") as socket:
                with pytest.raises(ConnectionClosed) as closed:
                    await socket.recv()
            assert closed.value.rcvd is not None
            assert (1008, "own") == (closed.value.rcvd.code, closed.value.rcvd.reason)
