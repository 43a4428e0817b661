"""Calls between processes that were started as users start them, with ``fissile run --process``."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from fissile import App
from fissile.project import find, read_placements
from fissile.testing.processes import Processes

from .conformance import Calling, Conformance, soon
from .processes import PACKAGE

pytestmark = pytest.mark.acceptance

ROOMY = """
[defaults]
deadline = "1m"
in_flight = 20_000
"""


@contextmanager
def booted(placements: str = "") -> Iterator[Processes]:
    """The relay application with a process for each component, from a copy with this ``placements.toml``."""
    with tempfile.TemporaryDirectory(prefix="f-") as name:
        root, found = Path(name), find(PACKAGE)
        folder = root.joinpath(*PACKAGE.split("."))
        shutil.copytree(found.folder, folder, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "placements.toml").write_text(placements)
        project = replace(found, root=root, folder=folder)
        (root / "state").mkdir()
        processes = Processes(project, read_placements(project).named("apart"), root / "state", os.environ)
        try:
            yield processes
        finally:
            processes.close()


async def linked(processes: Processes) -> AsyncIterator[Calling]:
    """This process with front alone, linked to the others."""
    app = App(PACKAGE)
    app.view = processes.placement.alone({"front"}, "front", processes.sockets)
    async with app.caller() as call:
        calling = Calling(call)
        with soon(60):
            assert await calling.middle.remaining() > 0  # everybody is connected to everybody
            await calling.probe.nothing()
        yield calling


@pytest.fixture(scope="module")
def lasting() -> Iterator[Processes]:
    """Processes for all tests."""
    with booted() as processes:
        yield processes


class TestApart(Conformance):
    """Front here, middle and probe in processes of the placement `apart`."""

    @pytest.fixture
    async def calling(self, lasting: Processes) -> AsyncIterator[Calling]:
        """The stubs."""
        async for calling in linked(lasting):
            yield calling

    @pytest.fixture
    async def roomy(self) -> AsyncIterator[Calling]:
        """The stubs, with the limit raised."""
        with booted(ROOMY) as processes:
            async for calling in linked(processes):
                yield calling
