"""What people and programs see of the processes: one log, and `fissile list`."""

import json
import re
import signal
from collections.abc import Iterator
from datetime import datetime

import pytest

from tests.cli.terminal import Running

from .works import Works, works_in

ESCAPE = "\x1b["


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Works, Running]]:
    """All processes, ready."""
    with works_in(tmp_path_factory.mktemp("works")) as works:
        running, _ = works.apart()
        yield works, running


def test_one_log_in_which_every_line_says_whose_it_is(started: tuple[Works, Running]) -> None:
    """The names stand in one column, and into a pipe nothing is coloured."""
    _, running = started
    *lines, ready = running.lines
    assert ready.startswith("Bolts is on http://")
    own = re.compile(r"(front|trade|gateway|fissile) *(?<=.{7}) \| ")
    assert [] == [line for line in lines if not own.match(line)]
    assert {"front", "trade"} == {line.split()[0] for line in lines if "Application startup complete" in line}
    assert ESCAPE not in "\n".join(running.lines)


def test_processes_start_side_by_side(started: tuple[Works, Running]) -> None:
    """Each of the two needs the other's links before it is ready, so neither can have waited for the other."""
    works, _ = started
    links = {name: worker["links"] for name, worker in works.workers().items()}
    connected = {"status": "connected", "incompatible": {}}
    assert {"front": {"trade": connected}, "trade": {"front": connected}, "gateway": {}} == links


def test_list_for_programs(started: tuple[Works, Running]) -> None:
    """Each process with its components, how each of these is, and since when."""
    works, running = started
    listed = works.run("list", "--json")
    status = json.loads(listed.out)["running"]
    assert (0, works.status()) == (listed.code, status)
    assert ("apart", running.process.pid) == (status["placement"], status["pid"])
    assert [("front", "ready", ["suppliers", "reviews"]), ("trade", "ready", ["orders"])] == [
        (process["name"], process["state"], process["components"]) for process in status["processes"]
    ]
    [front], [trade] = (process["workers"] for process in status["processes"])
    assert {"reviews": "ready", "suppliers": "ready"} == front["components"]
    assert {"orders": "ready"} == trade["components"]
    times = [datetime.fromisoformat(found["since"]) for found in (status, front, trade, status["gateway"])]
    assert times[0] == min(times)


def test_list_for_people(started: tuple[Works, Running]) -> None:
    """A row for each process beside those of the components."""
    works, _ = started
    listed = works.run("list")
    assert (0, "") == (listed.code, listed.err)
    status, workers = works.status(), works.workers()
    assert status is not None
    components, head, processes = listed.out.split("\n\n")
    assert components.startswith("COMPONENT")
    assert f"apart is on {status['address']}, since {status['since']}" == head
    assert [
        ["PROCESS", "STATE", "SINCE", "PID", "RESTARTS", "COMPONENTS"],
        ["front", "ready", workers["front"]["since"], str(workers["front"]["pid"]), "0", "suppliers,", "reviews"],
        ["trade", "ready", workers["trade"]["since"], str(workers["trade"]["pid"]), "0", "orders"],
        ["gateway", "ready", workers["gateway"]["since"], str(workers["gateway"]["pid"]), "0", "-"],
    ] == [line.split() for line in processes.splitlines()]


@pytest.mark.acceptance
def test_a_supervisor_that_does_not_answer(started: tuple[Works, Running]) -> None:
    """Is told from one that does not run."""
    works, running = started
    running.process.send_signal(signal.SIGSTOP)
    listed = works.run("list", "--json")
    running.process.send_signal(signal.SIGCONT)
    assert (4, "") == (listed.code, listed.out)
    (error,) = json.loads(listed.err)["errors"]
    assert {
        "what": "the supervisor of bolts does not answer",
        "where": "",
        "why": "it was asked what runs, and said nothing for 5 s; perhaps it is stopped",
        "fix": f"its number is in {works.folder}/state/supervisor.lock: `kill -CONT` wakes it, `kill` ends it",
    } == error
