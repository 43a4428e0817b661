"""Processes of the relay application, linked over Unix sockets.

``python -m transports.processes SOCKET LIVE NAME=SOCKET ... [IN_FLIGHT]`` is one of them.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import uvicorn

from fissile import App
from fissile.project import Defaults, Placement
from fissile.runtime.server import config

PACKAGE = f"{__package__}.relay"
ROOT = Path(__file__).parents[1]


def placed(live: str, addresses: Mapping[str, str], defaults: Defaults | None = None) -> App:
    """The relay application with some of its components, the others at their addresses."""
    app = App(PACKAGE)
    app.placement = Placement(
        "apart", live=frozenset(live.split(",")), addresses=addresses, defaults=defaults or Defaults()
    )
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
        self._arguments = [self.socket, live, str(in_flight), *(f"{name}={at}" for name, at in addresses.items())]
        self._running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it, and waits until it listens."""
        Path(self.socket).unlink(missing_ok=True)
        read, write = os.pipe()
        environment = {**os.environ, "FISSILE_STATE": str(self.folder / "state"), "LISTENING": str(write)}
        command = [sys.executable, "-m", f"{__package__}.processes", *self._arguments]
        self._running = subprocess.Popen(command, env=environment, cwd=ROOT, pass_fds=[write], stdin=subprocess.PIPE)
        os.close(write)
        with os.fdopen(read, "rb") as listening:
            assert listening.read() == b"listening", "the process ended before it listened"

    def stop(self, by: signal.Signals = signal.SIGTERM) -> int:
        """Ends it, and waits for that; its exit code."""
        assert self._running is not None
        with suppress(ProcessLookupError):
            self._running.send_signal(by)
        return self.ended()

    def signal(self, by: signal.Signals) -> None:
        """Sends it a signal, and goes on."""
        assert self._running is not None
        self._running.send_signal(by)

    def ended(self) -> int:
        """Waits for its end; its exit code."""
        assert self._running is not None and self._running.stdin is not None
        code = self._running.wait(30)
        self._running.stdin.close()
        return code


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


class Listening(uvicorn.Server):
    """Says through a pipe that it listens."""

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]  # only passed on
        """Listens."""
        await super().startup(sockets)  # type: ignore[arg-type]  # as above
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
    uds, live, in_flight, *others = sys.argv[1:]
    addresses = dict(other.split("=", 1) for other in others)
    app = placed(live, addresses, Defaults(in_flight=int(in_flight)))
    Listening(config(app, uds=uds, links=True, drain=10, log_level="error")).run()


if __name__ == "__main__":
    main()
