"""A rolling restart under load fails no request."""

import asyncio
import json
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from .client import Client, Request, read_head
from .load import Load
from .town import Town

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc"),
]

REQUESTS = 20_000

STREAM = 20.0
"""Seconds after which an event is taken not to come."""


async def test_rolling_restart_under_load(town: Town, tell: Callable[[str], None]) -> None:
    """Every process is replaced again and again, at least twice, and of at least 20,000 requests none fails."""
    await town.start()
    load = Load(town.port)

    async def restart() -> None:
        began, answered = time.monotonic(), load.answers
        await town.restart()
        tell(f"restarted in {time.monotonic() - began:.1f} s, during {load.answers - answered} requests")
        await load.further(500)

    async with load.running():
        await load.further(500)
        before = {target.name: target.pid for target in await town.targets()}
        async with watched(town, load) as watching:
            for _ in range(2):
                await restart()
            await watching()
        while load.answers < REQUESTS:
            await restart()
        after = {target.name: target.pid for target in await town.targets()}
    tell(f"{load.answers} requests, {len(load.odd)} failed")
    assert [] == list(map(str, load.odd))
    assert [] == await town.lies(load)
    still = {name for name, pid in before.items() if after[name] == pid}
    assert {"gateway", "supervisor"} == still
    town.send(signal.SIGTERM)
    assert 0 == await town.ended()
    assert [] == town.left_behind()


@asynccontextmanager
async def watched(town: Town, load: Load) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Watches an order while the block runs, over a stream that the process which began it has to end."""
    client = Client(town.port)
    order = (await client.ask(load.next("place"))).json()
    reader, writer = await asyncio.open_connection("127.0.0.1", town.port)
    writer.write(f"GET /orders/{order['id']}/live HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n".encode())
    status, _ = await read_head(reader)
    assert (200, order) == (status, await _next_event(reader))

    async def cancelled() -> None:
        """Cancels the order; the stream says so and ends."""
        await client.ask(Request("cancel", "POST", f"/orders/{order['id']}/cancel"))
        assert {**order, "status": "cancelled"} == await _next_event(reader)
        await asyncio.wait_for(reader.read(), STREAM)

    yield cancelled
    writer.close()
    await client.close()


async def _next_event(reader: asyncio.StreamReader) -> object:
    while not (line := await asyncio.wait_for(reader.readline(), STREAM)).startswith(b"data: "):
        assert line, "the stream ended"
    return json.loads(line.removeprefix(b"data: "))
