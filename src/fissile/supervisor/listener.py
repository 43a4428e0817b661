"""A socket that stays open while the processes that answer on it come and go."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import secrets
import socket
import sys
from pathlib import Path

from fissile.errors import ConfigurationError, Fault

BACKLOG = 2048
"""Connections that wait in the queue of the socket; uvicorn's default."""

LONGEST = 103 if sys.platform == "darwin" else 107
"""Bytes of the path of a Unix socket (``sun_path``, without the zero at its end)."""

TICK = 0.05
"""Seconds until it is tried again to let somebody in."""

HEADER = f"fissile-away-{secrets.token_hex(16)}"
"""The header of an answer in a process's place. The supervisor and its Envoy alone know it; each start has another."""

_PROBLEM = (
    b'{"type":"about:blank","title":"Service Unavailable","status":503,'
    b'"detail":"The process that answers here has ended, and is started again.","code":"unavailable"}'
)
AWAY = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\nretry-after: 1\r\n"
    b"%s: 1\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%s"
) % (HEADER.encode(), len(_PROBLEM), _PROBLEM)
"""What nobody's connection is answered with; the gateway then asks another worker of the process, if there is one."""


def listen_on(path: Path) -> socket.socket:
    """Listens on a Unix socket; what a supervisor that was killed left there is replaced.

    Raises:
        ConfigurationError: The path is too long, or cannot be listened on, or somebody listens there.
    """
    size = len(bytes(path))
    if size > LONGEST:
        what = f"the path of a socket would be {size} bytes, and the system takes {LONGEST}"
        why = "it is made of the runtime or temporary directory and the name of a process"
        raise ConfigurationError(Fault(what, str(path), why, "set XDG_RUNTIME_DIR or TMPDIR to a shorter folder"))
    if _answers(path):
        why = "one program listens on a socket; perhaps a process of the placement was started alone"
        raise ConfigurationError(Fault(f"{path} is in use", "", why, "end the other program"))
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(str(path))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise ConfigurationError(Fault(f"cannot listen on {path}: {error.strerror}")) from None
    listener.setblocking(False)
    return listener


def clear(folder: Path) -> None:
    """Remove a folder of sockets and what is in it, but for the sockets on which others listen, as far as it can be."""
    with contextlib.suppress(OSError):  # it is gone, cannot be written to, or is not empty
        for file in folder.iterdir():
            if not _answers(file):
                file.unlink(missing_ok=True)
        folder.rmdir()


def _answers(path: Path) -> bool:
    if not path.is_socket():
        return False
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def is_taken(host: str, port: int) -> bool:
    """Whether another program listens on a port.

    Args:
        host: The IP address.
        port: The port.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        return error.errno == errno.EADDRINUSE
    return False


async def answer_away(listener: socket.socket) -> None:
    """Answer all connections that nobody is there until it is cancelled, and then those that were accepted."""
    loop = asyncio.get_running_loop()
    answering: set[asyncio.Task[None]] = set()
    try:
        while True:
            try:
                connection, _ = await loop.sock_accept(listener)
            except OSError:  # too many are open
                await asyncio.sleep(TICK)
                continue
            answering.add(task := loop.create_task(_answer(connection)))
            task.add_done_callback(answering.discard)
    finally:
        if answering:
            await asyncio.wait(answering)


async def _answer(connection: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    with connection, contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(1):
            # A socket that is closed with unread data resets, and the answer would be lost.
            await loop.sock_recv(connection, 65536)
            await loop.sock_sendall(connection, AWAY)
