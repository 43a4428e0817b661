"""A consumer that connects: peers that are silent or about to end, callers that are cancelled or wait."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import pytest

from fissile import Interface
from fissile.context import current
from fissile.errors import Unavailable
from fissile.transports.link import Dial, Link, LinkServer, dial_pair, dial_unix, endpoint
from fissile.transports.link.consumer import ConsumerConnection, Greeting
from fissile.transports.link.frames import VERSIONS
from fissile.transports.link.upgrade import Upgrading, answer_upgrade, read_upgrade

from .wire import Door, Workshop, asking, contract_of, listening, served


class Clock(Interface, Protocol):
    """Says how it was called."""

    async def deadline(self) -> float:
        """When the call must have ended, in seconds of the provider's clock."""
        ...


class OwnClock:
    """In the same process the two clocks are one."""

    async def deadline(self) -> float:
        found = current().deadline
        assert found is not None
        return found


NAME = "clock.Clock"
GREETING = {NAME: contract_of(Clock)}
DEADLINE = GREETING[NAME].methods["deadline"]


@pytest.fixture
def server() -> LinkServer:
    """Answers."""
    return LinkServer({NAME: served(Clock, OwnClock())})


@pytest.fixture
def socket() -> Iterator[Path]:
    """A path that is short enough for a Unix socket."""
    with TemporaryDirectory(prefix="fissile-") as folder:
        yield Path(folder) / "s"


async def test_a_silent_peer_is_dialled_again(
    server: LinkServer, socket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that accepts a connection and never answers does not hold the calls of a later one."""
    monkeypatch.setattr(endpoint, "PATIENCE", 0.05)
    doors: list[asyncio.Protocol] = []

    def first_silent() -> asyncio.Protocol:
        doors.append(Door(server, VERSIONS) if doors else asyncio.Protocol())
        return doors[-1]

    listener = await asyncio.get_running_loop().create_unix_server(first_silent, str(socket))
    link = Link("clock", [dial_unix(str(socket))], GREETING)
    try:
        assert 0 < await asking(Clock, link).deadline()
    finally:
        await link.close()
        listener.close()


async def test_what_arrives_right_behind_the_answer_to_the_upgrade() -> None:
    """It belongs to the link, also when it arrives before whoever dials can go on."""
    upgrading = Upgrading()
    upgrading.data_received(answer_upgrade("1")[1] + b"first ")
    upgrading.data_received(b"second")
    assert b"first second" == await read_upgrade(upgrading)


class Counted:
    """Dials, and counts how often.

    Args:
        dial: Makes the connection.
        then: What is done with it as soon as it has been taken.
    """

    def __init__(self, dial: Dial, then: Callable[[ConsumerConnection], None] = lambda _: None) -> None:
        self.times = 0
        self._dial = dial
        self._then = then

    async def __call__(self, greeting: Greeting) -> ConsumerConnection:
        self.times += 1
        connection = await self._dial(greeting)
        asyncio.get_running_loop().call_soon(self._then, connection)
        return connection


async def test_a_peer_that_is_about_to_end_is_not_dialled_without_a_pause(server: LinkServer, socket: Path) -> None:
    """It answers the greeting and takes no calls, for as long as it drains."""
    server.leave(60)
    dial = Counted(dial_unix(str(socket)))
    link = Link("clock", [dial], GREETING)
    async with listening(server, socket):
        with pytest.raises(Unavailable):
            await link.connection(DEADLINE, asyncio.get_running_loop().time() + 0.5)
        await link.close()
    assert 1 < dial.times < 50


async def test_a_connection_that_is_lost_at_once_is_not_replaced_without_a_pause(server: LinkServer) -> None:
    """A peer that ends again and again is not dialled all the time."""
    dial = Counted(dial_pair(server), ConsumerConnection.abort)
    link = Link("clock", [dial], GREETING)
    unknown = contract_of(Workshop).methods["echo"]
    with pytest.raises(Unavailable):
        await link.connection(unknown, asyncio.get_running_loop().time() + 0.5)
    await link.close()
    assert 1 < dial.times < 50


@pytest.fixture
async def delays(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds after which the loop is asked to do something."""
    found: list[float] = []
    call_later = asyncio.get_running_loop().call_later

    def noted(delay: float, *arguments: Any, **named: Any) -> asyncio.TimerHandle:
        found.append(delay)
        return call_later(delay, *arguments, **named)

    monkeypatch.setattr(asyncio.get_running_loop(), "call_later", noted)
    return found


async def test_each_attempt_waits_for_a_time_of_its_own(socket: Path, delays: list[float]) -> None:
    """Those whose peer has gone do not come back all at once."""
    dial = Counted(dial_unix(str(socket)))
    link = Link("clock", [dial] * 20, GREETING)
    link.connect()
    while len(delays) < 20:
        await asyncio.sleep(0)
    await link.close()
    assert 20 == len(set(delays[:20]))
    assert max(delays[:20]) <= endpoint.FIRST_PAUSE


async def test_each_connection_has_an_age_of_its_own(server: LinkServer, delays: list[float]) -> None:
    """They are not all replaced at once."""
    link = Link("clock", [dial_pair(server)] * 20, GREETING)
    link.connect()
    while len(delays) < 20:
        await asyncio.sleep(0)
    await link.close()
    ages, spread = delays[:20], endpoint.AGE * endpoint.AGE_SPREAD
    assert 20 == len(set(ages))
    assert endpoint.AGE - spread <= min(ages) <= max(ages) <= endpoint.AGE + spread


@pytest.mark.parametrize("turns", range(8))
async def test_a_cancellation_that_comes_with_the_connection_is_not_lost(server: LinkServer, turns: int) -> None:
    """However many turns of the loop lie between the two."""
    dial, opened = dial_pair(server), asyncio.Event()
    waits = asyncio.Event()
    connected: list[ConsumerConnection] = []

    async def when_opened(greeting: Greeting) -> ConsumerConnection:
        connected.append(await dial(greeting))
        waits.set()
        await opened.wait()
        return connected[-1]

    link = Link("clock", [when_opened], GREETING)
    task = asyncio.create_task(link.connection(DEADLINE, asyncio.get_running_loop().time() + 5))
    await waits.wait()
    opened.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    was_done = task.done()
    task.cancel()
    await asyncio.wait([task])
    assert was_done or task.cancelled()
    await link.close()
    connected[-1].abort()
    await connected[-1].closed


async def test_the_time_that_is_sent_is_the_time_that_remains(server: LinkServer) -> None:
    """A call that had to wait for a full connection does not get that time back at the provider."""
    link = Link("clock", [dial_pair(server)], GREETING)
    loop = asyncio.get_running_loop()
    connection = await link.connection(DEADLINE, loop.time() + 5)
    connection.pause_writing()
    loop.call_later(0.5, connection.resume_writing)
    before = loop.time()
    found = await asking(Clock, link).deadline()
    assert found - before < 5.25  # half a second more, if it were given back
    await link.close()


async def test_a_pair_that_nobody_waits_for_leaves_no_socket() -> None:
    """Whenever the dialling is cancelled; pytest fails for a socket that is not closed."""
    for turns in range(12):
        dialling = asyncio.ensure_future(dial_pair(LinkServer({}))({}))
        for _ in range(turns):
            await asyncio.sleep(0)
        dialling.cancel()
        await asyncio.wait([dialling])
        if not dialling.cancelled():
            dialling.result().abort()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    gc.collect()
