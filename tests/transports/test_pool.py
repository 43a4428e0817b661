"""Several workers of one process: who takes a call, and what becomes of it when they are lost or unlike."""

from __future__ import annotations

import asyncio
from typing import Protocol

import pytest

from fissile import Interface
from fissile.errors import Incompatible, Unavailable
from fissile.transports.link import Link, LinkServer, dial_unix
from fissile.transports.link.consumer import ConsumerConnection, Greeting
from fissile.transports.link.frames import CHUNK

from .conformance import ending
from .places import ECHO, GREETING, NAME, Answer, Extra, Place, all_connected, connected, linked, until
from .wire import Door, Worker, Workshop, asking, contract_of


class Stopped(Worker):
    """Answers nothing until it goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.goes_on = asyncio.Event()

    async def big(self, size: int) -> str:
        found = await super().big(size)
        await self.goes_on.wait()
        return found


class TestChoice:
    """Who takes a call."""

    async def test_every_worker_gets_calls(self, places: tuple[Place, Place]) -> None:
        """One after the other where none has more to do."""
        async with all_connected(places) as link:
            for _ in range(20):
                assert "a" == await asking(Workshop, link).echo("a")
        assert [10, 10] == [place.worker.begun["echo"] for place in places]

    async def test_the_least_loaded_takes_the_next_call(self, places: tuple[Place, Place]) -> None:
        """A worker that comes when the other has five calls gets the next five."""
        first, second = places
        await first.open()
        async with linked(places) as link, asyncio.TaskGroup() as tasks:
            await connected(link, 1)
            hanging = [tasks.create_task(asking(Workshop, link).hang("early")) for _ in range(5)]
            await until(lambda: first.worker.begun["early"] == 5)
            await second.open()
            await connected(link, 2)
            hanging += [tasks.create_task(asking(Workshop, link).hang("late")) for _ in range(5)]
            await until(lambda: first.worker.begun["late"] + second.worker.begun["late"] == 5)
            assert (0, 5) == (first.worker.begun["late"], second.worker.begun["late"])
            for task in hanging:
                task.cancel()

    async def test_a_connection_that_is_blocked_takes_none(self, places: tuple[Place, Place]) -> None:
        """While another one can be written to, however many calls that has."""
        async with all_connected(places) as link, asyncio.TaskGroup() as tasks:
            blocked = link.connections[0]
            blocked.pause_writing()
            hanging = [tasks.create_task(asking(Workshop, link).hang("busy")) for _ in range(5)]
            await until(lambda: sum(place.worker.begun["busy"] for place in places) == 5)
            for _ in range(10):
                assert "a" == await asking(Workshop, link).echo("a")
            for task in hanging:
                task.cancel()
            blocked.resume_writing()
        assert [0, 10] == [place.worker.begun["echo"] for place in places]

    async def test_the_first_that_can_be_written_to_again(self, places: tuple[Place, Place]) -> None:
        """It takes the calls that wait, whichever it is."""
        async with all_connected(places) as link:
            for connection in link.connections:
                connection.pause_writing()
            waiting = [asyncio.create_task(asking(Workshop, link, 60).echo("a")) for _ in range(5)]
            await asyncio.sleep(0)
            link.connections[1].resume_writing()
            async with asyncio.timeout(20):
                assert ["a"] * 5 == await asyncio.gather(*waiting)
        assert [0, 5] == [place.worker.begun["echo"] for place in places]

    async def test_none_that_can_be_written_to(self, places: tuple[Place, Place]) -> None:
        """A call that waits for one to its deadline certainly did not run, and says why."""
        async with all_connected(places) as link:
            for connection in link.connections:
                connection.pause_writing()
            with pytest.raises(Unavailable, match="workshop takes no calls") as caught:
                await asking(Workshop, link, 0.3).big(1)
        assert not caught.value.may_have_run
        assert [0, 0] == [place.worker.begun["big"] for place in places]

    async def test_a_blocked_connection_that_is_lost(self, places: tuple[Place, Place]) -> None:
        """A call that waited to be written on it goes to another one: it was not sent."""
        first, second = places
        await first.open()
        async with linked(places) as link:
            await connected(link, 1)
            link.connections[0].pause_writing()
            task = asyncio.create_task(asking(Workshop, link).big(1))
            await asyncio.sleep(0)
            await second.open()
            await first.kill()
            assert "x" == await task

    async def test_a_connection_whose_end_has_been_seen(self, places: tuple[Place, Place]) -> None:
        """It takes none, also in the moment before the loop says that it is lost: the call waits for the next one."""
        async with all_connected(places[:1]) as link:
            transport = link.connections[0].transport
            assert transport is not None
            transport.abort()
            assert "x" == await asking(Workshop, link).big(1)

    async def test_a_worker_that_is_stopped(self, places: tuple[Place, Place]) -> None:
        """It has nothing to do, and yet gets one call at a time to find out, until it answers one."""
        places[1].worker = stopped = Stopped()
        async with all_connected(places) as link:
            asked = asking(Workshop, link, 1.0)
            one_by_one = [await ending(asked.big(1)) for _ in range(20)]
            at_once = await asyncio.gather(*[ending(asked.big(1)) for _ in range(20)])
            assert [1, 1] == [found.count(("DeadlineExceeded", True)) for found in (one_by_one, at_once)]
            stopped.goes_on.set()
            await asyncio.gather(*[asked.big(1) for _ in range(3)])
            before = places[0].worker.begun["big"], stopped.begun["big"]
            assert "x" * 20 == "".join([await asked.big(1) for _ in range(20)])
            assert (before[0] + 10, before[1] + 10) == (places[0].worker.begun["big"], stopped.begun["big"])


class TestLoss:
    """A worker that is killed."""

    async def test_its_calls_alone_fail(self, places: tuple[Place, Place]) -> None:
        """They may have run; those of the other worker go on, and later ones go there."""
        first, second = places
        async with all_connected(places) as link:
            asked = asking(Workshop, link)
            hanging = [asyncio.create_task(ending(asked.hang("both"))) for _ in range(10)]
            await until(lambda: first.worker.begun["both"] == second.worker.begun["both"] == 5)
            await first.kill()
            await until(lambda: sum(task.done() for task in hanging) == 5)
            assert {("Unavailable", True)} == {task.result() for task in hanging if task.done()}
            assert "a" * 20 == "".join([await asked.echo("a") for _ in range(20)])
            assert 0 == second.worker.cancelled["both"]
            for task in hanging:
                task.cancel()
            await asyncio.wait(hanging)

    async def test_it_comes_back(self, places: tuple[Place, Place]) -> None:
        """Nobody has to call for that, and the link is connected meanwhile."""
        first = places[0]
        async with all_connected(places) as link:
            await first.kill()
            await connected(link, 1)
            assert ("connected", {}) == link.state()
            await first.open()
            await connected(link, 2)

    async def test_nobody_is_left(self, places: tuple[Place, Place]) -> None:
        """Calls wait for whoever comes back first."""
        async with all_connected(places) as link:
            for place in places:
                await place.kill()
            await until(lambda: link.state()[0] == "away")
            waiting = asyncio.create_task(asking(Workshop, link).big(2))
            await asyncio.sleep(0)
            await places[1].open()
            assert "xx" == await waiting

    async def test_who_stands_in_for_it(self, places: tuple[Place, Place]) -> None:
        """A supervisor that answers 503 on the listener of a dead worker says that it is away, and refuses nothing."""
        place, answered = places[0], 0

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal answered
            await reader.readuntil(b"\r\n\r\n")
            answered += 1
            writer.write(b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\n\r\n")
            writer.close()

        listener = await asyncio.start_unix_server(answer, str(place.path))
        async with linked((place,)) as link:
            waiting = asyncio.create_task(asking(Workshop, link).big(1))
            await until(lambda: answered > 1)  # so the first answer has been read
            assert ("away", {}) == link.state()
            assert not link.answered
            listener.close()
            place.path.unlink(missing_ok=True)
            await place.open()
            assert "x" == await waiting


class TestGreeting:
    """Interfaces that are asked for when the link is there already."""

    async def test_it_grows(self, places: tuple[Place, Place]) -> None:
        """The connections of before are replaced, and what was called on them finishes."""
        place = places[0]
        await place.open({NAME: (Workshop, place.worker), "extra.Extra": (Extra, Answer())})
        async with linked(places[:1]) as link:
            early = asyncio.create_task(asking(Workshop, link).hang("early"))
            await until(lambda: place.worker.begun["early"])
            extra = contract_of(Extra)
            link.greeting = {**link.greeting, "extra.Extra": extra}
            method = extra.methods["more"]
            connection = await link.connection(method, asyncio.get_running_loop().time() + 5)
            assert method in connection.indices
            assert "a" == await asking(Workshop, link).echo("a")
            assert (False, 0) == (early.done(), place.worker.cancelled["early"])
            early.cancel()
            await asyncio.wait([early])
        assert 2 == place.greeted

    async def test_it_is_longer_than_a_frame(self, places: tuple[Place, Place]) -> None:
        """So is its answer, and the calls work."""
        interface = wide(CHUNK // 1_000 + 1)
        greeting = {"wide.Wide": contract_of(interface)}
        await places[0].open({"wide.Wide": (interface, Answer())})
        async with linked(places[:1], greeting) as link:
            assert 42 == await asking(interface, link).more()  # type: ignore[attr-defined]  # made at run time
            assert ("connected", {}) == link.state()


def wide(count: int) -> type[object]:
    """An interface with so many more methods, each with a name of more than 1,000 characters."""

    async def more(self: object) -> int: ...  # type: ignore[empty-body]  # a declaration

    names = ["more", *("x" * 1_000 + str(number) for number in range(count))]
    return type("Wide", (), {**dict.fromkeys(names, more), "__module__": __name__})


class Older(Interface, Protocol):
    """The interface one version before: it has no `hang`, and another `big`."""

    async def echo(self, text: str) -> str:
        """The same text."""
        ...

    async def big(self, size: str) -> str:
        """Asked for otherwise."""
        ...


class TestVersions:
    """The old worker and the new one side by side, in the middle of a rolling restart."""

    async def test_a_method_that_one_of_them_has(self, places: tuple[Place, Place]) -> None:
        """It goes there, what both have goes to both, and nothing is reported: every call works."""
        old, new = places
        await old.open({NAME: (Older, old.worker)})
        await new.open()
        async with linked(places) as link:
            await connected(link, 2)
            asked = asking(Workshop, link)
            assert "x" * 10 == "".join([await asked.big(1) for _ in range(10)])
            assert "a" * 10 == "".join([await asked.echo("a") for _ in range(10)])
            assert ("connected", {}) == link.state()
        assert (0, 10) == (old.worker.begun["big"], new.worker.begun["big"])
        assert (5, 5) == (old.worker.begun["echo"], new.worker.begun["echo"])

    async def test_a_method_of_one_that_cannot_be_written_to(self, places: tuple[Place, Place]) -> None:
        """The call waits for it, although somebody else could say at once that it has no such method."""
        old, new = places
        await old.open({NAME: (Older, old.worker)})
        await new.open()
        async with linked(places) as link:
            await connected(link, 2)
            link.connections[1].pause_writing()
            call = asyncio.create_task(asking(Workshop, link).big(3))
            await asyncio.sleep(0)
            link.connections[1].resume_writing()
            assert "xxx" == await call

    async def test_a_method_that_none_of_them_has(self, places: tuple[Place, Place]) -> None:
        """It fails alone and says why; so does readiness, until somebody comes who has it."""
        for place in places:
            await place.open({NAME: (Older, place.worker)})
        async with linked(places) as link:
            await connected(link, 2)
            asked = asking(Workshop, link)
            with pytest.raises(
                Incompatible, match=r"workshop cannot answer Workshop.big: .*integer is not string"
            ) as no:
                await asked.big(3)
            assert not no.value.may_have_run
            assert "a" == await asked.echo("a")
            status, why = link.state()
            assert ("connected", {"Workshop.big", "Workshop.hang"}) == (status, set(why))
            assert "the provider does not have it" == why["Workshop.hang"]
            await places[1].replace()
            await connected(link, 2)
            assert "xxx" == await asked.big(3)
            assert ("connected", {}) == link.state()

    async def test_a_method_of_one_that_is_not_connected_yet(self, places: tuple[Place, Place]) -> None:
        """Whether nobody has it is said when it is known of all of them."""
        old, new = places
        await old.open({NAME: (Older, old.worker)})
        await new.open()
        opened = asyncio.Event()

        async def later(greeting: Greeting) -> ConsumerConnection:
            await opened.wait()
            return await dial_unix(str(new.path))(greeting)

        link = Link("workshop", [dial_unix(str(old.path)), later], GREETING)
        link.connect()
        await connected(link, 1)
        call = asyncio.create_task(asking(Workshop, link).big(3))
        await asyncio.sleep(0)
        opened.set()
        assert "xxx" == await call
        await link.close()

    async def test_one_that_speaks_another_version_of_the_link(self, places: tuple[Place, Place]) -> None:
        """Calls go to the other one; when that is gone they wait for it."""
        place, other = places[0], places[1].path
        await place.open()
        dialled = 0

        def strange() -> asyncio.Protocol:
            nonlocal dialled
            dialled += 1
            return Door(LinkServer({}), (9,))

        listener = await asyncio.get_running_loop().create_unix_server(strange, str(other))
        async with linked(places) as link:
            await connected(link, 1)
            await until(lambda: dialled > 1)  # so the first refusal has been read
            assert "a" == await asking(Workshop, link).echo("a")
            assert ("connected", {}) == link.state()
            await place.kill()
            await connected(link, 0)
            with pytest.raises(Unavailable) as away:
                await link.connection(ECHO, asyncio.get_running_loop().time() + 0.2)
            assert not away.value.may_have_run
        listener.close()
