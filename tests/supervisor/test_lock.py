"""One supervisor for one state, and what is left when it is killed."""

import signal
import socket
import sys
from pathlib import Path

import pytest
from httpx2 import Client

from .works import Works, is_alive, until


def test_a_second_supervisor_is_refused(works: Works, tmp_path: Path) -> None:
    """It says who runs already and what to do; another state has another supervisor."""
    running, url = works.apart()
    for words in (("run", "--placement", "apart"), ("dev",)):
        refused = works.run(*words)
        assert 4 == refused.code
        what, why, fix = refused.err.splitlines()
        where = f"{works.folder}/state/supervisor.lock"
        assert f"error: {where}: the processes of this application are running already" == what
        assert f"(process {running.process.pid} since " in why
        assert fix.startswith("    fix: look at them with `fissile list`;")
        assert fix.endswith("FISSILE_STATE separates two")
    works.variables["FISSILE_STATE"] = str(tmp_path / "other")
    _, other = works.apart()
    with Client(timeout=60) as client:
        assert [200, 200] == [client.get(f"{at}/orders/supplier").status_code for at in (url, other)]


def test_git_leaves_the_state_alone(works: Works) -> None:
    """Databases and secrets are in its folder, whoever has made it."""
    works.apart()
    assert "*\n" == (works.folder / "state" / ".gitignore").read_text()


def test_a_state_that_cannot_be_kept(works: Works) -> None:
    """It says which folder, and what moves it."""
    (works.folder / "file").touch()
    works.variables["FISSILE_STATE"] = str(works.folder / "file")
    refused = works.run("run", "--placement", "apart")
    what, fix = refused.err.splitlines()
    assert (3, f"error: {works.folder}/file: cannot make the folder of the state: File exists") == (refused.code, what)
    assert "    fix: set FISSILE_STATE to a folder of your own" == fix


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a process notices it once it serves")
def test_nothing_outlives_a_supervisor_that_is_killed(works: Works) -> None:
    """Not even what has not become ready yet; and the next start finds everything free."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    words = ("run", "--placement", "apart", "--port", port)
    works.write({"stuck": ""})
    running = works.start(*words)
    running.hears("front   | ")
    running.hears("Application startup complete.")
    pids = works.pids()
    assert ("not ready", "starting") == tuple(works.workers()[name]["state"] for name in ("front", "trade"))
    assert -signal.SIGKILL == running.end(signal.SIGKILL)
    until(lambda: not any(map(is_alive, pids.values())), "the end of all")
    (works.folder / "stuck").unlink()
    assert f"http://127.0.0.1:{port}" == works.start(*words).url()
    assert set(pids) == set(works.pids())
