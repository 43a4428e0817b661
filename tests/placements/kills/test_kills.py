"""Whatever is killed, what was answered is true, and everything is back by itself."""

import random
import signal
import sys
from collections.abc import Callable
from statistics import median

import pytest

from .load import Load
from .town import Town, Window

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc"),
]

KILLS = 50
BACK = 15.0
"""Seconds within which everything is back; three times the promise, since the machine may be busy with other things."""


async def test_kill_9_under_load(town: Town, tell: Callable[[str], None]) -> None:
    """Killed 50 times at random, it never lies, refuses by problem documents, is back at once and leaves nothing."""
    rng = random.Random(3)
    windows: list[Window] = []
    await town.start()
    load = Load(town.port)
    async with load.running():
        for name in _chosen(rng, [target.name for target in await town.targets()]):
            await load.further(rng.randrange(20, 300))
            target = next(target for target in await town.targets() if target.name == name)
            windows.append(await town.kill(target, load))
        await load.further(200)
    _tell_all(windows, load, tell)
    lost = [answer for answer in load.of("lost") if not any(window.excuses(answer) for window in windows)]
    assert ([], [], []) == (list(map(str, load.of("wrong"))), list(map(str, lost)), await town.lies(load))
    town.send(signal.SIGTERM)
    assert 0 == await town.ended()
    assert [] == town.left_behind()
    assert max(window.seconds for window in windows) < BACK


def _chosen(rng: random.Random, names: list[str]) -> list[str]:
    """What is killed, one after another: each about as often as the others, in no order."""
    chosen = (names * (KILLS // len(names) + 1))[:KILLS]
    rng.shuffle(chosen)
    return chosen


def _tell_all(windows: list[Window], load: Load, tell: Callable[[str], None]) -> None:
    for name in sorted({window.target.name for window in windows}):
        times = [window.seconds for window in windows if window.target.name == name]
        tell(f"{name}: killed {len(times)} times, back after {median(times):.1f} s, at most {max(times):.1f} s")
    tell(f"{load.answers} requests, {load.counts['refused']} refused, {load.counts['lost']} lost their connection")
