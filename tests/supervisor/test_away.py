"""Workers of a process that are away or hang, while another one answers."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection

import pytest
from httpx2 import Client

from tests.cli.terminal import Running

from .works import Works, until, works_in

pytestmark = pytest.mark.acceptance

PLACEMENTS = """\
[defaults]
deadline = "2s"

[apart]
front = ["suppliers", "reviews"]
trade = { components = ["orders"], workers = 3 }
"""

REQUESTS = 40

LONG = 8.0
"""Seconds that no answer of a healthy worker takes; those of the others would take as long as their start."""


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Works, Running, str]]:
    """Three workers, ready; each test leaves them so."""
    with works_in(tmp_path_factory.mktemp("works")) as works:
        works.write({"bolts/placements.toml": PLACEMENTS})
        yield works, *works.apart()


def is_well(works: Works) -> bool:
    """Return True if all are ready."""
    return all("ready" == worker["state"] for worker in works.workers().values())


def answers(url: str, path: str = "/orders/pid") -> set[tuple[int, str]]:
    """Ask many times, each time on a new connection; what was answered."""
    found = set()
    for _ in range(REQUESTS):
        with closing(HTTPConnection(url.removeprefix("http://"), timeout=LONG)) as connection:
            connection.request("GET", path)
            answer = connection.getresponse()
            found.add((answer.status, answer.read().decode()))
    return found


def test_nobody_waits_for_a_worker_that_starts_again(started: tuple[Works, Running, str]) -> None:
    """Its socket is still there: requests and calls go to the others until it is ready."""
    works, _, url = started
    works.write({"stuck": ""})
    pids = works.pids()
    os.kill(pids["trade.1"], signal.SIGKILL)
    until(lambda: works.workers()["trade.1"]["state"] == "starting", "its next start")
    others = {(200, str(pids["trade.2"])), (200, str(pids["trade.3"]))}
    assert others >= answers(url)
    assert {(200, '"rested"')} == answers(url, "/reviews/rest?seconds=0")
    (works.folder / "stuck").unlink()
    os.kill(works.pids()["trade.1"], signal.SIGKILL)
    until(lambda: is_well(works), "the end of that")


@pytest.mark.parametrize("how", ["stopped", "blocked"])
def test_a_worker_that_hangs_is_passed_over_and_replaced(started: tuple[Works, Running, str], how: str) -> None:
    """It gets no requests, the list says why, it is killed after some seconds, and SIGCONT saves it no more."""
    works, running, url = started
    with ThreadPoolExecutor(1) as pool, Client(base_url=url, timeout=60) as client:
        if how == "blocked":
            asked = pool.submit(client.get, "/orders/block?seconds=600")
            until(lambda: any("not answering" == one["state"] for one in works.workers().values()), "a hanging one")
            hanging = next(name for name, one in works.workers().items() if one["state"] == "not answering")
        else:
            hanging = "trade.2"
            os.kill(works.pids()[hanging], signal.SIGSTOP)
            until(lambda: works.workers()[hanging]["state"] == "not answering", "its silence")
        pids = works.pids()
        others = {(200, str(pid)) for name, pid in pids.items() if name.startswith("trade") and name != hanging}
        assert others >= answers(url)
        assert 1 == works.run("list").out.count("  not answering  ")
        running.hears(f"{hanging} has not answered for 10 s: it is killed")
        until(lambda: is_well(works), "a new process")
        assert {hanging} == {name for name, pid in works.pids().items() if pid != pids[name]}
        if how == "blocked":
            answer = asked.result()
            assert (503, "unavailable") == (answer.status_code, answer.json()["code"])


def test_a_worker_that_is_held_up_for_a_moment_goes_on(started: tuple[Works, Running, str]) -> None:
    """Its request is answered, and so are those of the others."""
    works, _, url = started
    pids = works.pids()
    with ThreadPoolExecutor(1) as pool, Client(base_url=url, timeout=60) as client:
        asked = pool.submit(client.get, "/orders/block?seconds=4")
        assert {200} == {status for status, _ in answers(url)}
        assert asked.result().json() in pids.values()
    until(lambda: is_well(works), "the end of that")
    assert pids == works.pids()
