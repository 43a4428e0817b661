"""`fissile run` serves until a signal ends it."""

import os
import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from httpx2 import Client, HTTPTransport

from .terminal import Terminal

LESS_THAN_A_DRAIN = 20
"""Seconds that are many times what Ctrl-C may take, and fewer than a request in flight gets after SIGTERM."""

ONE_FILE = """\
from fissile import App

app = App()

@app.get("/")
async def hello() -> str:
    return "hello"
"""


def test_it_serves_and_says_where(bolts: Terminal) -> None:
    """Whoever starts it reads the address and that of the API's documentation; stdout stays free for data."""
    running = bolts.start("run", "--port", "0")
    line = running.hears(" is on ")
    address = line.split()[3].rstrip(",")
    assert f"Bolts is on {address}, its API on {address}/docs; Ctrl-C ends it" == line
    with Client(base_url=address) as client:
        assert {"id": 1, "name": "Ada's bölts"} == client.get("/suppliers/1").json()


def test_it_serves_in_a_placement(bolts: Terminal) -> None:
    """The placement is an option, and the answers are the same."""
    with Client(base_url=bolts.start("run", "--port", "0", "--placement", "wire").url()) as client:
        assert {"id": 1, "name": "Ada's bölts"} == client.get("/suppliers/1").json()


def test_one_file_is_enough(terminal: Terminal) -> None:
    """A folder with a main.py needs nothing else."""
    terminal.write({"main.py": ONE_FILE})
    with Client(base_url=terminal.start("run", "--port", "0").url()) as client:
        assert "hello" == client.get("/").json()


def test_it_serves_a_unix_socket(bolts: Terminal) -> None:
    """The socket is there while it runs and gone afterwards; one that a killed process left behind is replaced."""
    path = bolts.folder / "s"
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(os.path.relpath(path))
    running = bolts.start("run", "--uds", "s")
    assert "Bolts is on unix:s; Ctrl-C ends it" == running.hears(" is on ")
    with Client(base_url="http://bolts", transport=HTTPTransport(uds=os.path.relpath(path))) as client:
        assert 200 == client.get("/suppliers/1").status_code
        # Nobody is remote here: who passes everybody's requests on to this socket passes on no calls by name.
        assert 404 == client.post("/-/call/suppliers.get", json={"supplier_id": 1}).status_code
    in_use = bolts.run("run", "--uds", "s")
    assert (4, "error: s is in use\n    why: one program listens on a socket\n    fix: try another --uds\n") == (
        in_use.code,
        in_use.err,
    )
    assert 0 == running.end(signal.SIGTERM)
    assert not path.exists()


def test_sigterm_lets_a_slow_request_finish(bolts: Terminal) -> None:
    """Nobody new is let in, whoever is inside is served, and a clean end is exit code 0."""
    running = bolts.start("run", "--port", "0")
    address = running.url()
    with Client(base_url=address, timeout=60) as client, ThreadPoolExecutor(1) as pool:
        slow = pool.submit(client.get, "/suppliers/slow")
        running.hears("slow has begun")
        running.process.send_signal(signal.SIGTERM)
        running.hears("Waiting for connections to close")
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2])))
        (bolts.folder / "go").touch()
        assert (200, '"done"') == (slow.result().status_code, slow.result().text)
    assert 0 == running.ended()


def test_ctrl_c_does_not_wait_for_a_stream(bolts: Terminal) -> None:
    """A stream without an end is cut off without a traceback; the exit code says that it was interrupted."""
    running = bolts.start("run", "--port", "0")
    with Client(base_url=running.url(), timeout=60) as client, client.stream("GET", "/suppliers/stream") as stream:
        lines = stream.iter_lines()  # kept: closing it would end the stream
        assert "tick" == next(lines)
        assert 130 == running.end(signal.SIGINT, LESS_THAN_A_DRAIN)
    assert "Traceback" not in "".join(running.lines)


def test_ctrl_c_does_not_wait_for_what_swallows_its_cancellation(bolts: Terminal) -> None:
    """A method that refuses to end cannot hold the process."""
    running = bolts.start("run", "--port", "0")
    with Client(base_url=running.url(), timeout=60) as client:
        asking = threading.Thread(target=lambda: _ignoring_errors(client, "/suppliers/stubborn"))
        asking.start()
        running.hears("stubborn has begun")
        assert 130 == running.end(signal.SIGINT, LESS_THAN_A_DRAIN)
        asking.join()


def _ignoring_errors(client: Client, path: str) -> None:
    with pytest.raises(Exception, match=r"disconnected|reset"):
        client.get(path)


STAYS = """\
import asyncio
import atexit
import threading
from pathlib import Path

from fissile import App

app = App()
threading.Timer(1000, print).start()
atexit.register(Path("ended").write_text, "in order")

@app.get("/")
async def hello() -> str:
    return "hello"

@app.get("/executor")
async def executor() -> str:
    asyncio.get_running_loop().run_in_executor(None, threading.Event().wait)
    return "waits"
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_thread_that_does_not_end_keeps_no_process(terminal: Terminal, number: signal.Signals) -> None:
    """Neither one of the user's nor one of an executor; SIGHUP, of a terminal that closes, ends it as SIGTERM does."""
    terminal.write({"main.py": STAYS})
    running = terminal.start("run", "--port", "0")
    with Client(base_url=running.url()) as client:
        assert "waits" == client.get("/executor").json()
    assert 0 == running.end(number, LESS_THAN_A_DRAIN)
    assert "in order" == (terminal.folder / "ended").read_text()


def test_sighup_that_is_ignored_stays_so(terminal: Terminal) -> None:
    """A process that nohup has started outlives its terminal."""
    terminal.write({"main.py": ONE_FILE})
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        running = terminal.start("run", "--port", "0")
    finally:
        signal.signal(signal.SIGHUP, before)
    with Client(base_url=running.url()) as client:
        running.process.send_signal(signal.SIGHUP)
        assert "hello" == client.get("/").json()
    assert 0 == running.end(signal.SIGTERM)


def test_a_port_in_use_is_one_clear_error(bolts: Terminal) -> None:
    """It names the port, and one that is free."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = bolts.run("run", "--port", str(port))
    assert (4, "") == (result.code, result.out)
    first, why, fix = result.err.splitlines()
    assert (f"error: port {port} is in use on 127.0.0.1", "    why: one program listens on a port") == (first, why)
    assert fix.startswith("    fix: end the other program, or try --port ")
    socket.create_server(("127.0.0.1", int(fix.split()[-1]))).close()


@pytest.mark.parametrize(("command", "host"), [("run", "0.0.0.0"), ("run", "example.org"), ("dev", "::")])
def test_an_open_application_stays_on_this_machine(bolts: Terminal, command: str, host: str) -> None:
    """Without identity every route is open, so other machines are not let in."""
    result = bolts.run(command, "--host", host)
    assert (3, "") == (result.code, result.out)
    assert (
        f"error: --host {host} would let other machines in\n"
        "    why: the application has no identity configured: every route is open to everybody who reaches it\n"
        "    fix: leave --host out, and put in front of it what knows who is asking\n"
    ) == result.err


def test_the_log_has_one_format_and_no_colour_in_a_file(bolts: Terminal) -> None:
    """Time, level, logger and message, the server's lines like ours."""
    running = bolts.start("run", "--port", "0")
    with Client(base_url=running.url()) as client:
        client.get("/suppliers/1")
    line = running.hears("GET /suppliers/1")
    time, level, logger, message = line.split(" ", 3)
    assert ("INFO", "uvicorn.access") == (level, logger)
    assert time.endswith("Z") and len("2026-11-22T10:09:02.123Z") == len(time)
    assert message.endswith('"GET /suppliers/1 HTTP/1.1" 200')


def test_the_log_can_be_quiet(bolts: Terminal) -> None:
    """With a higher level only the address is said."""
    running = bolts.start("run", "--port", "0", "--log-level", "error")
    running.url()
    assert 0 == running.end(signal.SIGTERM)
    assert 1 == len(running.lines)
