"""What takes its time passes the gateway as it comes: streams, uploads, events, sockets."""

import hashlib
import http.client
import json
import os
import socket
from contextlib import closing

import pytest
from httpx2 import AsyncClient
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.typing import Subprotocol

from tests.gateway.stand import PATIENCE, Stand, read, send, written

SIZE = 5_000_000


async def test_events_arrive_one_by_one(stand: Stand) -> None:
    """The first is there before the second is made."""
    async with AsyncClient(base_url=stand.url(), timeout=PATIENCE) as client:

        async def make(step: str) -> None:
            assert 200 == (await client.post(f"/parcels/steps/{step}")).status_code

        async with client.stream("GET", "/parcels/events") as response:
            assert "text/event-stream; charset=utf-8" == response.headers["content-type"]
            lines = response.aiter_lines()
            for step in ("one", "two"):
                await make(step)
                assert [f"data: {step}", ""] == [await anext(lines), await anext(lines)]
            await make("end")
            assert [] == [line async for line in lines]


def test_an_answer_may_begin_before_the_request_has_ended(stand: Stand) -> None:
    """Each part comes back while the next one is not sent yet."""
    request = written("POST /parcels/talk HTTP/1.1", "Transfer-Encoding: chunked")
    with closing(socket.create_connection(("127.0.0.1", stand.through), PATIENCE)) as connection:
        received = connection.makefile("rb")
        connection.sendall(request)
        for part in (b"one", b"three"):
            connection.sendall(b"%x\r\n%s\r\n" % (len(part), part))
            while received.readline().strip() != part:
                pass
        connection.sendall(b"0\r\n\r\n")
        while received.readline().strip() != b"0":
            pass
        received.close()


@pytest.mark.parametrize("framing", ["length", "chunks"])
def test_an_upload_arrives_whole(stand: Stand, framing: str) -> None:
    """Some megabytes of it."""
    body = os.urandom(SIZE)
    chunks = b"".join(b"%x\r\n%s\r\n" % (100_000, body[at : at + 100_000]) for at in range(0, SIZE, 100_000))
    sent = (
        (f"Content-Length: {SIZE}", body)
        if framing == "length"
        else ("Transfer-Encoding: chunked", chunks + b"0\r\n\r\n")
    )
    answer = send(stand.through, written("POST /parcels/upload HTTP/1.1", sent[0], body=sent[1]))
    assert {"size": SIZE, "sha256": hashlib.sha256(body).hexdigest(), "type": None} == json.loads(answer.body)


async def test_a_form_with_a_file(stand: Stand) -> None:
    """Multipart, as browsers send it."""
    async with AsyncClient(base_url=stand.url(), timeout=PATIENCE) as client:
        answer = await client.post("/parcels/form", files={"note": ("ü.txt", b"x" * 300_000, "text/plain")})
    assert {"name": "ü.txt", "size": 300_000, "type": "text/plain"} == answer.json()


def test_a_large_answer_arrives_whole(stand: Stand) -> None:
    """With its length."""
    answer = send(stand.through, written(f"GET /parcels/large/{SIZE} HTTP/1.1"))
    assert (str(SIZE), SIZE) == (answer.header("content-length"), len(answer.body))


def test_an_answer_that_breaks_is_broken(stand: Stand) -> None:
    """A process that ends in the middle leaves no answer that looks complete."""
    with pytest.raises(http.client.IncompleteRead) as caught:
        send(stand.through, written("GET /parcels/broken HTTP/1.1"))
    assert b"begun" == caught.value.partial


def test_a_body_that_is_not_wanted_is_not_sent(stand: Stand) -> None:
    """``Expect: 100-continue`` reaches the application: it may refuse before the upload."""
    request = written("POST /parcels/unwanted HTTP/1.1", "Content-Length: 9", "Expect: 100-continue")
    with closing(socket.create_connection(("127.0.0.1", stand.through), PATIENCE)) as connection:
        connection.sendall(request)
        assert b"HTTP/1.1 403 Forbidden" == connection.recv(22)


def test_a_body_that_is_wanted_is_asked_for(stand: Stand) -> None:
    """It is sent after ``100 Continue``."""
    request = written("POST /parcels/upload HTTP/1.1", "Content-Length: 3", "Expect: 100-continue")
    with closing(socket.create_connection(("127.0.0.1", stand.through), PATIENCE)) as connection:
        connection.sendall(request)
        assert b"HTTP/1.1 100 Continue\r\n\r\n" == connection.recv(100)
        connection.sendall(b"abc")
        assert 3 == json.loads(read(connection).body)["size"]


def test_requests_may_follow_one_another_on_a_connection(stand: Stand) -> None:
    """Also without waiting for the answer, also to different processes."""
    request = written("GET /letters/1 HTTP/1.1") + written("GET /parcels/stream/2 HTTP/1.1")
    with closing(socket.create_connection(("127.0.0.1", stand.through), PATIENCE)) as connection:
        connection.sendall(request)
        received = connection.makefile("rb")
        lines = [received.readline() for _ in range(6)]
        assert b"HTTP/1.1 200 OK\r\n" == lines[0]
        while b"0\n" not in received.readline():
            pass
        received.close()


async def test_a_socket_talks(stand: Stand) -> None:
    """Texts, bytes, a large message, the subprotocol and the headers of the acceptance."""
    protocols = [Subprotocol("first"), Subprotocol("last")]
    url = stand.url("/parcels/socket?a=1", "ws")
    async with connect(url, subprotocols=protocols, proxy=None, max_size=None) as session:
        assert "last" == session.subprotocol
        assert session.response is not None
        assert "yes" == session.response.headers["x-accepted"]
        for said in ("héllo", b"\0\1\2", "x" * 1_000_000):
            await session.send(said)
            assert said == await session.recv()
        await session.send("who")
        assert f"127.0.0.1 {url}" == await session.recv()


async def test_a_socket_is_closed_with_its_code(stand: Stand) -> None:
    """By the application."""
    async with connect(stand.url("/parcels/socket", "ws"), proxy=None) as session:
        await session.send("close")
        with pytest.raises(ConnectionClosedError):
            await session.recv()
        assert (4001, "as asked") == (session.close_code, session.close_reason)


@pytest.mark.parametrize("path", ["/parcels/closed", "/parcels/none"])
async def test_a_socket_is_refused(stand: Stand, path: str) -> None:
    """As the application refuses it."""
    with pytest.raises(InvalidStatus) as caught:
        await connect(stand.url(path, "ws"), proxy=None)
    assert 403 == caught.value.response.status_code
