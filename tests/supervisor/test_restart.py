"""`fissile restart`, and the restarts that nobody has asked for."""

import re
from collections.abc import Iterator

import pytest
from httpx2 import Client

from tests.cli.terminal import Running

from .project import FILES
from .works import Works, until, works_in


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Works, Running, str]]:
    """All processes, ready; each test leaves them so."""
    with works_in(tmp_path_factory.mktemp("works")) as works:
        yield works, *works.apart()


def test_one_process_is_replaced(started: tuple[Works, Running, str]) -> None:
    """By a new one; the others are those of before."""
    works, running, _ = started
    before = works.pids()
    done = works.run("restart", "trade")
    assert (0, "", "restarted trade\n") == (done.code, done.out, done.err)
    running.hears("trade is replaced")
    after = works.pids()
    assert {"trade"} == {name for name, pid in before.items() if after[name] != pid}


def test_all_processes_are_replaced(started: tuple[Works, Running, str]) -> None:
    """Where none is named; the gateway goes on."""
    works, _, _ = started
    before = works.pids()
    done = works.run("restart")
    assert (0, "restarted front, trade\n") == (done.code, done.err)
    after = works.pids()
    assert {"front", "trade"} == {name for name, pid in before.items() if after[name] != pid}


def test_an_unknown_process(started: tuple[Works, Running, str]) -> None:
    """Wrong usage, with the nearest name."""
    works, _, _ = started
    done = works.run("restart", "tarde")
    expected = "error: the placement apart has no process 'tarde'\n    fix: did you mean trade?\n"
    assert (2, expected) == (done.code, done.err)


def test_a_new_process_that_does_not_become_ready(started: tuple[Works, Running, str]) -> None:
    """The old one goes on as if nothing had been asked."""
    works, _, url = started
    before = works.pids()
    works.write({"broken": "9"})
    done = works.run("restart", "trade")
    (works.folder / "broken").unlink()
    assert (1, "error: the new process of trade ended with code 9; the old one goes on\n") == (done.code, done.err)
    assert before == works.pids()
    with Client(base_url=url, timeout=60) as client:
        assert before["trade"] == client.get("/orders/pid").json()


@pytest.mark.parametrize(
    ("file", "code", "reason"),
    [
        ("bolts/orders/api.py", "1 / 0\n", "ZeroDivisionError: division by zero"),
        ("bolts/orders/component.py", "from fissile import Component\n\ncomponent = Component()\n", "error: bolts/"),
    ],
)
def test_restart_reports_why_the_new_process_did_not_start(
    started: tuple[Works, Running, str], file: str, code: str, reason: str
) -> None:
    """The end of its output is repeated: a traceback of the user's code, or the faults of the application."""
    works, _, _ = started
    before = works.pids()
    works.write({file: code})
    done = works.run("restart", "trade")
    works.write({file: FILES[file]})
    first, why, *lines = done.err.splitlines()
    assert (1, "error: the new process of trade ended with code 3; the old one goes on") == (done.code, first)
    assert "    why: the end of its output was" == why
    assert any(line.startswith(f"      | {reason}") for line in lines)
    assert before == works.pids()


def test_a_crash_loop_is_seen(started: tuple[Works, Running, str]) -> None:
    """In the log, in the list and by whoever asks; and a restart ends the pause once the reason is gone."""
    works, running, url = started
    others = {name: pid for name, pid in works.pids().items() if name != "trade"}
    works.write({"broken": "9"})
    with Client(base_url=url, timeout=60) as client:
        assert 503 == client.get("/orders/die").status_code
        running.hears("trade ended with code 7: it starts again in 0.1 s")
        for times, pause in ((2, 0.2), (3, 0.4), (4, 0.8), (5, 1.6)):
            running.hears(f"trade ended with code 9, {times} times in a row: it starts again in {pause} s")
        answer = client.get("/orders/pid")
        assert (503, "1", "unavailable") == (answer.status_code, answer.headers["retry-after"], answer.json()["code"])
        assert "application/problem+json" == answer.headers["content-type"]
        assert 200 == client.get("/suppliers/pid").status_code
        until(lambda: works.workers()["trade"]["state"] == "waiting", "a pause")
        trade = works.workers()["trade"]
        assert (9, True) == (trade["last_code"], trade["restarts"] >= trade["failures"] >= 5)
        assert re.search(r"^trade .* \d+, the last with code 9  orders$", works.run("list").out, re.MULTILINE)
        (works.folder / "broken").unlink()
        assert 0 == works.run("restart", "trade").code
        assert works.pids() == {**others, "trade": client.get("/orders/pid").json()}


def test_nothing_runs(works: Works) -> None:
    """The error names the command that starts it."""
    done = works.run("restart", "trade")
    assert 4 == done.code
    assert (
        "error: bolts does not run in several processes\n"
        "    why: no supervisor runs here, and so there is no process that could be replaced\n"
        "    fix: fissile run --placement apart\n"
    ) == done.err
