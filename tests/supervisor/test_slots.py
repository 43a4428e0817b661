"""The start of many processes on a machine that has room for few."""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from fissile.supervisor.child import Child, Command, start
from fissile.supervisor.logs import Stream
from fissile.supervisor.status import progress
from fissile.supervisor.worker import Worker
from tests.cli.terminal import PATIENCE

from .test_overtaken import seen

PEERS, SLOTS = 8, 2

NEEDS_ALL = """
import os, pathlib, signal, sys, time
announce, folder, number, peers = int(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
while not (folder / f"may-load-{number}").exists():
    time.sleep(0.001)
os.write(announce, b"{}\\n")
(folder / f"loaded-{number}").touch()
while len(list(folder.glob("loaded-*"))) < peers:
    time.sleep(0.001)
os.write(announce, b'{"status": "ready"}\\n')
signal.pause()
"""
"""A process that loads its code once it may, and is ready when all are there."""


async def test_few_processes_load_their_code_at_once(tmp_path: Path) -> None:
    """A process starts when another has loaded its code, not when that is ready, which may take this one."""
    started: list[int] = []

    def worker(number: int) -> Worker:
        async def start_it() -> Child:
            started.append(number)
            words = [sys.executable, "-I", "-S", "-c", NEEDS_ALL, "{announce}", str(tmp_path), str(number), str(PEERS)]
            return await start(Command(words, os.environ), str(number), Stream(sys.stderr, [], colour=False))

        return Worker(f"p{number}", "p", start_it, None, drain=1.0, slots=slots)

    slots = asyncio.Semaphore(SLOTS)
    workers = [worker(number) for number in range(PEERS)]
    running = [asyncio.create_task(one.run()) for one in workers]
    for number in range(PEERS):
        due = min(number + SLOTS, PEERS)
        await seen(partial(is_running, workers, due))
        assert due == len(started)
        line = progress(workers, ["the API document"])
        assert line.startswith(f"0 of {PEERS} processes are ready, not ready yet: p0 (starting); p1 (starting); ")
        assert line.endswith(f"; and {PEERS + 1 - 5} more")
        (tmp_path / f"may-load-{number}").touch()
    await seen(lambda: all(one.state == "ready" for one in workers))
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*[one.end(signal.SIGKILL, PATIENCE) for one in workers], *running)


def is_running(workers: Sequence[Worker], count: int) -> bool:
    """Return True if so many of them run."""
    return sum(worker.child is not None for worker in workers) == count


async def test_a_process_in_the_queue_holds_up_no_end(tmp_path: Path) -> None:
    """A process that waits for its turn is never started once all are to end."""

    async def start_it() -> Child:
        raise AssertionError("it was started")

    slots = asyncio.Semaphore(1)
    await slots.acquire()
    worker = Worker("p", "p", start_it, None, drain=1.0, slots=slots)
    running = asyncio.create_task(worker.run())
    await asyncio.sleep(0)
    async with asyncio.timeout(PATIENCE):
        await worker.end(signal.SIGINT, PATIENCE)
        slots.release()
        await running
