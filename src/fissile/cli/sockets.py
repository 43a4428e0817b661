"""The sockets that an application is served on."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path

import typer

from ..errors import ConfigurationError, Fault
from .words import OUTSIDE_DOWN, show_fault

BACKLOG = 2048
"""Connections that wait in the queue of the socket; uvicorn's default."""


def url_of(listener: socket.socket) -> str:
    """Where a socket is reached."""
    name = listener.getsockname()
    if isinstance(name, str):
        return f"unix:{name}"
    host, port = name[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def listen(host: str, port: int) -> socket.socket:
    """Listens on a port of this machine.

    Raises:
        ConfigurationError: The address cannot be listened on.
        typer.Exit: The port is in use; it has been said.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            show_fault(
                Fault(
                    f"port {port} is in use on {host}",
                    "",
                    "one program listens on a port",
                    f"end the other program, or try --port {_free_port(host, family, port)}",
                )
            )
            raise typer.Exit(OUTSIDE_DOWN) from None
        what = f"cannot listen on {host}:{port}: {os.strerror(error.errno or 0)}"
        raise ConfigurationError(Fault(what, "", "", "try another --port or --host")) from None


def is_loopback(host: str) -> bool:
    """Whether a host is this machine alone."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:  # another name
        return False


def refuse_unless_loopback(host: str) -> None:
    """An open application listens on this machine only.

    Raises:
        ConfigurationError: The host is another.
    """
    if is_loopback(host):
        return
    raise ConfigurationError(
        Fault(
            f"--host {host} would let other machines in",
            "",
            "the application has no identity configured: every route is open to everybody who reaches it",
            "leave --host out, and put in front of it what knows who is asking",
        )
    )


def _free_port(host: str, family: socket.AddressFamily, taken: int) -> int:
    for port in range(taken + 1, min(taken + 100, 65536)):
        try:
            socket.create_server((host, port), family=family).close()
        except OSError:
            continue
        return port
    with socket.create_server((host, 0), family=family) as any_free:
        found: int = any_free.getsockname()[1]
        return found


@contextmanager
def listening_on_path(path: Path) -> Iterator[socket.socket]:
    """Listens on a Unix socket, which is removed afterwards; what a process that was killed left there is replaced.

    Raises:
        ConfigurationError: The path cannot be one.
        typer.Exit: Somebody listens there already; it has been said.
    """
    if path.is_socket():
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(path)) == 0:
                show_fault(Fault(f"{path} is in use", "", "one program listens on a socket", "try another --uds"))
                raise typer.Exit(OUTSIDE_DOWN)
        path.unlink()
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(str(path))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        reason = error.strerror or str(error)
        raise ConfigurationError(Fault(f"cannot listen on {path}: {reason}", fix="try another --uds")) from None
    try:
        yield listener
    finally:
        listener.close()
        path.unlink(missing_ok=True)
