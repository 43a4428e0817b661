"""``fissile run``: serves the application."""

from __future__ import annotations

import socket
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from .application import Target
from .completing import offer_parts, offer_placements, offer_processes
from .logs import LogLevel

HOST = "127.0.0.1"
PORT = 8000

DRAIN = 25.0
"""Seconds that requests in flight get at the end."""


def run(
    target: Target = None,
    host: Annotated[str | None, typer.Option(help="The address to listen on.  [default: 127.0.0.1]")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="The port; 0 for any free one.  [default: 8000]")
    ] = None,
    uds: Annotated[Path | None, typer.Option(help="A Unix socket to listen on instead.")] = None,
    placement: Annotated[
        str | None,
        typer.Option(
            help="together, wire, apart, or another of placements.toml.",
            show_default=False,
            autocompletion=offer_placements,
        ),
    ] = None,
    only: Annotated[
        str | None,
        typer.Option(
            help="Run this component alone; several with commas.", show_default=False, autocompletion=offer_parts
        ),
    ] = None,
    process: Annotated[
        str | None,
        typer.Option(
            help="Run this process of the placement alone.", show_default=False, autocompletion=offer_processes
        ),
    ] = None,
    log_level: LogLevel = "info",
    fd: Annotated[int | None, typer.Option(hidden=True, help="A socket that listens already.")] = None,
    drain: Annotated[float | None, typer.Option(hidden=True, help="Seconds for requests in flight at the end.")] = None,
    supervisor: Annotated[int | None, typer.Option(hidden=True, help="The process whose end ends this one.")] = None,
    migrate: Annotated[bool, typer.Option("--migrate", hidden=True, help="Bring the databases up to date.")] = False,
    announce: Annotated[int | None, typer.Option(hidden=True, help="Where to say how this process is.")] = None,
) -> None:
    """Serve in one process, or as the processes of a placement.

    With --process or --only it is one of them, or a part of it, alone.

    Examples:
        fissile run --port 8080
        fissile run --placement apart
        fissile run --placement apart --process orders
    """
    from . import logs, sockets
    from .application import load, project_of
    from .placing import chosen_placement, listens_at, placed, private_folder

    if uds is not None and (host is not None or port is not None):
        raise typer.BadParameter("a Unix socket has no host and no port", param_hint="--uds")
    sockets.refuse_unless_loopback(host or HOST)
    project = project_of(target)
    view = placed(project, placement, process, only)
    logs.configure(log_level)
    if view is None:
        if uds is not None:
            raise typer.BadParameter("the gateway listens on a port", param_hint="'--uds'")
        from .plans import Wanted
        from .supervised import supervise

        at = host or HOST, PORT if port is None else port
        wanted = Wanted(target, placement, *at, DRAIN if drain is None else drain, log_level)
        raise typer.Exit(supervise(project, chosen_placement(project, placement), wanted))
    app = load(target, replace(view, migrates=migrate))
    has_own_socket = uds is None
    if fd is None and uds is None and host is None and port is None:
        host, port, uds = listens_at(project, view)
    private = private_folder(project, is_handed_over=fd is not None) if has_own_socket else None
    with _listener(host or HOST, PORT if port is None else port, uds, fd) as listener:
        from .serving import serve

        raise typer.Exit(
            serve(
                app, listener, private=private, drain=drain, log_level=log_level, parent=supervisor, announce=announce
            )
        )


def _listener(host: str, port: int, uds: Path | None, fd: int | None) -> AbstractContextManager[socket.socket]:
    from . import sockets

    if uds is not None:
        return sockets.listening_on_path(uds)
    return sockets.listen(host, port) if fd is None else socket.socket(fileno=fd)
