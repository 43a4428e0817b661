"""``fissile run``: serves the application."""

from __future__ import annotations

import os
import socket
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated

import typer

from .application import Target
from .logs import LogLevel

HOST = "127.0.0.1"
PORT = 8000


def _known(placement: str | None) -> str | None:
    from ..errors import ConfigurationError
    from ..project.placement import VARIABLE, placement_from

    if placement is not None:
        try:
            placement_from({VARIABLE: placement})
        except ConfigurationError as error:
            fault = error.faults[0]
            advice = fault.fix if fault.fix.startswith("did you") else fault.why
            raise typer.BadParameter(f"{fault.what}; {advice}") from None
    return placement


def run(
    target: Target = None,
    host: Annotated[str | None, typer.Option(help="The address to listen on.  [default: 127.0.0.1]")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="The port; 0 for any free one.  [default: 8000]")
    ] = None,
    uds: Annotated[Path | None, typer.Option(help="A Unix socket to listen on instead.")] = None,
    placement: Annotated[
        str | None,
        typer.Option(help="together, or wire: every call through codec and link.", callback=_known),
    ] = None,
    log_level: LogLevel = "info",
    fd: Annotated[int | None, typer.Option(hidden=True, help="A socket that listens already.")] = None,
    drain: Annotated[float | None, typer.Option(hidden=True, help="Seconds for requests in flight at the end.")] = None,
    supervisor: Annotated[int | None, typer.Option(hidden=True, help="The process whose end ends this one.")] = None,
) -> None:
    """Serve the application."""
    from ..project.placement import VARIABLE
    from . import logs, sockets
    from .application import load

    if uds is not None and (host is not None or port is not None):
        raise typer.BadParameter("a Unix socket has no host and no port", param_hint="--uds")
    sockets.refuse_unless_loopback(host or HOST)
    if placement is not None:
        os.environ[VARIABLE] = placement
    logs.configure(log_level)
    app = load(target)
    with _listener(host or HOST, PORT if port is None else port, uds, fd) as listener:
        from .serving import serve

        raise typer.Exit(serve(app, listener, drain=drain, log_level=log_level, parent=supervisor))


def _listener(host: str, port: int, uds: Path | None, fd: int | None) -> AbstractContextManager[socket.socket]:
    from . import sockets

    if uds is not None:
        return sockets.listening_on_path(uds)
    return sockets.listen(host, port) if fd is None else socket.socket(fileno=fd)
