"""The shop, run in each of the ways that are compared."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

from benchmarks import _nginx

SERVICES = ("users", "suppliers", "orders")
PATIENCE = 60.0
"""Seconds that a side gets to answer."""

_REPOSITORY = Path(__file__).parents[1]
_BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Side:
    """One way to run the shop, that runs.

    Attributes:
        port: Where it answers on this machine.
        roots: The processes that were started; their own children belong to it too.
        sockets: Where each component's process listens behind the gateway, where there is one.
    """

    port: int
    roots: Sequence[int]
    sockets: Mapping[str, Path] = field(default_factory=dict)


class Start(Protocol):
    """Starts a side, and ends it."""

    def __call__(self) -> AbstractContextManager[Side]:
        """The side, which answers."""
        ...


@contextmanager
def together() -> Iterator[Side]:
    """The shop as one process."""
    with _folder() as folder, _fissile(folder) as side:
        yield side


@contextmanager
def apart() -> Iterator[Side]:
    """The shop as a process for each component, Envoy in front."""
    with _folder() as folder, _fissile(folder, "--placement", "apart") as side:
        sockets = {name: next(folder.glob(f"fissile-*/{name}-1.sock")) for name in SERVICES}
        yield Side(side.port, side.roots, sockets)


@contextmanager
def behind_nginx(side: Side, binary: str) -> Iterator[Side]:
    """The processes of another side, nginx in front of them instead of its own gateway."""
    port = _free_port()
    with (
        _folder() as folder,
        _started(_nginx.command(binary, folder, port, side.sockets), folder) as front,
    ):
        _wait_until_answered(port, [front], folder)
        yield Side(port, [front.pid], side.sockets)


@contextmanager
def by_hand(client: str, binary: str) -> Iterator[Side]:
    """Three services that call each other over HTTP, nginx in front.

    Args:
        client: The library of the calls: ``httpx`` or ``httpx2``.
        binary: nginx.
    """
    with _folder() as folder, ExitStack() as stack:
        sockets = {name: folder / f"{name}.sock" for name in SERVICES}
        processes = [stack.enter_context(_service(name, sockets, client, folder)) for name in SERVICES]
        port = _free_port()
        processes.append(stack.enter_context(_started(_nginx.command(binary, folder, port, sockets), folder)))
        _wait_until_answered(port, processes, folder)
        yield Side(port, [process.pid for process in processes], sockets)


def sides(nginx: str | None) -> dict[str, Start]:
    """All of them by name; those behind nginx where there is one."""
    found: dict[str, Start] = {"together": together, "apart": apart}
    if nginx is not None:
        found |= {f"by hand, {client}": partial(by_hand, client, nginx) for client in ("httpx", "httpx2")}
    return found


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder for everything that a side writes, with a short name: the path of a socket is limited."""
    with tempfile.TemporaryDirectory(prefix="fissile-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@contextmanager
def _fissile(folder: Path, *words: str) -> Iterator[Side]:
    """``fissile run`` of a copy of the shop that has no placements of its own: then apart is a process a component."""
    ignored = shutil.ignore_patterns("placements.toml", ".fissile", ".env", "__pycache__", "tests")
    shutil.copytree(_REPOSITORY / "examples" / "shop", folder / "project", ignore=ignored)
    port = _free_port()
    command = [str(_BIN / "fissile"), "run", "--port", str(port), "--log-level", "warning", *words]
    variables = {
        "FISSILE_MODE": "production",
        "FISSILE_STATE": str(folder / "state"),
        "XDG_RUNTIME_DIR": str(folder),
    }
    upgrade = [str(_BIN / "fissile"), "db", "upgrade"]
    subprocess.run(upgrade, cwd=folder / "project", env={**os.environ, **variables}, check=True)
    with _started(command, folder, variables, folder / "project") as process:
        _wait_until_answered(port, [process], folder)
        yield Side(port, [process.pid])


def _service(
    name: str, sockets: Mapping[str, Path], client: str, folder: Path
) -> AbstractContextManager[subprocess.Popen[bytes]]:
    command = [str(_BIN / "uvicorn"), f"benchmarks.handwritten.{name}:app", "--uds", str(sockets[name])]
    command += ["--loop", "uvloop", "--http", "httptools", "--log-level", "warning", "--no-access-log"]
    variables = {
        "DATABASE_URL": f"sqlite+aiosqlite:///{folder / name}.sqlite3",
        "SUPPLIERS_SOCKET": str(sockets["suppliers"]),
        "HTTP_CLIENT": client,
        "FORWARDED_ALLOW_IPS": "*",
    }
    return _started(command, folder, variables, _REPOSITORY)


@contextmanager
def _started(
    command: Sequence[str], folder: Path, variables: Mapping[str, str] | None = None, where: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process, whose words go to the log of its folder."""
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            command,
            cwd=where,
            env={**os.environ, **(variables or {})},
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


def _wait_until_answered(port: int, processes: Sequence[subprocess.Popen[bytes]], folder: Path) -> None:
    """Waits until every component says that it has nothing yet."""
    end = time.monotonic() + PATIENCE
    while not all(_status(port, f"/{name}/1") in (200, 404) for name in SERVICES):
        ended = any(process.poll() is not None for process in processes)
        if ended or time.monotonic() > end:
            raise SystemExit("a side did not start:\n" + (folder / "log").read_text(errors="replace"))
        time.sleep(0.01)


def _status(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
