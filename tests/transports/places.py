"""Places at which workers of one process listen, in the process of the test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

from fissile import Interface
from fissile.interface import Contract
from fissile.transports.link import Link, LinkServer, dial_unix
from fissile.transports.link.frames import VERSIONS

from .wire import Door, Worker, Workshop, contract_of, served

NAME = "workshop.Workshop"
GREETING = {NAME: contract_of(Workshop)}
ECHO = GREETING[NAME].methods["echo"]


class Extra(Interface, Protocol):
    """What is asked for later."""

    async def more(self) -> int:
        """A number."""
        ...


class Answer:
    """Answers it."""

    async def more(self) -> int:
        return 42


class Place:
    """Where a worker listens: the door stays while the workers behind it come and go, as a supervisor keeps it.

    Args:
        path: Its Unix socket.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.worker = Worker()
        self.server: LinkServer | None = None
        self.greeted = 0
        self._listener: asyncio.Server | None = None

    async def open(self, interfaces: Mapping[str, tuple[type[object], object]] | None = None) -> None:
        """Lets a new worker answer here, for `Workshop` unless told otherwise."""
        answering = {NAME: (Workshop, self.worker)} if interfaces is None else interfaces
        self.server = LinkServer({name: served(*each) for name, each in answering.items()})
        if self._listener is None:
            self._listener = await asyncio.get_running_loop().create_unix_server(self._door, str(self.path))

    def _door(self) -> asyncio.Protocol:
        assert self.server is not None
        self.greeted += 1
        return Door(self.server, VERSIONS)

    async def replace(self) -> None:
        """Lets a new worker answer here, and the old one finish what it does."""
        old = self.server
        assert old is not None
        await self.open()
        await old.drain(10)

    async def kill(self) -> None:
        """Ends the worker without a word; nobody answers here afterwards."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
            self.path.unlink(missing_ok=True)
        for connection in list(self.server.connections) if self.server is not None else []:
            connection.abort()
            await connection.closed


@asynccontextmanager
async def linked(places: tuple[Place, ...], greeting: Mapping[str, Contract] = GREETING) -> AsyncIterator[Link]:
    """A link to the workers at some places."""
    link = Link("workshop", [dial_unix(str(place.path)) for place in places], greeting)
    link.connect()
    try:
        yield link
    finally:
        await link.close()


@asynccontextmanager
async def all_connected(places: tuple[Place, ...]) -> AsyncIterator[Link]:
    """A link to workers that are all there."""
    for place in places:
        await place.open()
    async with linked(places) as link:
        await connected(link, len(places))
        yield link


async def until(condition: Callable[[], object]) -> None:
    """Waits for a condition."""
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.005)


async def more(count: Callable[[], int], than: int) -> None:
    """Waits until something has happened more often."""
    await until(lambda: count() > than)


async def connected(link: Link, count: int) -> None:
    """Waits until so many workers take calls."""
    await until(lambda: len(link.connections) == count)
