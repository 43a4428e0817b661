"""What a request brings that came through the gateway."""

import pytest
from starlette.types import Message, Receive, Scope, Send

from fissile.runtime.http.gateway import BehindGateway, is_forwarded

Headers = list[tuple[bytes, bytes]]

TOLD = (b"fissile-client", b"192.0.2.7:5000 127.0.0.1:8000")
UNIX = ("/tmp/trade-1.sock", None)


async def seen(headers: Headers, server: tuple[str, int | None] | None = UNIX) -> Scope:
    """The request as the application sees it."""
    found: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        found.append(scope)

    async def receive() -> Message:
        raise AssertionError

    async def send(message: Message) -> None:
        raise AssertionError

    await BehindGateway(app)({"type": "http", "server": server, "client": None, "headers": headers}, receive, send)
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


async def test_nobody_is_believed_over_tcp() -> None:
    """Anybody could send the header there; and what says that it was forwarded is taken for that."""
    for server in (("127.0.0.1", 8000), None):
        scope = await seen([TOLD], server)
        assert (server, None, [TOLD]) == (scope["server"], scope["client"], scope["headers"])
        assert is_forwarded(scope)


@pytest.mark.parametrize("name", [b"forwarded", b"via", b"x-forwarded-for", b"x-forwarded-proto"])
async def test_any_gateway_leaves_a_header(name: bytes) -> None:
    """By which the reserved paths know it."""
    assert is_forwarded(await seen([(b"host", b"h"), (name, b"x")]))
    assert not is_forwarded(await seen([(b"host", b"h")]))
