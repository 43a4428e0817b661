"""A process that hangs: it is told, replaced, and left alone in development."""

import asyncio
import os
import signal
import sys

import pytest

from fissile.supervisor.child import Child, Command, start
from fissile.supervisor.logs import Stream
from fissile.supervisor.worker import HUNG, UNANSWERING, Worker
from tests.cli.terminal import PATIENCE

from .test_overtaken import seen

BEATING = """
import os, sys, time
while True:
    os.write(int(sys.argv[1]), b'{"status": "ready"}\\n')
    time.sleep(0.01)
"""


@pytest.mark.parametrize("develops", [False, True])
async def test_a_process_that_is_stopped(caplog: pytest.LogCaptureFixture, develops: bool) -> None:
    """It is not answering after some seconds, later killed, and started again; in development it is left alone."""
    worker = Worker("trade", "trade", lambda: beating(), None, drain=1.0, waits=develops)
    running = asyncio.create_task(worker.run())
    await seen(lambda: worker.state == "ready")
    hanging = worker.child
    assert hanging is not None
    hanging.send(signal.SIGSTOP)
    await asyncio.to_thread(os.waitid, os.P_PID, hanging.pid, os.WSTOPPED | os.WNOWAIT)
    await drained()
    hanging.excuse(-UNANSWERING)
    worker.look(late=UNANSWERING)  # nobody listened then
    assert "ready" == worker.state
    hanging.excuse(-UNANSWERING)
    worker.look(late=0.0)
    assert ("not answering", ["trade does not answer"]) == (worker.state, caplog.messages)
    hanging.excuse(-HUNG)
    worker.look(late=0.0)
    if develops:
        assert 1 == len(caplog.messages)
        hanging.send(signal.SIGCONT)
        await seen(lambda: hanging.silence < UNANSWERING)
        worker.look(late=0.0)
        assert ("ready", hanging) == (worker.state, worker.child)
    else:
        assert f"trade has not answered for {HUNG:.0f} s: it is killed" == caplog.messages[-1]
        await seen(lambda: worker.state == "ready" and worker.child is not hanging)
        assert -signal.SIGKILL == worker.last_code
    async with asyncio.timeout(PATIENCE):
        await worker.end(signal.SIGKILL, PATIENCE)
        await running


async def beating() -> Child:
    """A process that is ready, and says so again and again."""
    words = [sys.executable, "-I", "-S", "-c", BEATING, "{announce}"]
    return await start(Command(words, os.environ), "trade", Stream(sys.stderr, [], colour=False))


async def drained() -> None:
    """Let the loop take what a process said before it was stopped."""
    for _ in range(10):
        await asyncio.sleep(0)
