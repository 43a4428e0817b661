"""A process behind a gateway: its end, and who may open a link."""

import asyncio
import importlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType, ModuleType

import pytest

from fissile import App
from fissile.generate.gateway import CLIENT, IDLE
from fissile.project import Peer, View
from fissile.runtime import protocol
from fissile.runtime.protocol import LAME_DUCK
from fissile.runtime.server import KEEP_ALIVE, Server, config
from fissile.transports.link.frames import GOAWAY, RESULT
from tests.runtime.projects import written
from tests.transports.wire import Raw, call, contract_of

PUBLIC = """
from typing import Protocol

from fissile import Interface

class Desk(Interface, Protocol):
    async def wait(self) -> str:
        ...
"""

DESK = """
import asyncio
from collections.abc import AsyncIterator

from fastapi import APIRouter, BackgroundTasks, WebSocket
from fastapi.responses import StreamingResponse
from fissile import Component

from .public import Desk

begun: list[str] = []
opened = asyncio.Event()
router = APIRouter()

async def waits(who: str) -> str:
    begun.append(who)
    await opened.wait()
    return who

class Service(Desk):
    async def wait(self) -> str:
        return await waits("call")

@router.get("/now")
async def now() -> str:
    return "now"

@router.get("/wait")
async def wait() -> str:
    return await waits("request")

@router.get("/broken")
async def broken() -> None:
    raise RuntimeError("the desk burns")

@router.get("/broken/afterwards")
async def broken_afterwards(tasks: BackgroundTasks) -> str:
    tasks.add_task(broken)
    return "answered"

@router.get("/broken/meanwhile")
async def broken_meanwhile() -> StreamingResponse:
    async def parts() -> AsyncIterator[str]:
        yield "begun"
        await broken()
    return StreamingResponse(parts())

@router.get("/stream")
async def stream() -> StreamingResponse:
    async def parts() -> AsyncIterator[str]:
        yield "first "
        yield await waits("stream")
    return StreamingResponse(parts())

@router.websocket("/echo")
async def echo(socket: WebSocket) -> None:
    await socket.accept()
    async for text in socket.iter_text():
        await socket.send_text(text)

component = Component(provides={Desk: Service}, api=router)
"""


@dataclass
class Client:
    """A connection of a gateway, byte by byte."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def ask(self, path: str, headers: Mapping[str, str] | None = None) -> None:
        """Sends a request."""
        lines = [f"GET {path} HTTP/1.1", "host: test", *(f"{name}: {value}" for name, value in (headers or {}).items())]
        self.writer.write("".join(f"{line}\r\n" for line in [*lines, ""]).encode())

    async def head(self) -> tuple[int, dict[str, str]]:
        """The status and the headers of an answer."""
        async with asyncio.timeout(20):
            first, *lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines if line)
        return int(first.split()[1]), {name.lower(): value for name, value in headers.items()}

    async def answer(self) -> tuple[int, str | None, str]:
        """Status, ``connection`` and body of an answer that says how long it is."""
        status, headers = await self.head()
        body = await self.reader.readexactly(int(headers["content-length"]))
        return status, headers.get("connection"), body.decode()

    async def ended(self) -> bytes:
        """Waits until the process has ended the connection; what came before that."""
        async with asyncio.timeout(20):
            return await self.reader.read()


@dataclass
class Running:
    """A process, as far as one is needed: its server, its component, and where it listens."""

    server: Server
    app: App
    desk: ModuleType
    socket: Path
    clients: list[Client] = field(default_factory=list)

    async def client(self) -> Client:
        """A new connection."""
        self.clients.append(Client(*await asyncio.open_unix_connection(str(self.socket))))
        return self.clients[-1]

    async def end(self) -> None:
        """Begins the end, and waits until nobody is let in any more."""
        self.server.should_exit = True
        await until(lambda: self.app.runtime.server.draining and not self.server.servers[0].is_serving())


async def until(condition: Callable[[], object]) -> None:
    """Waits for a condition."""
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.005)


FILES = {"desk/public.py": PUBLIC, "desk/component.py": DESK}


@asynccontextmanager
async def running(
    folder: Path, drain: float, files: Mapping[str, str] = FILES, peers: Mapping[str, Peer] = MappingProxyType({})
) -> AsyncIterator[Running]:
    """Serves desk on a Unix socket, until it has ended by itself."""
    with written(folder, files) as package, TemporaryDirectory(prefix="f-") as short:
        app, path = App(package), Path(short) / "s"
        app.view = View("apart", "desk", frozenset({"desk"}), peers)
        wanted = config(app, uds=str(path), links=True, private=Path(short), drain=drain, log_level="critical")
        server = Server(wanted)
        serving = asyncio.create_task(server._serve())  # without its handlers of signals
        found = None
        try:
            await until(lambda: server.started)
            found = Running(server, app, importlib.import_module(f"{package}.desk.component"), path)
            yield found
        finally:
            for client in found.clients if found is not None else []:
                client.writer.close()
                with suppress(ConnectionError):
                    await client.writer.wait_closed()
            server.should_exit = True
            async with asyncio.timeout(30):
                await serving


@pytest.fixture
async def process(tmp_path: Path) -> AsyncIterator[Running]:
    """One with time to end."""
    async with running(tmp_path, 20) as found:
        yield found


def test_the_gateway_closes_first() -> None:
    """It keeps a connection for less time than a process does, also at the end of that."""
    idle = float(IDLE.removesuffix("s"))
    assert idle < LAME_DUCK < KEEP_ALIVE


class TestFailure:
    """A connection on which a request has failed is the gateway's for the next one, unless it is told otherwise."""

    @pytest.mark.parametrize(("path", "status"), [("/desk/broken", 500), ("/desk/broken/afterwards", 200)])
    async def test_the_next_request_is_answered(self, process: Running, path: str, status: int) -> None:
        """What went wrong with one that has its answer is no concern of the others."""
        client = await process.client()
        client.ask(path)
        answered, connection, _ = await client.answer()
        assert (status, None) == (answered, connection)
        client.ask("/desk/now")
        assert (200, None, '"now"') == await client.answer()

    async def test_what_failed_is_logged(self, process: Running, caplog: pytest.LogCaptureFixture) -> None:
        """In the words of uvicorn, with its traceback."""
        caplog.set_level("ERROR", "uvicorn.error")
        client = await process.client()
        client.ask("/desk/broken")
        assert 500 == (await client.answer())[0]
        await until(lambda: caplog.records)
        (record,) = caplog.records
        assert ("uvicorn.error", "Exception in ASGI application\n") == (record.name, record.getMessage())
        assert record.exc_info is not None
        assert isinstance(record.exc_info[1], RuntimeError)

    async def test_an_answer_that_breaks_off_is_no_whole_one(self, process: Running) -> None:
        """The connection ends before it does."""
        client = await process.client()
        client.ask("/desk/broken/meanwhile")
        assert 200 == (await client.head())[0]
        assert b"5\r\nbegun\r\n" == await client.ended()


WEBSOCKET = {
    "connection": "upgrade",
    "upgrade": "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
}
COME_AGAIN = b"\x88\x02" + (1012).to_bytes(2, "big")
"""The end of a WebSocket whose server restarts."""


class TestEnd:
    """Nobody is let in, what is in flight finishes, and no request meets a closed connection."""

    async def test_the_next_request_of_an_idle_connection_is_answered(self, process: Running) -> None:
        """And told that it is the last one there."""
        used, fresh = await process.client(), await process.client()
        used.ask("/desk/now")
        assert (200, None, '"now"') == await used.answer()
        await process.end()
        for client in (used, fresh):
            client.ask("/desk/now")
            assert (200, "close", '"now"') == await client.answer()
            assert b"" == await client.ended()

    async def test_an_idle_connection_does_not_hold_the_end_up(
        self, process: Running, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What no gateway closes in its time is closed here."""
        monkeypatch.setattr(protocol, "LAME_DUCK", 0.2)
        used, fresh = await process.client(), await process.client()
        used.ask("/desk/now")
        assert (200, None, '"now"') == await used.answer()
        await process.end()
        assert (b"", b"") == (await used.ended(), await fresh.ended())

    async def test_a_request_in_flight(self, process: Running) -> None:
        """It gets its answer, and is told that it was the last."""
        client = await process.client()
        client.ask("/desk/wait")
        await until(lambda: process.desk.begun == ["request"])
        await process.end()
        process.desk.opened.set()
        assert (200, "close", '"request"') == await client.answer()

    async def test_a_response_in_flight(self, process: Running) -> None:
        """It was not told that it would be the last, so it is not."""
        client = await process.client()
        client.ask("/desk/stream")
        status, headers = await client.head()
        assert (200, None) == (status, headers.get("connection"))
        await until(lambda: process.desk.begun == ["stream"])
        await process.end()
        process.desk.opened.set()
        assert (await client.reader.readuntil(b"0\r\n\r\n")).endswith(b"stream\r\n0\r\n\r\n")
        client.ask("/desk/now")
        assert (200, "close", '"now"') == await client.answer()

    async def test_a_websocket_that_opens_meanwhile(self, process: Running, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is let in on a connection that was there, and told to come again (RFC 6455's registry: 1012)."""
        monkeypatch.setattr(protocol, "LAME_DUCK", 0.2)
        client = await process.client()
        client.ask("/desk/now")
        assert (200, None, '"now"') == await client.answer()
        await process.end()
        client.ask("/desk/echo", WEBSOCKET)
        status, _ = await client.head()
        assert 101 == status
        assert COME_AGAIN == await client.reader.readexactly(4)

    async def test_a_websocket_that_is_open(self, process: Running) -> None:
        """It is told the same."""
        client = await process.client()
        client.ask("/desk/echo", WEBSOCKET)
        assert 101 == (await client.head())[0]
        await process.end()
        assert COME_AGAIN == await client.reader.readexactly(4)

    async def test_a_stream_that_goes_on(self, tmp_path: Path) -> None:
        """It is cut off when the time is over: whoever reads it is not told that it was whole."""
        async with running(tmp_path, 1) as process:
            client = await process.client()
            client.ask("/desk/stream")
            await client.head()
            await process.end()
            assert b"6\r\nfirst \r\n" == await client.ended()

    async def test_calls_and_requests_finish_side_by_side(self, process: Running) -> None:
        """The consumer is asked to leave while a request is in flight, and its call ends with its result."""
        client = await process.client()
        client.ask("/desk/wait")
        interface = next(iter(process.app.runtime.channels))
        raw = await Raw.greeted(process.socket, {"desk.Desk": contract_of(interface)})
        raw.send(call(1, 0, {}))
        await until(lambda: {"request", "call"} == set(process.desk.begun))
        await process.end()
        kind, _, _ = await raw.next()
        assert GOAWAY == kind
        process.desk.opened.set()
        assert (RESULT, 1, b'"call"') == await raw.next()
        assert (200, "close", '"request"') == await client.answer()
        await raw.close()

    async def test_a_short_time_to_end(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """In development, and after Ctrl-C, idle connections are closed at once."""
        monkeypatch.setattr(protocol, "LAME_DUCK", 100)
        async with running(tmp_path, 1) as process:
            used, fresh = await process.client(), await process.client()
            used.ask("/desk/now")
            assert (200, None, '"now"') == await used.answer()
            await process.end()
            assert (b"", b"") == (await used.ended(), await fresh.ended())


UPGRADE = {"connection": "upgrade", "upgrade": "fissile", "fissile-versions": "1"}


class TestLinks:
    """Who may open one."""

    async def test_whoever_reaches_the_unix_socket(self, process: Running) -> None:
        """Its folder says who can."""
        client = await process.client()
        client.ask("/-/link", UPGRADE)
        status, headers = await client.head()
        assert (101, "1") == (status, headers["fissile-version"])

    @pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded", "via", CLIENT])
    async def test_nobody_through_a_gateway(self, process: Running, header: str) -> None:
        """Although that comes over the same socket."""
        client = await process.client()
        client.ask("/-/link", {**UPGRADE, header: "127.0.0.1:1 127.0.0.1:2"})
        assert (404, "close", "") == await client.answer()
