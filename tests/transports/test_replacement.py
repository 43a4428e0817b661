"""Connections that leave when others have come: workers that are replaced, ages, and the end of a link."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from fissile.errors import Unavailable
from fissile.transports.link import Link, dial_unix, endpoint
from fissile.transports.link.consumer import ConsumerConnection, Greeting

from .conformance import ending
from .places import GREETING, Extra, Place, all_connected, connected, linked, more, until
from .wire import Workshop, asking, contract_of


class TestReplacement:
    """Connections that leave, after others have come."""

    @staticmethod
    @asynccontextmanager
    async def calling(link: Link) -> AsyncIterator[Callable[[], int]]:
        """Calls all the time, without retries; gives how many were answered, and none may fail."""
        stop, answered = False, 0

        async def call(number: int) -> None:
            nonlocal answered
            asked = asking(Workshop, link)
            while not stop:
                size = 100_000 if number == 0 else 3  # one of them in several frames
                assert size == len(await asked.big(size))
                answered += 1

        async with asyncio.TaskGroup() as tasks:
            for number in range(8):
                tasks.create_task(call(number))
            try:
                yield lambda: answered
            finally:
                stop = True

    async def test_workers_are_replaced_under_load(self, places: tuple[Place, Place]) -> None:
        """One after the other, ten times: no call fails."""
        for place in places:
            await place.open()
        async with linked(places) as link, self.calling(link) as answered:
            for _ in range(10):
                for place in places:
                    before = answered()
                    await place.replace()
                    await more(answered, before + 50)
        assert answered() > 1_000

    async def test_the_only_worker_is_replaced_under_load(self, places: tuple[Place, Place]) -> None:
        """Calls wait until the next connection is there."""
        await places[0].open()
        async with linked(places[:1]) as link, self.calling(link) as answered:
            for _ in range(10):
                before = answered()
                await places[0].replace()
                await more(answered, before + 50)

    async def test_the_time_to_finish_begins_once(self, places: tuple[Place, Place]) -> None:
        """Who was asked to leave is not given the whole time again when its process closes."""
        place = places[0]
        await place.open()
        assert place.server is not None
        async with linked(places[:1]) as link:
            task = asyncio.create_task(ending(asking(Workshop, link).hang("long")))
            await until(lambda: place.worker.begun["long"])
            place.server.leave(0.05)
            async with asyncio.timeout(20):
                await place.server.drain(3600)
            assert ("Unavailable", True) == await task

    async def test_a_connection_ages(self, places: tuple[Place, Place], monkeypatch: pytest.MonkeyPatch) -> None:
        """The new one is there before the old one leaves, so that there always is one and no call fails."""
        monkeypatch.setattr(endpoint, "AGE", 0.02)
        place = places[0]
        await place.open()
        async with linked(places[:1]) as link:
            await connected(link, 1)
            seen: list[object] = []
            async with asyncio.timeout(20), self.calling(link):
                while place.greeted < 10:
                    seen.append(link.current())
                    await asyncio.sleep(0.001)
        assert None not in seen
        assert len(set(seen)) > 5

    async def test_calls_in_flight_outlive_the_age(
        self, places: tuple[Place, Place], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The connection that carries them leaves when the last one has ended."""
        place = places[0]
        await place.open()
        assert place.server is not None
        connections = place.server.connections
        monkeypatch.setattr(endpoint, "AGE", 0.02)
        async with linked(places[:1]) as link:
            task = asyncio.create_task(asking(Workshop, link).hang("long"))
            await until(lambda: place.worker.begun["long"])
            carrying = next(iter(connections))
            await until(lambda: place.greeted > 5)
            assert carrying in connections
            assert 0 == place.worker.cancelled["long"]
            task.cancel()
            await until(lambda: carrying not in connections)

    async def test_an_old_connection_stays_while_nobody_answers(
        self, places: tuple[Place, Place], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """One that is too old is better than none."""
        monkeypatch.setattr(endpoint, "AGE", 0.02)
        place, dial, dials = places[0], dial_unix(str(places[0].path)), 0

        async def counted(greeting: Greeting) -> ConsumerConnection:
            nonlocal dials
            dials += 1
            if dials > 1:
                raise ConnectionRefusedError
            return await dial(greeting)

        await place.open()
        link = Link("workshop", [counted], GREETING)
        link.connect()
        await until(lambda: dials > 3)
        connection = link.current()
        assert connection is not None
        assert "a" == await asking(Workshop, link).echo("a")
        assert (connection, ("connected", {})) == (link.current(), link.state())
        await link.close()


class TestClosing:
    """A link that its process has done with."""

    async def test_a_call_that_waits(self, places: tuple[Place, Place]) -> None:
        """It does not open the link again, and certainly did not run."""
        await places[0].open()
        later = contract_of(Extra).methods["more"]
        async with linked(places[:1]) as link:
            await connected(link, 1)
            waiting = asyncio.create_task(link.connection(later, asyncio.get_running_loop().time() + 0.3))
            await asyncio.sleep(0)
            await link.close()
            with pytest.raises(Unavailable) as caught:
                await waiting
        assert (False, 1) == (caught.value.may_have_run, places[0].greeted)

    async def test_a_later_call(self, places: tuple[Place, Place]) -> None:
        """It opens the link again: tests start an application many times."""
        await places[0].open()
        async with linked(places[:1]) as link:
            assert "a" == await asking(Workshop, link).echo("a")
            await link.close()
            assert "away" == link.state()[0]
            assert "b" == await asking(Workshop, link).echo("b")

    async def test_calls_in_flight(self, places: tuple[Place, Place]) -> None:
        """They finish, on connections that are too old as well."""
        place = places[0]
        await place.open()
        async with linked(places[:1]) as link:
            early = asyncio.create_task(asking(Workshop, link).hang("early"))
            await until(lambda: place.worker.begun["early"])
            link.greeting = dict(link.greeting)  # another one, so that the connection is replaced
            link.connect()
            await until(lambda: place.greeted == 2)
            closing = asyncio.create_task(link.close())
            await until(lambda: not link.connections)
            assert (False, False) == (early.done(), closing.done())
            early.cancel()
            await closing

    async def test_a_peer_that_reads_nothing(self, places: tuple[Place, Place]) -> None:
        """What is to be sent to it cannot leave, does not hold the end up, and certainly did not run."""
        place = places[0]
        async with all_connected(places[:1]) as link:
            assert place.server is not None
            (theirs,) = place.server.connections
            assert theirs.transport is not None
            theirs.transport.pause_reading()
            text = "x" * 500_000
            calls = [asyncio.create_task(ending(asking(Workshop, link).echo(text))) for _ in range(4)]
            await until(lambda: link.connections[0].is_blocked)
            try:
                async with asyncio.timeout(20):
                    await link.close(0.05)
                    assert [("Unavailable", False)] * 4 == await asyncio.gather(*calls)
            finally:
                theirs.transport.resume_reading()

    async def test_an_attempt_in_flight(self, places: tuple[Place, Place]) -> None:
        """It ends, and its connection with it."""
        accepted, ended = asyncio.Event(), asyncio.Event()

        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            accepted.set()
            await reader.read()
            ended.set()
            writer.close()

        async with await asyncio.start_unix_server(silent, str(places[0].path)):
            before = asyncio.all_tasks()
            async with linked(places[:1]):
                async with asyncio.timeout(20):
                    await accepted.wait()
            async with asyncio.timeout(20):
                await ended.wait()
            await until(lambda: asyncio.all_tasks() <= before)
