"""`fissile dev` serves, and starts again whenever a file changes."""

import os
import signal
import socket

import pytest
from httpx2 import Client, ConnectError

from .project import FILES
from .terminal import Running, Terminal

API = "bolts/suppliers/api.py"
NEXT = '@router.get("/next")\nasync def next_one() -> str:\n    return "new"\n\n\n@router.get("/{supplier_id}")'


def _pid(client: Client) -> int:
    pid: int = client.get("/suppliers/pid").json()
    return pid


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _dev(terminal: Terminal) -> tuple[Running, str]:
    running = terminal.start("dev", "--port", "0")
    return running, running.url()


def test_an_edit_starts_it_again(bolts: Terminal) -> None:
    """The log says which file changed, the new process has the new code, and Ctrl-C ends it in order and whole."""
    running, url = _dev(bolts)
    with Client(base_url=url, timeout=60) as client:
        first = _pid(client)
        assert 422 == client.get("/suppliers/next").status_code
        bolts.write({API: FILES[API].replace('@router.get("/{supplier_id}")', NEXT)})
        assert running.hears("changed").endswith("fissile.dev bolts/suppliers/api.py changed: starting again")
        assert url == running.url()
        assert "new" == client.get("/suppliers/next").json()
        second = _pid(client)
    assert (False, True) == (_is_alive(first), _is_alive(second))
    assert 130 == running.interrupt_all()
    assert not _is_alive(second)
    assert "Application shutdown complete." in running.lines[-2]


def test_a_broken_edit_waits_for_the_next(bolts: Terminal) -> None:
    """It shows the error, answers 503 meanwhile, and goes on when the file is mended."""
    running, url = _dev(bolts)
    bolts.write({API: "import no_such_library\n"})
    running.hears("No module named 'no_such_library'")
    running.hears("it ended with code 3: waiting for an edit")
    with Client(base_url=url, timeout=60) as client:
        assert 503 == client.get("/suppliers/1").status_code
        bolts.write({API: FILES[API]})
        running.url()
        assert 200 == client.get("/suppliers/1").status_code
    assert 0 == running.end(signal.SIGTERM)


def test_settings_count_as_development(bolts: Terminal) -> None:
    """The mode is development whatever the shell says, and a change of an .env counts."""
    bolts.variables["FISSILE_MODE"] = "production"
    bolts.write(
        {
            "bolts/main.py": "import os, sys\n"
            + FILES["bolts/main.py"]
            + 'print("mode", os.environ["FISSILE_MODE"], file=sys.stderr)\n'
        }
    )
    running = bolts.start("dev", "--port", "0")
    assert "mode development" == running.hears("mode")
    running.hears(" is on ")
    bolts.write({"bolts/suppliers/.env": ""})
    running.hears("bolts/suppliers/.env changed")


def test_no_server_outlives_it(bolts: Terminal) -> None:
    """When it is killed, the process that serves notices and ends."""
    running, url = _dev(bolts)
    running.end(signal.SIGKILL)
    # The pipe for stderr ended, so the process that serves has ended too: nobody listens any more.
    with pytest.raises(ConnectError), Client(base_url=url) as client:
        client.get("/suppliers/1")


def test_a_port_in_use_is_said_at_once(bolts: Terminal) -> None:
    """There is nothing to wait for, so it ends."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = bolts.run("dev", "--port", str(port))
    assert (4, f"error: port {port} is in use on 127.0.0.1") == (result.code, result.err.splitlines()[0])
