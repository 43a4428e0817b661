"""Calls between processes are held to the conformance class, and to what only processes can do."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

import pytest

from fissile import App
from fissile.errors import Unavailable
from fissile.project import Defaults

from .conformance import Calling, Conformance, ending, soon
from .processes import Process, Worker, at_all, placed, relay, workers
from .relay.probe.public import Probe


async def linked(
    probes: Sequence[Process], middle: Process, defaults: Defaults | None = None
) -> AsyncIterator[Calling]:
    """This process with front alone, linked to middle and to all that run probe, and to each of these alone."""
    async with AsyncExitStack() as stack:
        calls = []
        for asked in [probes, *([probe] for probe in probes)]:
            app = placed("front", {"probe": at_all(asked), "middle": at_all([middle])}, defaults)
            calls.append(await stack.enter_async_context(app.caller()))
        calling = Calling(calls[0], tuple(calls[1:]))
        with soon(60):
            assert await calling.middle.remaining() > 0  # everybody is connected to everybody
            await calling.notes("connected")
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
        probe, middle = lasting
        async for calling in linked([probe], middle):
            yield calling

    @pytest.fixture
    async def roomy(self) -> AsyncIterator[Calling]:
        """The stubs, with the limit raised."""
        with relay(in_flight=20_000) as (probe, middle):
            async for calling in linked([probe], middle, Defaults(deadline=60)):
                yield calling


@contextmanager
def two_workers(in_flight: int = 1_000) -> Iterator[tuple[list[Worker], Process]]:
    """Two workers that run probe, and a process with middle."""
    with workers(2, in_flight) as found:
        middle = Process(found[0].folder, "middle", {"probe": at_all(found)}, in_flight)
        try:
            middle.start()
            yield found, middle
        finally:
            middle.stop(signal.SIGKILL)


@pytest.fixture(scope="module")
def lasting_workers() -> Iterator[tuple[list[Worker], Process]]:
    """For all tests that leave them alive."""
    with two_workers() as found:
        yield found


class TestWorkersOfOneProcess(Conformance):
    """The same with two workers that run probe, of which any may get a call."""

    workers = 2

    @pytest.fixture
    async def calling(self, lasting_workers: tuple[list[Worker], Process]) -> AsyncIterator[Calling]:
        """The stubs."""
        async for calling in linked(*lasting_workers):
            yield calling

    @pytest.fixture
    async def roomy(self) -> AsyncIterator[Calling]:
        """The stubs, with the limit raised."""
        with two_workers(in_flight=20_000) as (found, middle):
            async for calling in linked(found, middle, Defaults(deadline=60)):
                yield calling


@pytest.fixture(scope="module")
def found() -> Iterator[list[Worker]]:
    """Two workers, which run again after each test."""
    with workers(2) as found:
        yield found


async def connected(app: App, count: int) -> None:
    """Waits until so many workers that run probe take calls."""
    link = next(link for link in app.runtime.peers() if link.peer == "probe")
    async with asyncio.timeout(20):
        while len(link.connections) < count:
            await asyncio.sleep(0.005)


class TestEndsOfWorkers:
    """One of several workers that is killed or replaced, under calls that nobody repeats."""

    @staticmethod
    @asynccontextmanager
    async def calling(found: list[Worker]) -> AsyncIterator[list[list[tuple[str, object]]]]:
        """Calls all the time; gives how the calls of each of eight callers ended."""
        at = at_all(found)
        app = placed("front", {"probe": at, "middle": at}, Defaults(deadline=60))
        endings: list[list[tuple[str, object]]] = [[] for _ in range(8)]
        stop = False

        async def ask(mine: list[tuple[str, object]]) -> None:
            while not stop:
                mine.append(await ending(call(Probe).many("key")))

        async with app.caller() as call:
            await connected(app, len(found))
            async with asyncio.timeout(300), asyncio.TaskGroup() as tasks:
                for mine in endings:
                    tasks.create_task(ask(mine))
                try:
                    yield endings
                finally:
                    stop = True

    @staticmethod
    async def more(endings: list[list[tuple[str, object]]], calls: int = 200) -> None:
        """Waits until so many more calls have ended."""
        before = sum(map(len, endings))
        async with asyncio.timeout(20):
            while sum(map(len, endings)) < before + calls:
                await asyncio.sleep(0.005)

    async def test_one_is_killed(self, found: list[Worker]) -> None:
        """Its calls in flight may have run, each caller's next one is answered, and it gets calls when it is back."""
        async with self.calling(found) as endings:
            await self.more(endings)
            found[0].stop(signal.SIGKILL)
            await self.more(endings)
            await asyncio.get_running_loop().run_in_executor(None, found[0].start)
            await self.more(endings)
        failed = [[how for how in mine if how[0] != "value"] for mine in endings]
        assert {("Unavailable", True)} >= {how for mine in failed for how in mine}
        assert {0, 1} >= {len(mine) for mine in failed}

    async def test_one_is_stopped(self, found: list[Worker]) -> None:
        """It costs the first call that it gets, and the others go to who answers (several at once: test_pool.py)."""
        at = at_all(found)
        app = placed("front", {"probe": at, "middle": at}, Defaults(deadline=1))
        async with app.caller() as call:
            await connected(app, len(found))
            found[0].signal(signal.SIGSTOP)
            try:
                endings = [(await ending(call(Probe).many("key")))[0] for _ in range(20)]
            finally:
                found[0].signal(signal.SIGCONT)
        assert ["DeadlineExceeded"] + ["value"] * 19 == sorted(endings)

    @pytest.mark.acceptance
    async def test_all_are_replaced(self, found: list[Worker]) -> None:
        """One after the other, ten times: no call fails (without processes: test_pool.py)."""
        async with self.calling(found) as endings:
            for _ in range(10):
                for worker in found:
                    await self.more(endings)
                    await asyncio.get_running_loop().run_in_executor(None, worker.replace)
            await self.more(endings)
        assert {"value"} == {how for mine in endings for how, _ in mine}


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
        probe, middle = processes
        async for calling in linked([probe], middle, Defaults(deadline=60)):
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
