"""Where the client of several processes sends a request."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from httpx2 import AsyncClient

from fissile.generate.gateway import Gateway, Upstream
from fissile.testing.client import GatewayTransport


@pytest.fixture
async def client() -> AsyncIterator[AsyncClient]:
    """A client of processes that answer with their name and what they were sent."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="f-", dir="/tmp")))
        for name in ("front", "one", "two"):
            await stack.enter_async_context(await asyncio.start_unix_server(_process(name), folder / name))
        far = await stack.enter_async_context(await asyncio.start_server(_process("far"), "127.0.0.1", 0))
        upstreams = {
            "front": (f"unix:{folder}/front",),
            "several": (f"unix:{folder}/one", f"unix:{folder}/two"),
            "far": (f"http://127.0.0.1:{far.sockets[0].getsockname()[1]}",),
        }
        routes = {"/stock": "several", "/stock/far": "far"}
        known = tuple(Upstream(name, endpoints) for name, endpoints in upstreams.items())
        transport = GatewayTransport(Gateway("", 0, known, routes, "front", folder))
        yield await stack.enter_async_context(AsyncClient(transport=transport, base_url="http://test"))


def _process(name: str) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        body = f"{name}\n".encode() + request
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        await writer.drain()
        writer.close()

    return answer


@pytest.mark.parametrize(
    ("path", "process"),
    [
        ("/", "front"),
        ("/stocks", "front"),
        ("/%73tock", "one"),
        ("/stock%2Ffar", "front"),
        ("/x?path=/stock", "front"),
        ("/stock/farther", "one"),
        ("/stock?a=b", "one"),
        ("/stock/far", "far"),
        ("/stock/far/1", "far"),
    ],
)
async def test_the_path_decides(client: AsyncClient, path: str, process: str) -> None:
    """The longest prefix of the path as it was sent says which process it is for; the rest is the front's."""
    name, line = (await client.get(path)).text.splitlines()[:2]
    assert (process, f"GET {path} HTTP/1.1") == (name, line)


async def test_workers_take_turns(client: AsyncClient) -> None:
    """Of several workers another one is asked each time."""
    assert ["one", "two", "one"] == [(await client.get("/stock")).text.split()[0] for _ in range(3)]


@pytest.mark.parametrize(
    ("path", "told"), [("/", True), ("/stock/1", True), ("/-/ready", False), ("/stock/far", False)]
)
async def test_who_asks(client: AsyncClient, path: str, told: bool) -> None:
    """A process here is told who asks, as the gateway tells it; on reserved paths nobody comes through a gateway."""
    lines = (await client.get(path)).text.splitlines()
    assert told == ("fissile-client: 127.0.0.1:123 test:80" in lines)
    assert "Host: test" in lines
