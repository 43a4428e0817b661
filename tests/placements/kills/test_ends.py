"""The end under load: what was accepted is answered, and then everything is gone."""

import signal
import sys
import time
from collections.abc import Callable

import pytest

from .load import Load
from .town import Town

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc"),
]

AT_ONCE = 10.0
"""Seconds; five times the promise of Ctrl-C, and far less than requests in flight get after SIGTERM."""


async def test_sigterm_under_load(town: Town, tell: Callable[[str], None]) -> None:
    """Whoever was let in is answered, nobody else is let in, and nothing is left."""
    await town.start()
    load = Load(town.port)
    async with load.running():
        await load.further(1_000)
        seconds = await _seconds_to_end(town, load, signal.SIGTERM, 0)
    tell(f"gone {seconds:.1f} s after SIGTERM, {load.answers} requests answered")
    assert [] == list(map(str, load.odd))
    await town.start()
    assert [] == await town.lies(load)


async def test_ctrl_c_under_load(town: Town, tell: Callable[[str], None]) -> None:
    """Everything is gone at once; what had been answered is true."""
    await town.start()
    load = Load(town.port)
    async with load.running():
        await load.further(1_000)
        seconds = await _seconds_to_end(town, load, signal.SIGINT, 130)
    tell(f"gone {seconds:.1f} s after Ctrl-C")
    assert seconds < AT_ONCE
    assert [] == list(map(str, load.of("wrong")))
    assert "Traceback" not in town.said()
    await town.start()
    assert [] == await town.lies(load)


async def _seconds_to_end(town: Town, load: Load, number: signal.Signals, code: int) -> float:
    load.ending = True
    began = time.monotonic()
    town.send(number)
    assert code == await town.ended()
    assert [] == town.left_behind()
    return time.monotonic() - began
