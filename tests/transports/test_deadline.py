"""Deadlines, where they end what is not a call that took too long."""

from __future__ import annotations

import asyncio
import gc
import weakref

import pytest

from fissile.errors import DeadlineExceeded
from fissile.transports.deadline import Deadline


async def past(seconds_ago: float) -> None:
    """Waits inside a deadline that has passed."""
    loop = asyncio.get_running_loop()
    with Deadline(loop.time() - seconds_ago, "it", loop):
        await asyncio.sleep(0)


@pytest.mark.parametrize("ending", [GeneratorExit, KeyboardInterrupt, SystemExit])
async def test_the_end_of_the_process_is_not_about_time(ending: type[BaseException]) -> None:
    """A coroutine that is closed, or a process that ends, past a deadline is not a call that took too long."""
    waiting = past(1)
    waiting.send(None)
    with pytest.raises(ending):
        waiting.throw(ending())
    task = asyncio.current_task()
    assert task is not None
    assert 0 == task.cancelling()
    with pytest.raises(DeadlineExceeded):
        await past(1)  # nothing of the first one is left


def test_loops_that_have_ended_are_forgotten() -> None:
    """All but the last one, which is kept so that the next call finds its timers at once."""
    ended = []
    for _ in range(4):
        with asyncio.Runner() as runner:
            with pytest.raises(DeadlineExceeded):
                runner.run(past(1))
            ended.append(weakref.ref(runner.get_loop()))
    gc.collect()
    assert [True, True, True] == [loop() is None for loop in ended[:-1]]
