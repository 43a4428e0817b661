"""A process that does not start, for as long as that takes."""

import asyncio
import signal

import pytest

from fissile.supervisor.child import Child
from fissile.supervisor.worker import LONGEST_PAUSE, Worker


async def test_a_process_that_has_not_started_for_hours(caplog: pytest.LogCaptureFixture) -> None:
    """It is tried again after the longest pause, however often that was: the supervisor goes on."""

    async def start() -> Child:
        raise OSError("no memory")

    worker = Worker("trade", "trade", start, None, drain=1.0)
    worker.failures = 2_000
    running = asyncio.create_task(worker.run())
    async with asyncio.timeout(20):
        while worker.state != "waiting":
            await asyncio.sleep(0)
    await worker.end(signal.SIGTERM, 1.0)
    await running
    assert f"2001 times in a row: it starts again in {LONGEST_PAUSE} s" in caplog.text
