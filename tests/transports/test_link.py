"""Calls between processes are held to the conformance class, and to what only processes can do."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator

import pytest

from fissile.errors import Unavailable
from fissile.project import Defaults

from .conformance import Calling, Conformance, ending, soon
from .processes import Process, placed, relay


async def linked(probe: Process, middle: Process, defaults: Defaults | None = None) -> AsyncIterator[Calling]:
    """This process with front alone, linked to the other two."""
    app = placed("front", {"probe": f"unix:{probe.socket}", "middle": f"unix:{middle.socket}"}, defaults)
    async with app.caller() as call:
        calling = Calling(call)
        with soon(60):
            assert await calling.middle.remaining() > 0  # everybody is connected to everybody
            await calling.probe.nothing()
        yield calling


@pytest.fixture(scope="module")
def lasting() -> Iterator[tuple[Process, Process]]:
    """Two processes for all tests that leave them alive."""
    with relay() as processes:
        yield processes


class TestLink(Conformance):
    """Over Unix sockets: front here, middle and probe in a process each."""

    @pytest.fixture
    async def calling(self, lasting: tuple[Process, Process]) -> AsyncIterator[Calling]:
        """The stubs."""
        async for calling in linked(*lasting):
            yield calling

    @pytest.fixture
    async def roomy(self) -> AsyncIterator[Calling]:
        """The stubs, with the limit raised."""
        with relay(in_flight=20_000) as processes:
            async for calling in linked(*processes, Defaults(deadline=60)):
                yield calling


class TestEndsOfProcesses:
    """A provider that is killed, restarted, or away."""

    @pytest.fixture
    def processes(self) -> Iterator[tuple[Process, Process]]:
        """The other two processes."""
        with relay() as processes:
            yield processes

    @pytest.fixture
    async def calling(self, processes: tuple[Process, Process]) -> AsyncIterator[Calling]:
        """The stubs, with time enough for a process to start again."""
        async for calling in linked(*processes, Defaults(deadline=60)):
            yield calling

    async def test_killed_before_the_method(self, processes: tuple[Process, Process], calling: Calling) -> None:
        """Once the end of the connection has been noticed, a call certainly did not run."""
        processes[0].stop(signal.SIGKILL)
        with soon(30):
            while (await ending(calling.probe.nothing()))[0] != "Unavailable":
                await asyncio.sleep(0.005)
        with soon(0.3):
            assert ("Unavailable", False) == await ending(calling.probe.many("before"))

    async def test_killed_during_the_method(self, processes: tuple[Process, Process], calling: Calling) -> None:
        """The call may have run, and is not repeated unless it is idempotent."""
        await calling.probe.echo("connected")
        task = asyncio.create_task(ending(calling.probe.hang("during")))
        await calling.noted("during", "began")
        processes[0].stop(signal.SIGKILL)
        assert ("Unavailable", True) == await task

    async def test_killed_by_the_method(self, calling: Calling) -> None:
        """A method that ends its own process ends as any other death."""
        assert ("Unavailable", True) == await ending(calling.probe.die("now"))

    async def test_killed_after_the_method(self, processes: tuple[Process, Process], calling: Calling) -> None:
        """What was answered is there when the provider is back, and calls work again by themselves."""
        await calling.probe.write("answered")
        processes[0].stop(signal.SIGKILL)
        processes[0].start()
        assert ("answered",) == await calling.probe.rows()

    async def test_an_idempotent_call_survives_a_kill(
        self, processes: tuple[Process, Process], calling: Calling
    ) -> None:
        """It is tried again inside its deadline, when the provider is back."""
        await calling.probe.echo("connected")
        loop = asyncio.get_running_loop()
        processes[0].stop(signal.SIGKILL)
        back = loop.run_in_executor(None, processes[0].start)
        assert await calling.probe.echo("again") == "again"
        await back

    async def test_a_graceful_restart_fails_no_idempotent_call(
        self, processes: tuple[Process, Process], calling: Calling
    ) -> None:
        """Calls in flight finish, later ones wait for the new process."""
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        answered = 0

        async def ask() -> None:
            nonlocal answered
            while not stop.is_set():
                assert await calling.probe.echo("x") == "x"
                answered += 1

        async def restart() -> None:
            for _ in range(2):
                assert await loop.run_in_executor(None, processes[0].stop) in (0, -signal.SIGTERM)
                await loop.run_in_executor(None, processes[0].start)
                before = answered
                while answered <= before + 8:
                    await asyncio.sleep(0.01)
            stop.set()

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(restart())
            for _ in range(8):
                tasks.create_task(ask())
        assert answered > 16

    async def test_a_drain_lets_calls_finish(self, processes: tuple[Process, Process], calling: Calling) -> None:
        """A call that is in flight when its process is asked to end gets its result; then the process ends well."""
        task = asyncio.create_task(ending(calling.probe.finish_after_signal("drain")))
        await calling.noted("drain", "began")
        processes[0].signal(signal.SIGTERM)
        assert ("value", "finished") == await task
        assert await asyncio.get_running_loop().run_in_executor(None, processes[0].ended) in (0, -signal.SIGTERM)

    async def test_a_peer_that_stays_away(self, processes: tuple[Process, Process], calling: Calling) -> None:
        """Calls wait for it until their deadline, and certainly did not run."""
        processes[0].stop(signal.SIGKILL)
        with soon(1), pytest.raises(Unavailable):
            await calling.probe.echo("lost or away")
        with soon(1):
            assert ("Unavailable", False) == await ending(calling.probe.many("away"))
