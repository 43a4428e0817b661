"""Processes of the relay application, linked over Unix sockets.

``python -m transports.processes SOCKET LIVE IN_FLIGHT NAME=ADDRESS,ADDRESS ...`` is one of them; its socket is a path,
or the descriptor of one that listens already.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from fissile import App
from fissile.project import Defaults, Peer, View
from fissile.runtime.server import Server, config

PACKAGE = f"{__package__}.relay"
ROOT = Path(__file__).parents[1]


def placed(live: str, addresses: Mapping[str, str], defaults: Defaults | None = None) -> App:
    """The relay application with some of its components, the others at the addresses of their workers."""
    app = App(PACKAGE)
    peers = {component: Peer(component, tuple(address.split(","))) for component, address in addresses.items()}
    app.view = View("apart", live=frozenset(live.split(",")), peers=peers, defaults=defaults or Defaults())
    return app


class Process:
    """One process of the relay application.

    Args:
        folder: Where its socket and its state are.
        live: Its components.
        addresses: Where the others are.
        in_flight: How many calls it takes at once.
    """

    def __init__(self, folder: Path, live: str, addresses: Mapping[str, str], in_flight: int = 1_000) -> None:
        self.folder = folder
        self.socket = str(folder / f"{live.replace(',', '-')}.sock")
        self._arguments = [live, str(in_flight), *(f"{name}={at}" for name, at in addresses.items())]
        self._running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it, and waits until it listens."""
        Path(self.socket).unlink(missing_ok=True)
        self._start(self.socket)

    def _start(self, at: str, *inherited: int) -> None:
        read, write = os.pipe()
        environment = {**os.environ, "FISSILE_STATE": str(self.folder / "state"), "LISTENING": str(write)}
        command = [sys.executable, "-m", f"{__package__}.processes", at, *self._arguments]
        passed = [write, *inherited]
        self._running = subprocess.Popen(command, env=environment, cwd=ROOT, pass_fds=passed, stdin=subprocess.PIPE)
        os.close(write)
        with os.fdopen(read, "rb") as listening:
            assert listening.read() == b"listening", "the process ended before it listened"

    def stop(self, by: signal.Signals = signal.SIGTERM) -> int:
        """Ends it, and waits for that; its exit code."""
        self.signal(by)
        return self.ended()

    def signal(self, by: signal.Signals) -> None:
        """Sends it a signal, and goes on."""
        assert self._running is not None
        with suppress(ProcessLookupError):
            self._running.send_signal(by)

    def ended(self) -> int:
        """Waits for its end; its exit code."""
        assert self._running is not None
        return _code(self._running)


def _code(process: subprocess.Popen[bytes]) -> int:
    code = process.wait(30)
    assert process.stdin is not None
    process.stdin.close()
    return code


class Worker(Process):
    """One of several that are the same; its socket listens also while it is replaced, as a supervisor keeps it.

    Args:
        folder: Where its socket and its state are.
        live: Its components.
        number: Which of the workers it is.
        in_flight: How many calls it takes at once.
    """

    def __init__(self, folder: Path, live: str, number: int, in_flight: int = 1_000) -> None:
        super().__init__(folder, live, {}, in_flight)
        self.socket = str(folder / f"{live}-{number}.sock")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.socket)
        self.listener.listen(100)

    def start(self) -> None:
        """Starts it on its socket, beside the one that runs."""
        self._start(str(self.listener.fileno()), self.listener.fileno())

    def replace(self) -> None:
        """Starts a new one, and ends the old one when that listens."""
        old = self._running
        assert old is not None
        self.start()
        old.send_signal(signal.SIGTERM)
        assert _code(old) in (0, -signal.SIGTERM)


@contextmanager
def workers(count: int = 2, in_flight: int = 1_000) -> Iterator[list[Worker]]:
    """Workers that run probe."""
    with tempfile.TemporaryDirectory(prefix="f-") as name:
        found = [Worker(Path(name), "probe", number + 1, in_flight) for number in range(count)]
        try:
            for worker in found:
                worker.start()
            yield found
        finally:
            for worker in found:
                worker.stop(signal.SIGKILL)
                worker.listener.close()


def at_all(found: Sequence[Process]) -> str:
    """Where processes are that are the same."""
    return ",".join(f"unix:{process.socket}" for process in found)


@contextmanager
def relay(in_flight: int = 1_000) -> Iterator[tuple[Process, Process]]:
    """Probe and middle in a process each."""
    with tempfile.TemporaryDirectory(prefix="fissile-") as name:
        probe = Process(Path(name), "probe", {}, in_flight)
        middle = Process(Path(name), "middle", {"probe": f"unix:{probe.socket}"}, in_flight)
        try:
            probe.start()
            middle.start()
            yield probe, middle
        finally:
            for process in (probe, middle):
                process.stop(signal.SIGKILL)


class Listening(Server):
    """Says through a pipe that it listens."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listens."""
        await super().startup(sockets)
        os.write(int(os.environ["LISTENING"]), b"listening")
        os.close(int(os.environ["LISTENING"]))


def end_with_the_parent() -> None:
    """Ends this process when the one that started it is gone, however that went."""

    def wait() -> None:
        sys.stdin.read()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def main() -> None:
    """Runs one process."""
    end_with_the_parent()
    at, live, in_flight, *others = sys.argv[1:]
    addresses = dict(other.split("=", 1) for other in others)
    app = placed(live, addresses, Defaults(in_flight=int(in_flight)))
    if at.isdecimal():
        sockets = [socket.socket(fileno=int(at))]
        private = Path(sockets[0].getsockname()).parent
    else:
        sockets, private = None, Path(at).parent
    uds = at if sockets is None else None
    wanted = config(app, uds=uds, links=True, private=private, drain=10, log_level="error")
    Listening(wanted).run(sockets)


if __name__ == "__main__":
    main()
