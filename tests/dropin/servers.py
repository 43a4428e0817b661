"""An application under a real uvicorn, in a process of its own, on a Unix socket."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATIENCE = 30  # seconds until a server must answer


@dataclass
class Server:
    """A running server.

    Attributes:
        socket: Where it listens.
        left: What the application left behind, once it has stopped.
    """

    socket: Path
    left: str = ""


@contextmanager
def serving(factory: str, *, http: str = "auto", python: str = sys.executable, root: Path = ROOT) -> Iterator[Server]:
    """Serves what a factory builds, until the block ends.

    Args:
        factory: ``module:function``.
        http: uvicorn's HTTP implementation.
        python: The interpreter, and with it the libraries.
        root: The directory that modules are found from.
    """
    # A directory with a short name: on some systems the path of a Unix socket may have no more than 104 bytes.
    with tempfile.TemporaryDirectory(prefix="dropin") as directory:
        server, log = Server(Path(directory, "s")), Path(directory, "log")
        # Sets of methods become headers: both sides need the same order.
        environment = {
            **os.environ,
            "PYTHONHASHSEED": "0",
            "PYTHONPATH": os.pathsep.join([str(root), str(root / "src")]),
            "DROPIN_LOG": str(log),
        }
        command = [python, "-m", "uvicorn", "--factory", factory, "--uds", server.socket.name, "--http", http]
        with Path(directory, "output").open("w+", encoding="utf-8") as output:
            process = subprocess.Popen(
                [*command, "--log-level", "critical"], cwd=directory, env=environment, stdout=output, stderr=output
            )
            try:
                _wait(process, server.socket, output.name)
                yield server
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(PATIENCE)
            server.left = log.read_text(encoding="utf-8")


def _wait(process: subprocess.Popen[bytes], path: Path, output: str) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            if probe.connect_ex(str(path)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError(f"the server did not start:\n{Path(output).read_text(encoding='utf-8')}")
