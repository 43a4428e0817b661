"""Calls in one process, handed over and over the wire, are held to the conformance class."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fissile import App, ComponentError
from fissile.errors import CallFailed
from fissile.project import Defaults, Placement

from .conformance import Calling, Conformance
from .processes import PACKAGE
from .relay.probe.public import Undeclared


async def assembled(folder: Path, monkeypatch: pytest.MonkeyPatch, placement: Placement) -> AsyncIterator[Calling]:
    """The relay application in this process."""
    monkeypatch.setenv("FISSILE_STATE", str(folder))
    app = App(PACKAGE)
    app.placement = placement
    async with app.caller() as call:
        yield Calling(call)


class TestLocal(Conformance):
    """Handed over in one process."""

    wire = False

    @pytest.fixture
    async def calling(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Calling]:
        """The stubs, with the limits as they are unless configured."""
        async for calling in assembled(tmp_path, monkeypatch, Placement(wire=self.wire)):
            yield calling

    @pytest.fixture
    async def roomy(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Calling]:
        """The stubs, with the limit raised."""
        placement = Placement(wire=self.wire, defaults=Defaults(in_flight=20_000, deadline=60))
        async for calling in assembled(tmp_path, monkeypatch, placement):
            yield calling


async def test_a_failure_keeps_its_cause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A -> B -> C in one process: what A gets leads to the exception that C raised, and not to itself."""
    async for calling in assembled(tmp_path, monkeypatch, Placement()):
        with pytest.raises(CallFailed) as caught:
            await calling.middle.refuse()
        assert isinstance(caught.value.__cause__, ComponentError)
        with pytest.raises(CallFailed) as caught:
            await calling.middle.undeclared()
        assert isinstance(caught.value.__cause__, Undeclared)


class TestWire(TestLocal):
    """Through codec and link in one process."""

    wire = True
