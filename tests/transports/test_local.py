"""Calls in one process, handed over and over the wire, are held to the conformance class."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fissile import App
from fissile.project import Defaults, Placement

from .conformance import Calling, Conformance
from .processes import PACKAGE


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


class TestWire(TestLocal):
    """Through codec and link in one process."""

    wire = True
