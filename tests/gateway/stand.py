"""The booth as one process and as two behind a real Envoy, all on sockets of this machine."""

import asyncio
import http.client
import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import uvicorn

from fissile import App
from fissile.generate.envoy import render
from fissile.generate.gateway import Gateway, Upstream, gateway
from fissile.project import Placement, Process, View, find, socket_path
from fissile.runtime.server import config
from fissile.supervisor import envoy
from fissile.supervisor.child import Command
from fissile.supervisor.listener import HEADER, answer_away, listen_on
from tests.gateway.booth.main import application

PATIENCE = 20.0
PLACEMENT = Placement("apart", (Process("people", ("letters",)), Process("trade", ("parcels",))))
BROKEN = {"/garbage": b"hello\r\n\r\n", "/mute": b""}
"""What processes say that are none, by the prefix that leads to them."""


@dataclass(frozen=True)
class Answer:
    """What came back.

    Attributes:
        status: The status.
        headers: The headers but ``date``, with lower names, in their order.
        body: The body, whole.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """The value of a header."""
        return dict(self.headers).get(name)


@dataclass(frozen=True)
class Stand:
    """Where everything is.

    Attributes:
        straight: The port of the application as one process, under uvicorn alone.
        through: The port of the gateway.
        folder: The folder of the sockets.
    """

    straight: int
    through: int
    folder: Path

    @property
    def admin(self) -> Path:
        """The socket of Envoy's own interface."""
        return self.folder / "admin.sock"

    def url(self, path: str = "", scheme: str = "http") -> str:
        """A URL of the gateway."""
        return f"{scheme}://127.0.0.1:{self.through}{path}"


def send(port: int, request: bytes) -> Answer:
    """Sends a request as it is written, on a connection of its own, and reads the answer."""
    with closing(socket.create_connection(("127.0.0.1", port), PATIENCE)) as connection:
        connection.sendall(request)
        return read(connection, request.partition(b" ")[0].decode("latin-1"))


def read(connection: socket.socket, method: str = "GET") -> Answer:
    """Reads one answer."""
    with closing(http.client.HTTPResponse(connection, method=method)) as response:
        response.begin()
        headers = [(name.lower(), value) for name, value in response.getheaders() if name.lower() != "date"]
        return Answer(response.status, tuple(headers), response.read())


def written(line: str, *headers: str, body: bytes = b"", host: str | None = "booth.test:81") -> bytes:
    """A request of HTTP/1.1."""
    named = [f"Host: {host}"] if host is not None else []
    return "\r\n".join([line, *named, *headers, "", ""]).encode("latin-1") + body


def until(condition: Callable[[], bool]) -> None:
    """Waits for a condition."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def free_port() -> int:
    """A port that nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def standing(folder: Path) -> Iterator[Stand]:
    """Starts everything.

    Args:
        folder: A folder with a short path.
    """
    with ExitStack() as stack:
        straight = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        sockets = [stack.enter_context(listen_on(socket_path(folder, name, 1))) for name in ("people", "trade")]
        away = stack.enter_context(listen_on(folder / "away.sock"))
        broken = {prefix: stack.enter_context(listen_on(folder / f"{prefix[1:]}.sock")) for prefix in BROKEN}
        served = [(_app(None), straight), *zip(map(_app, PLACEMENT.processes), sockets, strict=True)]
        stack.enter_context(_serving(served, away, broken, folder))
        stand = Stand(straight.getsockname()[1], free_port(), folder)
        stack.enter_context(envoy_running(_gateway(stand)))
        yield stand


def _app(process: Process | None) -> App:
    app = application()
    app.view = View() if process is None else View("apart", process.name, frozenset(process.components))
    return app


def _gateway(stand: Stand) -> Gateway:
    """The placement's, and processes that are away or none."""
    planned = gateway(find("tests.gateway.booth"), PLACEMENT, stand.folder, "127.0.0.1", stand.through, stand.admin)
    away = f"unix:{stand.folder}/away.sock"
    endpoints = {
        "/gone": (f"unix:{stand.folder}/gone.sock",),
        "/away": (away,),
        "/half": (away, *PLACEMENT.processes[0].endpoints(stand.folder)),
        **{prefix: (f"unix:{stand.folder}{prefix}.sock",) for prefix in BROKEN},
    }
    more = tuple(Upstream(prefix[1:], endpoints[prefix]) for prefix in endpoints)
    routes = {**planned.routes, **{prefix: prefix[1:] for prefix in endpoints}}
    return replace(planned, upstreams=(*planned.upstreams, *more), routes=routes, away=HEADER)


@contextmanager
def envoy_running(wanted: Gateway) -> Iterator[subprocess.Popen[str]]:
    """Starts Envoy, which ends with this process, and waits until it is ready."""
    file = wanted.admin.with_suffix(".json")
    file.write_text(render(wanted))
    words = Command(envoy.command(envoy.find(os.environ), file), os.environ).bound()
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
        try:
            until(lambda: process.poll() is not None or _is_ready(wanted.admin))
            yield process
        finally:
            process.terminate()
            process.communicate()


def _is_ready(admin: Path) -> bool:
    try:
        return envoy.is_ready(admin)
    except (OSError, http.client.HTTPException):
        return False


@contextmanager
def _serving(
    served: list[tuple[App, socket.socket]], away: socket.socket, broken: dict[str, socket.socket], folder: Path
) -> Iterator[None]:
    """Serves in a thread of its own, whose loop no test holds up."""
    servers = [
        uvicorn.Server(config(app, links=app.view != View(), private=folder, drain=0, log_level="critical"))
        for app, _ in served
    ]

    async def serve() -> None:
        others = [asyncio.ensure_future(answer_away(away))]
        others += [asyncio.ensure_future(_break(broken[prefix], said)) for prefix, said in BROKEN.items()]
        await asyncio.gather(*[server.serve([listener]) for server, (_, listener) in zip(servers, served, strict=True)])
        for other in others:
            other.cancel()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        until(lambda: all(server.started for server in servers) or not thread.is_alive())
        yield
    finally:
        for server in servers:
            server.should_exit = True
        thread.join()


async def _break(listener: socket.socket, said: bytes) -> None:
    """Reads a request and ends the connection, after something that is no answer."""
    loop = asyncio.get_running_loop()
    while True:
        connection, _ = await loop.sock_accept(listener)
        with connection:
            await loop.sock_recv(connection, 65536)
            await loop.sock_sendall(connection, said)
