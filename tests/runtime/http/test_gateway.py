"""What a request brings that came through the gateway."""

import pytest
from starlette.types import Message, Receive, Scope, Send

from fissile.runtime.http.gateway import LOCAL, BehindGateway, is_forwarded

Headers = list[tuple[bytes, bytes]]

TOLD = (b"fissile-client", b"192.0.2.7:5000 127.0.0.1:8000")
PRIVATE = "/run/fissile"
UNIX = (f"{PRIVATE}/trade-1.sock", None)
ELSEWHERE = ("/tmp/trade-1.sock", None)


async def seen(headers: Headers, server: tuple[str, int | None] | None = UNIX) -> Scope:
    """The request as the application sees it."""
    found: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        found.append(scope)

    async def receive() -> Message:
        raise AssertionError

    async def send(message: Message) -> None:
        raise AssertionError

    scope = {"type": "http", "path": "/", "server": server, "client": None, "headers": headers}
    await BehindGateway(app, PRIVATE)(scope, receive, send)
    return found[0]


async def test_client_and_server_are_those_of_the_gateway() -> None:
    """And no header tells that it stands between."""
    scope = await seen([(b"host", b"h"), (b"x-forwarded-proto", b"http"), TOLD, (b"content-length", b"0")])
    assert (("192.0.2.7", 5000), ("127.0.0.1", 8000)) == (scope["client"], scope["server"])
    assert [(b"host", b"h"), (b"content-length", b"0")] == scope["headers"]
    assert is_forwarded(scope)


async def test_addresses_of_ipv6() -> None:
    """Are written in brackets."""
    scope = await seen([(b"fissile-client", b"[2001:db8::7]:5000 [::1]:8000")])
    assert (("2001:db8::7", 5000), ("::1", 8000)) == (scope["client"], scope["server"])


async def test_what_a_proxy_further_out_says_is_kept() -> None:
    """The server decides whether it believes that proxy."""
    said = [(b"x-forwarded-proto", b"https"), (b"x-forwarded-for", b"192.0.2.9")]
    assert said == (await seen([*said, TOLD]))["headers"]


async def test_the_header_is_believed_in_the_private_folder_alone() -> None:
    """Any client could send it to another socket, where the request counts as forwarded."""
    for server in (("127.0.0.1", 8000), ELSEWHERE, None):
        scope = await seen([TOLD], server)
        assert (server, LOCAL, [TOLD]) == (scope["server"], scope["client"], scope["headers"])
        assert is_forwarded(scope)


@pytest.mark.parametrize("name", [b"forwarded", b"via", b"x-forwarded-for", b"x-forwarded-proto"])
async def test_any_gateway_leaves_a_header(name: bytes) -> None:
    """By which the reserved paths know it."""
    assert is_forwarded(await seen([(b"host", b"h"), (name, b"x")]))
    assert not is_forwarded(await seen([(b"host", b"h")]))
