"""Placements of several processes: `apart`, and those of the project."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from httpx2 import AsyncClient

from fissile import Provided
from fissile.project.secrets import create_secret

from .conftest import Run
from .depot.sales.public import Sales
from .depot.stock.public import Stock
from .depot.stock.service import runs

SPLIT = """
[split]
front = ["sales"]
back = { components = ["stock"], workers = 2 }
"""

TELLING = """
import os

from fastapi import Request, Response

from fissile import App

app = App(__package__)


@app.middleware("http")
async def tell(request: Request, call_next) -> Response:
    answer = await call_next(request)
    answer.headers["x-pid"] = str(os.getpid())
    answer.headers["x-client"] = str(request.client and request.client.host)
    return answer


@app.get("/die")
async def die() -> None:
    os._exit(7)
"""
"""A main.py that says which process answered whom, and can end one."""

apart = pytest.mark.parametrize("fissile_placement", ["apart"], indirect=True)


@apart
@pytest.mark.parametrize("time", [1, 2])
async def test_a_process_each(stock: Provided[Stock], sales: Provided[Sales], time: int) -> None:
    """Calls reach the component's own process, and those that it makes reach the next; each test finds clean data."""
    await stock.count_runs()
    bolt = await stock.add("bolt")
    assert (1, "bolt") == (bolt.id, await sales.label(bolt.id))
    assert (1, []) == (await stock.count_runs(), runs)


@apart
async def test_client(client: AsyncClient) -> None:
    """A request is sent to the process that its prefix belongs to, everything else to one of them."""
    assert 1 == (await client.post("/sales", params={"name": "bolt"})).json()
    assert "bolt" == (await client.get("/stock/1")).json()["name"]
    assert {"sales": "ready"} == (await client.get("/-/ready")).json()["components"]
    assert 404 == (await client.get("/nowhere")).status_code


def test_what_reaches_inside(run: Run) -> None:
    """A test that injects faults or has the application in its hands does not run apart, where that has no effect."""
    done = run(
        """
        @pytest.fixture
        def fake(app: App): ...

        async def test_fault(stock: Provided[Stock], faults) -> None: ...
        async def test_app(app: App, stock: Provided[Stock]) -> None: ...
        async def test_fake(fake, stock: Provided[Stock]) -> None: ...
        async def test_none(stock: Provided[Stock], client) -> None: ...
        """,
        *("--collect-only", "-q", "--placements", "together,apart"),
    )
    names = ["fault?together?", "app?together?", "fake?together?", "none?together?", "none?apart?"]
    done.stdout.fnmatch_lines([*(f"*::test_{name}" for name in names), "*5 tests collected*"])


def test_a_process_that_does_not_start(run: Run) -> None:
    """What a process said before it ended is what the tests say."""
    done = run(
        "async def test_stub(sales: Provided[Sales]) -> None: ...\n",
        "--placements",
        "apart",
        depot__main="""
            import sys

            from fissile import App

            if "run" in sys.argv:
                raise RuntimeError("not in a process of its own")
            app = App(__package__)
        """,
    )
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["the process * ended with code 3:", "*RuntimeError: not in a process of its own"])


def test_a_placement_of_the_project(run: Run) -> None:
    """The processes are those of `placements.toml`, each worker one; what they print stands beside a failure."""
    done = run(
        """
        async def test_who_answers(client, stock: Provided[Stock]) -> None:
            assert 1 == (await stock.add("bolt")).id
            paths = ["/nowhere", "/sales/1/label", "/stock%2F1", "/%73tock/1", "/stock/1"]
            answers = [await client.get(path) for path in paths]
            assert [404, 200, 404, 200, 200] == [answer.status_code for answer in answers]
            pids = [answer.headers["x-pid"] for answer in answers]
            assert [pids[0]] * 3 == pids[:3]
            assert 3 == len(set(pids))
            assert {"127.0.0.1"} == {answer.headers["x-client"] for answer in answers}

        async def test_what_was_printed(client, stock: Provided[Stock]) -> None:
            assert 1 == (await stock.add("bolt")).id
            assert 200 == (await client.get("/sales/broken")).status_code
        """,
        *("--placements", "split"),
        placements=SPLIT,
        depot__main=TELLING,
    )
    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines(["*assert 200 == 500", "*Captured stderr*", "front | *RuntimeError: the depot burns"])


def test_a_process_that_ends(run: Run) -> None:
    """A process that a test has ended fails the next one, which says what it said; from then on others run."""
    done = run(
        """
        import httpx2

        async def test_end(client) -> None:
            with pytest.raises(httpx2.RemoteProtocolError):
                await client.get("/die")

        async def test_next(client) -> None: ...

        async def test_afterwards(client) -> None:
            assert 404 == (await client.get("/sales/x")).status_code
        """,
        *("--placements", "apart"),
        depot__main=TELLING,
    )
    done.assert_outcomes(passed=2, errors=1)
    done.stdout.fnmatch_lines(["*ERROR at setup of test_next?apart?*", "the process sales ended with code 7:"])


def test_what_is_wrong_with_a_placement(run: Run) -> None:
    """A name that `placements.toml` does not have, or a file that is wrong, is said before any test or by the first."""
    ask = """
        @pytest.mark.parametrize("fissile_placement", ["splat"], indirect=True)
        async def test_splat(stock: Provided[Stock]) -> None: ...

        async def test_stub(stock: Provided[Stock]) -> None: ...
        """
    unknown = ["*there is no placement 'splat'", "*did you mean split?"]
    done = run(ask, "--placements", "splat", placements=SPLIT)
    assert pytest.ExitCode.USAGE_ERROR == done.ret
    done.stderr.fnmatch_lines(unknown)
    done = run(ask, "--placements", "together", placements=SPLIT)
    done.assert_outcomes(passed=1, errors=1)
    done.stdout.fnmatch_lines(["--placements: there is no placement 'splat'", *unknown[1:]])
    broken = '[split]\nfront = ["sales"]\n'
    line = "depot/placements.toml:1: stock runs in no process of ?split?"
    done = run(ask, "--placements", "split", placements=broken)
    assert pytest.ExitCode.USAGE_ERROR == done.ret
    done.stderr.fnmatch_lines([f"ERROR: {line}"])
    done = run(ask, "--placements", "apart", placements=broken)
    done.assert_outcomes(errors=2)
    done.stdout.fnmatch_lines([line] * 2)


def test_an_application_that_no_process_would_run(run: Run) -> None:
    """An application that a test has made itself is not confused with the one that processes would run."""
    done = run(
        """
        @pytest.fixture
        def app():
            return App("depot")

        async def test_stub(stock: Provided[Stock]) -> None: ...
        """,
        *("--placements", "apart"),
    )
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["this test has an application of its own*depot.main:app: it cannot run in apart"])


@pytest.mark.acceptance
def test_a_process_elsewhere_that_is_away(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a process that is elsewhere does not answer, the first test says who waits for it, and the others too."""
    monkeypatch.setattr("fissile.testing.processes.STARTING", 15.0)
    create_secret(tmp_path / "link", "s3cret")
    monkeypatch.setenv("FISSILE_SECRETS", str(tmp_path))
    done = run(
        """
        @pytest.mark.parametrize("time", [1, 2])
        async def test_stub(stock: Provided[Stock], time: int) -> None: ...
        """,
        *("--placements", "split"),
        placements='[split]\nfront = ["sales"]\nback = { components = ["stock"], address = "unix:/nowhere" }\n',
    )
    done.assert_outcomes(errors=2)
    done.stdout.fnmatch_lines(["not ready after 15 s:", "front: back is away"] * 2)


HOLDING = """
import time
from pathlib import Path

async def test_hold(client) -> None:
    Path("held").touch()
    time.sleep(600)
"""
"""A test that says that the processes run, and holds them."""


@pytest.mark.acceptance
@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGKILL], ids=["interrupted", "killed"])
def test_nothing_is_left_behind(run: Run, short: Path, by: signal.Signals) -> None:
    """When pytest is interrupted or killed, its processes end."""
    run(HOLDING, "--collect-only")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--placements", "apart", "tests"]
    environment = {**os.environ, "TMPDIR": str(short)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as holding:
        try:
            until(lambda: Path("held").exists() or holding.poll() is not None)
            sockets = sorted(short.glob("f-*/*/*.sock"))
            assert ["sales-1.sock", "stock-1.sock"] == [path.name for path in sockets]
            assert all(map(answers, sockets))
            holding.send_signal(by)
            holding.wait(30)
            until(lambda: not any(map(answers, sockets)))
            assert (by == signal.SIGKILL) == bool(list(short.glob("f-*")))
        finally:
            holding.kill()


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder with a path that is short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="f-", dir="/tmp") as name:
        yield Path(name)


def answers(path: Path) -> bool:
    """Whether somebody listens at a socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def until(condition: Callable[[], bool]) -> None:
    """Waits for a condition."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)
