"""A restart that is overtaken by the end of the supervisor: whoever asked for it is told so."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from io import StringIO

import pytest

from fissile.supervisor.child import Child, Command, start
from fissile.supervisor.logs import Stream
from fissile.supervisor.worker import NotReplaced, Worker
from tests.cli.terminal import PATIENCE

from .works import Works

ENDED = "the supervisor ended meanwhile: trade was not replaced"

READY = 'import os, sys, time; os.write(int(sys.argv[1]), b\'{"status": "ready"}\\n\'); time.sleep(600)'
STUCK = "import time; time.sleep(600)"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_the_command_says_it(works: Works, number: signal.Signals, code: int) -> None:
    """With exit code 1, while the new process is not ready yet."""
    running, _ = works.apart()
    works.write({"stuck": ""})
    with ThreadPoolExecutor(1) as pool:
        restarting = pool.submit(works.run, "restart", "trade")
        running.hears("trade is replaced")
        assert code == running.end(number)
        done = restarting.result()
    assert (1, f"error: {ENDED}\n") == (done.code, done.err)


async def started(code: str) -> Child:
    """A process that runs this."""
    words = [sys.executable, "-I", "-S", "-c", code, "{announce}"]
    return await start(Command(words, os.environ), "trade", Stream(StringIO(), [], colour=False))


async def seen(condition: Callable[[], object]) -> None:
    """Waits for a condition."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0)


async def test_a_process_that_is_started_in_a_pause() -> None:
    """The restart does not wait until it is ready."""
    starts = iter([None, STUCK])

    async def start_it() -> Child:
        if (code := next(starts)) is None:
            raise OSError("no memory")
        return await started(code)

    worker = Worker("trade", "trade", start_it, None, drain=1.0)
    worker.failures = 2_000  # so that the pause is long
    running = asyncio.create_task(worker.run())
    await seen(lambda: worker.state == "waiting")
    replacing = asyncio.create_task(worker.replace())
    await seen(lambda: worker.child)
    await worker.end(signal.SIGTERM, PATIENCE)
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(NotReplaced, match=ENDED):
            await replacing
        await running


async def test_a_new_process_that_nobody_takes_any_more() -> None:
    """What would have run it from now on has left already: the old process had ended, and all were to end."""
    worker = Worker("trade", "trade", partial(started, READY), None, drain=1.0)
    worker.child = await started(READY)
    replacing = asyncio.create_task(worker.replace())
    await seen(lambda: worker._successor)
    children = worker.children()
    await worker.end(signal.SIGTERM, PATIENCE)
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(NotReplaced, match=ENDED):
            await replacing
    assert [True, True] == [child.has_ended for child in children]
