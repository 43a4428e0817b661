"""The calls that a process makes while it ends: what it has in flight may need them."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from fissile.project import Peer
from tests.runtime.test_health import PUBLIC, STOCK, Older
from tests.runtime.test_server import Client, Running, running, until
from tests.transports.places import Place

DESK = """
import asyncio
from collections.abc import AsyncIterator

from fastapi import APIRouter, BackgroundTasks
from fastapi.responses import StreamingResponse
from fissile import Component, Provided

from ..stock.public import Stock

begun: list[str] = []
opened = asyncio.Event()
counted: list[int] = []
router = APIRouter()

async def count(who: str, stock: Stock) -> int:
    begun.append(who)
    await opened.wait()
    counted.append(await stock.count("bolt"))
    return counted[-1]

@router.get("/request")
async def request(stock: Provided[Stock]) -> int:
    return await count("request", stock)

@router.get("/afterwards")
async def afterwards(stock: Provided[Stock], tasks: BackgroundTasks) -> str:
    tasks.add_task(count, "afterwards", stock)
    return "answered"

@router.get("/stream")
async def stream(stock: Provided[Stock]) -> StreamingResponse:
    async def parts() -> AsyncIterator[str]:
        yield "count: "
        yield str(await count("stream", stock))
    return StreamingResponse(parts())

component = Component(needs=[Stock], api=router)
"""
FILES = {"desk/component.py": DESK, "stock/public.py": PUBLIC, "stock/component.py": STOCK}


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    """Where the peer answers."""
    with TemporaryDirectory(prefix="f-") as folder:
        place = Place(Path(folder) / "stock.sock")
        yield place
        await place.kill()


@pytest.fixture
async def process(tmp_path: Path, place: Place) -> AsyncIterator[Running]:
    """One that is linked to its peer."""
    peers = {"stock": Peer("stock", (f"unix:{place.path}",))}
    async with running(tmp_path, 20, FILES, peers) as found:
        await opened(place, found)
        await until(lambda: found.app.runtime.peers()[0].connections)
        yield found


async def opened(place: Place, process: Running) -> None:
    """Lets a worker answer there."""
    interface = importlib.import_module(f"{process.app.package}.stock.public").Stock
    await place.open({"stock.Stock": (interface, Older())})


async def in_flight(process: Running, kind: str) -> Client:
    """A request that is in flight when the end begins."""
    client = await process.client()
    client.ask(f"/desk/{kind}")
    await until(lambda: process.desk.begun == [kind])
    await process.end()
    return client


@pytest.mark.parametrize("kind", ["request", "afterwards", "stream"])
async def test_what_is_in_flight_may_call(process: Running, place: Place, kind: str) -> None:
    """On the connection that there was, which is closed when nobody needs it any more."""
    client = await in_flight(process, kind)
    process.desk.opened.set()
    await until(lambda: process.desk.counted == [7])
    assert place.server is not None
    connections = place.server.connections
    assert (1, 1) == (place.greeted, len(connections))
    client.writer.close()
    await until(lambda: not connections)


async def test_a_peer_that_is_replaced_meanwhile(process: Running, place: Place) -> None:
    """The call goes to the one that has come."""
    client = await in_flight(process, "request")
    assert place.server is not None
    old = place.server
    await opened(place, process)
    await old.drain(10)
    process.desk.opened.set()
    assert (200, "close", "7") == await client.answer()
