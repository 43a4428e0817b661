"""An upload that is answered before it has ended: its client sends all of it, and then reads the whole answer."""

import socket
from contextlib import closing

import pytest

from tests.gateway.stand import PATIENCE, Answer, Stand, read, written

KIB, MIB = 1024, 1024 * 1024
EARLY = {
    401: ("/parcels/upload", ("X-Deny: 1",)),
    403: ("/parcels/unwanted", ()),
    404: ("/parcels/none", ()),
    405: ("/parcels/cookies", ()),
    413: ("/parcels/limited", ()),
}
"""What answers early, by its status."""


def upload(port: int, status: int, size: int, *headers: str, chunked: bool = False, sent: int | None = None) -> Answer:
    """Send an upload, or the first part of it, and then read its answer."""
    path, more = EARLY[status]
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {size}"
    part = b"x" * 64 * KIB
    with closing(socket.create_connection(("127.0.0.1", port), PATIENCE)) as connection:
        connection.sendall(written(f"POST {path} HTTP/1.1", length, *more, *headers))
        left = size if sent is None else sent
        while left > 0:
            data = part[:left]
            connection.sendall(b"%x\r\n%b\r\n" % (len(data), data) if chunked else data)
            left -= len(data)
        if chunked and sent is None:
            connection.sendall(b"0\r\n\r\n")
        return read(connection, "POST")


@pytest.mark.parametrize("connection", ["keep-alive", "close"])
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
@pytest.mark.parametrize("size", [KIB, 4 * MIB])
@pytest.mark.parametrize("status", EARLY)
def test_the_answer_arrives(stand: Stand, status: int, size: int, chunked: bool, connection: str) -> None:
    """The same one in both placements, whatever has answered, however the upload is sent."""
    found = [
        upload(port, status, size, f"Connection: {connection}", chunked=chunked)
        for port in (stand.straight, stand.through)
    ]
    assert [status, status] == [answer.status for answer in found]
    assert found[0].body == found[1].body


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_a_large_upload(stand: Stand, chunked: bool) -> None:
    """Its rest is dropped as it comes."""
    for port in (stand.straight, stand.through):
        assert 413 == upload(port, 413, 64 * MIB, chunked=chunked).status


def test_an_upload_that_waits_for_leave(stand: Stand) -> None:
    """With ``Expect: 100-continue`` the answer comes at once, and the body is not sent."""
    for status in (401, 403, 404, 405):
        for port in (stand.straight, stand.through):
            assert status == upload(port, status, 4 * MIB, "Expect: 100-continue", sent=0).status


def test_an_upload_that_pauses(stand: Stand) -> None:
    """A client that reads before it has sent everything gets its answer soon."""
    for port in (stand.straight, stand.through):
        assert 403 == upload(port, 403, 4 * MIB, sent=MIB).status
