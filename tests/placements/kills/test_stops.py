"""A process that hangs, and one that ends again and again."""

import os
import signal
import sys
from collections.abc import Callable

import pytest

from .client import Answer, Client
from .load import Load
from .town import Town

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc"),
]

DEADLINE = 2.0
"""Seconds of every call of the town, as its placements.toml says."""

MARGIN = 3.0
"""Seconds that an answer may come after the deadline on a busy machine."""


async def test_calls_to_a_process_that_hangs_end_by_their_deadlines(town: Town, tell: Callable[[str], None]) -> None:
    """Whoever calls it is told in time, and nothing that was told is untrue when it goes on."""
    await town.start()
    load = Load(town.port)
    client = Client(town.port)
    async with load.running():
        await load.further(500)
        hanging = [target.pid for target in await town.targets() if target.name.startswith("trade")]
        for pid in hanging:
            os.kill(pid, signal.SIGSTOP)
        for kind in ("record", "place"):
            answer = await client.ask(load.next(kind))
            tell(f"{kind}: {answer.status} after {answer.ended - answer.began:.1f} s")
            assert (504, "deadline_exceeded") == (answer.status, answer.json()["code"])
            assert answer.ended - answer.began < DEADLINE + MARGIN
        for pid in hanging:
            os.kill(pid, signal.SIGCONT)
        await load.further(500)
    await client.close()
    assert {504} == {answer.status for answer in load.odd}
    assert [] == list(map(str, load.of("wrong")))
    assert [] == await town.lies(load)


async def test_a_crash_loop_is_answered_for(town: Town, tell: Callable[[str], None]) -> None:
    """While a process that ended often waits for its next start, whoever asks is told to come again."""
    await town.start()
    load = Load(town.port)
    async with load.running():
        for _ in range(6):
            people = next(target for target in await town.targets() if target.name == "people")
            tell(f"back after {(await town.kill(people, load)).seconds:.1f} s")
    tell(f"{load.answers} requests, {len(load.odd)} refused")
    assert [] == [str(answer) for answer in load.odd if answer.verdict != "refused"]
    told = {
        (answer.request.kind, answer.status, answer.headers.get("retry-after"), said(answer)) for answer in load.odd
    }
    assert ("user", 503, "1", "The process that answers here has ended, and is started again.") in told
    assert [] == await town.lies(load)


def said(answer: Answer) -> object:
    """What a problem document says to people."""
    return answer.json().get("detail")
