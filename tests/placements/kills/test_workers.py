"""One of three workers is killed or stopped, or the runtime folder is removed: the others answer, and nobody waits."""

import asyncio
import os
import random
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable

import pytest

from .desk import PLACEMENTS
from .load import Load
from .town import PATIENCE, TICK, Town

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc"),
]

FAULTS = {"killed": 35, "stopped": 5, "stopped for a while": 5, "removed": 5}

DEADLINE = 4.0
"""Seconds in which every answer has to begin, as the placements.toml of the town says: more than those of a call."""

MARGIN = 4.0
"""Seconds for the gateway, which gives a process that hangs one more, and for a busy machine."""

THREE = PLACEMENTS.replace("workers = 2", "workers = 3").replace(
    "[defaults]\n", f'[defaults]\nanswer = "{DEADLINE:.0f}s"\n'
)


async def test_one_of_three_workers(town: Town, tell: Callable[[str], None]) -> None:
    """Of 50 faults under load none is a lie, none lets a request wait past its deadline, and none goes unanswered."""
    rng = random.Random(11)
    faults = [name for name, times in FAULTS.items() for _ in range(times)]
    rng.shuffle(faults)
    town.terminal.write({"shop/placements.toml": THREE})
    await town.start()
    load = Load(town.port)
    refused: Counter[str] = Counter()
    async with load.running():
        await load.further(200)
        for name in faults:
            before = load.counts["refused"]
            await cause(name, rng, town, load)
            refused[name] += load.counts["refused"] - before
        await load.further(200)
    for name, times in FAULTS.items():
        tell(f"{name} {times} times: {refused[name]} requests refused")
    tell(f"{load.answers} requests, {load.counts['lost']} lost, the slowest answer after {load.slowest:.1f} s")
    assert ([], []) == (list(map(str, load.of("wrong"))), list(map(str, load.of("lost"))))
    assert [] == await town.lies(load)
    assert load.slowest < DEADLINE + MARGIN
    town.send(signal.SIGTERM)
    assert 0 == await town.ended()
    assert [] == town.left_behind()


async def cause(name: str, rng: random.Random, town: Town, load: Load) -> None:
    """Cause one fault, ask during it, and wait until all three workers are ready."""
    worker = rng.choice([target for target in await town.targets() if target.name.startswith("trade.")])
    match name:
        case "killed":
            os.kill(worker.pid, signal.SIGKILL)
        case "removed":
            shutil.rmtree(next(town.runtime.iterdir()))
            await load.further(100)
        case _:
            os.kill(worker.pid, signal.SIGSTOP)
            await load.further(100)
            if name == "stopped for a while":
                os.kill(worker.pid, signal.SIGCONT)
    await all_ready(town, worker.pid if name in ("killed", "stopped") else 0)


async def all_ready(town: Town, without: int) -> None:
    """Wait until every process is ready, and none of them is this one."""
    end = time.monotonic() + PATIENCE
    while not (any(town.runtime.iterdir()) and await town.is_ready(without)):
        assert time.monotonic() < end, f"it is not back:\n{town.said()[-3000:]}"
        await asyncio.sleep(TICK)
