"""The end of all processes: in order after SIGTERM, at once after Ctrl-C, and without a trace."""

import asyncio
import io
import os
import signal
import socket
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from httpx2 import Client, Response, TransportError

from fissile.supervisor.child import Command, start
from fissile.supervisor.logs import Stream
from tests.cli.terminal import Running

from .project import PLACEMENTS
from .screen import CTRL_C
from .works import Works, until

LESS_THAN_A_DRAIN = 20
"""Seconds that are many times what Ctrl-C may take, and fewer than a request in flight gets after SIGTERM."""

DEAF = "orders/deaf"
"""The route that has its process swallow every signal that can be swallowed."""


def is_open(url: str) -> bool:
    """Whether somebody is let in."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(url.rpartition(":")[2]))) == 0


@contextmanager
def asked(url: str, path: str) -> Iterator[Future[Response]]:
    """A request that is in flight while the block runs; how it ends is not asked."""
    with Client(base_url=url, timeout=60) as client, ThreadPoolExecutor(1) as pool:
        answer = pool.submit(client.get, path)
        yield answer
        answer.exception()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_sigterm_lets_requests_finish(works: Works, number: signal.Signals) -> None:
    """Nobody else is let in meanwhile, then all is closed, and nothing is left."""
    running, url = works.apart()
    pids = works.pids()
    with asked(url, "/suppliers/slow") as slow:
        running.hears("slow has begun")
        running.process.send_signal(number)
        until(lambda: not is_open(url), "the closed door")
        assert "stopping" == works.workers()["gateway"]["state"]
        (works.folder / "go").touch()
        assert (200, "done") == (slow.result().status_code, slow.result().json())
    assert 0 == running.ended()
    assert {"front", "trade"} == {line.split()[0] for line in running.lines if "Application shutdown comp" in line}
    assert [] == works.left_behind(pids)


def test_ctrl_c_in_a_terminal(works: Works) -> None:
    """Reaches everything once, and nobody complains; a terminal whose owner wants no colour has none."""
    works.variables["NO_COLOR"] = "1"
    screen = works.screen("run", "--placement", "apart", "--port", "0")
    screen.shows(" is on ")
    url = screen.shows(",").rstrip(",")
    pids = works.pids()
    with asked(url, "/suppliers/slow") as slow:
        screen.shows("slow has begun")
        screen.types(CTRL_C)
        assert 130 == screen.process.wait(LESS_THAN_A_DRAIN)
    assert isinstance(slow.exception(), TransportError)
    assert [] == works.left_behind(pids)
    assert not is_open(url)
    assert (False, False) == ("Traceback" in screen.shown, "\x1b[" in screen.shown)


def test_ctrl_c_hastens_the_end(works: Works) -> None:
    """Also where SIGTERM came first, and a process that was replaced still answers what it had begun."""
    running, url = works.apart()
    pids = works.pids()
    with asked(url, "/suppliers/slow"):
        running.hears("slow has begun")
        assert 0 == works.run("restart", "front").code
        replaced, pids = pids["front"], works.pids()
        assert replaced != pids["front"]
        running.process.send_signal(signal.SIGTERM)
        until(lambda: not is_open(url), "the closed door")
        assert 130 == running.end(signal.SIGINT, LESS_THAN_A_DRAIN)
    assert [] == works.left_behind({**pids, "replaced": replaced})


@pytest.fixture
def deaf(works: Works) -> tuple[Works, Running, str]:
    """All processes, `trade` swallowing every signal that can be swallowed."""
    running, url = works.apart("run", "--drain", "1")
    with Client(base_url=url, timeout=60) as client:
        assert 200 == client.get(DEAF).status_code
    return works, running, url


def test_who_swallows_sigterm_is_killed_in_the_end(deaf: tuple[Works, Running, str]) -> None:
    """The log says who it was."""
    works, running, _ = deaf
    pids = works.pids()
    running.process.send_signal(signal.SIGTERM)
    assert "trade did not end within " in running.hears("was killed")
    assert 0 == running.ended()
    assert [] == works.left_behind(pids)


def test_a_second_ctrl_c_does_not_wait(deaf: tuple[Works, Running, str]) -> None:
    """What has not ended is killed at once."""
    works, running, _ = deaf
    pids = works.pids()
    running.process.send_signal(signal.SIGINT)
    running.hears("Shutting down")
    running.process.send_signal(signal.SIGINT)
    running.hears("interrupted again: trade is killed")
    assert 130 == running.ended()
    assert "did not end within" not in "\n".join(running.lines)
    assert [] == works.left_behind(pids)


def test_the_end_of_what_starts_anew(works: Works) -> None:
    """Whoever ends it while an edit has everything start again ends it for good."""
    running, url = works.apart("dev")
    with Client(base_url=url, timeout=60) as client:
        assert 200 == client.get(DEAF).status_code
    pids = works.pids()
    works.write({"bolts/placements.toml": PLACEMENTS.replace("trade", "sales")})
    running.hears("starting everything again")
    assert 0 == running.end(signal.SIGTERM)
    assert [] == works.left_behind(pids)


async def test_ctrl_c_while_a_process_imports() -> None:
    """It ends in silence: Python would print a traceback."""
    said = io.StringIO()
    words = [sys.executable, "-c", "import time; print('begun', flush=True); time.sleep(60)"]
    child = await start(Command(words, os.environ), "front", Stream(said, ["front"], colour=False))
    async with asyncio.timeout(20):
        while not said.getvalue():
            await asyncio.sleep(0.005)
    await child.end(signal.SIGINT, 20)
    assert (-signal.SIGTERM, "begun\n") == (child.process.returncode, said.getvalue())
