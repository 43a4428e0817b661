"""A response that is there at once leaves at once, in one piece: a kill cannot cut it between its head and its body."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any

import pytest
from fastapi.responses import StreamingResponse
from uvicorn.server import ServerState

from fissile import App
from fissile.runtime import protocol
from fissile.runtime.http.gathering import Gathering
from fissile.runtime.protocol import Http
from fissile.runtime.server import config


class Wire(asyncio.Transport):
    """A connection that remembers what each system call would have sent."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []
        self.is_closed = False
        self.changed = asyncio.Event()

    def write(self, data: Any) -> None:
        self.writelines([data])

    def writelines(self, list_of_data: Iterable[Any]) -> None:
        assert not self.is_closed
        self.sent.append(b"".join(list_of_data))
        self.changed.set()

    def is_closing(self) -> bool:
        return self.is_closed

    def close(self) -> None:
        self.is_closed = True
        self.changed.set()

    async def has(self, count: int) -> list[bytes]:
        """Waits for so many system calls."""
        while len(self.sent) < count:
            self.changed.clear()
            await asyncio.wait_for(self.changed.wait(), 10)
        return self.sent


app = App("tests.dropin.parts")
more = asyncio.Event()


@app.get("/whole")
async def whole() -> str:
    """All of it, at once."""
    return "all of it"


@app.get("/stream")
async def stream() -> StreamingResponse:
    """A part, when it is time."""

    async def parts() -> AsyncIterator[bytes]:
        await more.wait()
        yield b"a part"

    return StreamingResponse(parts())


def asked(request: bytes) -> tuple[asyncio.Protocol, Wire]:
    """A connection of a server on which a request has just arrived."""
    configured = config(app, links=True)
    configured.load()
    made = configured.http_protocol_class(config=configured, server_state=ServerState(), app_state={})  # type: ignore[call-arg]  # uvicorn's
    wire = Wire()
    made.connection_made(wire)
    made.data_received(request)
    return made, wire


async def test_head_and_body_leave_together() -> None:
    """One system call sends the whole response."""
    _, wire = asked(b"GET /whole HTTP/1.1\r\nHost: here\r\n\r\n")
    assert [True] == [sent.endswith(b'\r\n\r\n"all of it"') for sent in await wire.has(1)]


async def test_the_head_of_a_stream_waits_for_nothing() -> None:
    """Whoever listens to a stream learns that it has begun before there is anything in it."""
    more.clear()
    _, wire = asked(b"GET /stream HTTP/1.1\r\nHost: here\r\n\r\n")
    assert [True] == [sent.endswith(b"\r\n\r\n") for sent in await wire.has(1)]
    more.set()
    assert [b"6\r\na part\r\n0\r\n\r\n"] == (await wire.has(2))[1:]


async def test_what_waits_is_sent_before_the_end() -> None:
    """The last response of a connection is whole."""
    _, wire = asked(b"GET /whole HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
    assert [True] == [sent.endswith(b'\r\n\r\n"all of it"') for sent in await wire.has(1)]
    assert wire.is_closed


UPLOAD = b"PUT /whole HTTP/1.1\r\nHost: here\r\nContent-Length: 20000\r\n\r\n"


async def until_held(protocol: asyncio.Protocol) -> None:
    """Waits until the response to an upload is there, and is not sent."""
    assert isinstance(protocol, Http)
    async with asyncio.timeout(10):
        while not protocol._answers.is_held:
            await asyncio.sleep(0)


@pytest.mark.parametrize("head", [UPLOAD, UPLOAD.replace(b"Host: here", b"Host: here\r\nConnection: close")])
async def test_the_rest_of_an_upload_is_dropped(head: bytes) -> None:
    """Nothing of it is kept, and the response follows its last byte."""
    made, wire = asked(head + b"x" * 1_000)
    await until_held(made)
    for _ in range(18):
        made.data_received(b"x" * 1_000)
        assert [] == wire.sent
    assert len(made.cycle.body) <= 1_000  # type: ignore[attr-defined]  # uvicorn's
    made.data_received(b"x" * 1_000)
    assert [True] == [sent.startswith(b"HTTP/1.1 405") for sent in await wire.has(1)]
    assert (b"close" in head) == wire.is_closed


async def test_an_upload_without_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """After so many bytes, or so many seconds, its response is sent and the connection closed."""
    monkeypatch.setattr(protocol, "MOST", 5_000)
    monkeypatch.setattr(protocol, "LOOK", 0.01)
    made, wire = asked(UPLOAD + b"x")
    await until_held(made)
    for _ in range(6):
        made.data_received(b"x" * 1_000)
    assert (1, True) == (len(await wire.has(1)), wire.is_closed)
    monkeypatch.setattr(protocol, "MOST", 1_000_000)
    made, wire = asked(UPLOAD + b"x")
    await until_held(made)
    async with asyncio.timeout(10):
        while not wire.is_closed:
            made.data_received(b"x")
            await asyncio.sleep(0.001)
    assert 1 == len(wire.sent)


async def test_an_end_while_an_upload_is_dropped() -> None:
    """Its client gets the response, and the connection is closed after it."""
    made, wire = asked(UPLOAD + b"x" * 19_000)
    await until_held(made)
    made.shutdown()  # type: ignore[attr-defined]  # uvicorn's
    assert ([], False) == (wire.sent, wire.is_closed)
    made.data_received(b"x" * 1_000)
    assert (1, True) == (len(wire.sent), wire.is_closed)


async def test_what_follows_an_upload_is_answered() -> None:
    """Requests may be sent without waiting: the response to the one before comes first."""
    made, wire = asked(UPLOAD + b"x" * 19_000)
    await until_held(made)
    made.data_received(b"x" * 1_000 + b"GET /whole HTTP/1.1\r\nHost: here\r\n\r\n")
    await wire.has(2)
    assert [b"HTTP/1.1 405", b"HTTP/1.1 200"] == [sent[:12] for sent in wire.sent]


async def test_a_client_that_has_gone_meanwhile() -> None:
    """Nothing is written on its connection: loops differ in what they say to that."""
    wire = Wire()
    gathering = Gathering(wire, lambda: False)
    gathering.write(b"head")
    wire.close()
    gathering.flush()
    assert [] == wire.sent
