"""Calls in one process, handed over and over the wire, are held to the conformance class."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fissile import App, ComponentError
from fissile.errors import CallFailed, Unavailable
from fissile.project import Defaults, View

from .conformance import Calling, Conformance, soon
from .processes import PACKAGE
from .relay.probe.public import Undeclared


async def assembled(folder: Path, monkeypatch: pytest.MonkeyPatch, view: View) -> AsyncIterator[Calling]:
    """The relay application in this process."""
    monkeypatch.setenv("FISSILE_STATE", str(folder))
    app = App(PACKAGE)
    app.view = view
    async with app.caller() as call:
        calling = Calling(call)
        assert await calling.middle.remaining() > 0  # everybody is connected to everybody
        yield calling


class TestLocal(Conformance):
    """Handed over in one process."""

    wire = False
    endings_in_the_middle: tuple[str, ...] = ("DeadlineExceeded",)  # one deadline, which every call inside it meets

    @pytest.fixture
    async def calling(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Calling]:
        """The stubs, with the limits as they are unless configured."""
        async for calling in assembled(tmp_path, monkeypatch, View(wire=self.wire)):
            yield calling

    @pytest.fixture
    async def roomy(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Calling]:
        """The stubs, with the limit raised."""
        view = View(wire=self.wire, defaults=Defaults(in_flight=20_000, deadline=60))
        async for calling in assembled(tmp_path, monkeypatch, view):
            yield calling


async def test_a_failure_keeps_its_cause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A -> B -> C in one process: what A gets leads to the exception that C raised, and not to itself."""
    async for calling in assembled(tmp_path, monkeypatch, View()):
        with pytest.raises(CallFailed) as caught:
            await calling.middle.refuse()
        assert isinstance(caught.value.__cause__, ComponentError)
        with pytest.raises(CallFailed) as caught:
            await calling.middle.undeclared()
        assert isinstance(caught.value.__cause__, Undeclared)


class TestWire(TestLocal):
    """Through codec and link in one process."""

    wire = True
    endings_in_the_middle = Conformance.endings_in_the_middle


@pytest.mark.parametrize("wire", [False, True], ids=["together", "wire"])
class TestTheEnd:
    """What an application does when its lifespan ends."""

    @pytest.fixture
    def app(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wire: bool) -> App:
        """The relay application."""
        monkeypatch.setenv("FISSILE_STATE", str(tmp_path))
        app = App(PACKAGE)
        app.view = View(wire=wire)
        return app

    @pytest.mark.parametrize("in_flight", [True, False], ids=["in flight", "about to begin"])
    async def test_calls_in_flight_finish(self, app: App, in_flight: bool) -> None:
        """Also those that have to make further calls for it, and need a connection for the first of them."""
        async with app.caller() as call:
            calling = Calling(call)
            with soon(30):
                task = asyncio.create_task(calling.middle.ask_twice("end"))
                while in_flight and not app.runtime.live["probe"].gate.in_flight:
                    await asyncio.sleep(0.005)
                ending = asyncio.create_task(app.runtime.server.drain(20))
                while not app.runtime.server.draining:
                    await asyncio.sleep(0)
                while not await calling.probe.open_gate("end"):
                    await asyncio.sleep(0.005)
                assert "end" == await task
                await ending

    async def test_a_long_result_on_its_way(self, app: App) -> None:
        """It arrives whole."""
        gate = "x" * 1_000_000
        async with app.caller() as call:
            calling = Calling(call)
            task = asyncio.create_task(calling.probe.wait_for(gate))
            with soon(30):
                while not await calling.probe.open_gate(gate):
                    await asyncio.sleep(0)
        assert gate == await task

    async def test_no_call_is_taken_afterwards(self, app: App) -> None:
        """A task that goes on opens nothing that nobody would close."""
        async with app.caller() as call:
            calling = Calling(call)
            await calling.probe.nothing()
        with soon(1), pytest.raises(Unavailable) as caught:
            await calling.probe.nothing()
        assert not caught.value.may_have_run
        async with app.caller():
            await calling.probe.nothing()

    async def test_whoever_starts_it_ends_it_after_the_last(self, app: App) -> None:
        """One of two callers that overlap does not end the application under the other."""
        began, go = asyncio.Event(), asyncio.Event()

        async def first() -> None:
            async with app.caller():
                began.set()
                await go.wait()

        task = asyncio.create_task(first())
        await began.wait()
        async with app.caller() as call:
            go.set()
            for _ in range(3):
                await Calling(call).probe.write("open")
        await task
        assert not app.runtime.running
