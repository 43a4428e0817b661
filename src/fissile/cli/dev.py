"""``fissile dev``: serves the application, and starts it again whenever a file of the project changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from .application import Target
from .completing import offer_placements, offer_processes
from .logs import LogLevel

if TYPE_CHECKING:
    from ..project import Placement

DRAIN = 1
"""Seconds that requests in flight get when a file has changed."""


def dev(
    target: Target = None,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 for any free one.")] = 8000,
    placement: Annotated[
        str | None,
        typer.Option(
            help="together, wire, apart, or another of placements.toml.",
            show_default=False,
            autocompletion=offer_placements,
        ),
    ] = None,
    debug: Annotated[
        str | None,
        typer.Option(
            metavar="PROCESS",
            help="Give this process the terminal, so that breakpoint() works, and take its deadlines off.",
            show_default=False,
            autocompletion=offer_processes,
        ),
    ] = None,
    log_level: LogLevel = "info",
) -> None:
    """Serve in development, and start again what runs a changed file.

    Examples:
        fissile dev
        fissile dev --placement apart
        fissile dev --placement apart --debug orders
    """
    from . import logs, sockets
    from .application import project_of
    from .placing import chosen_placement
    from .plans import Wanted
    from .supervised import supervise

    sockets.refuse_unless_loopback(host)
    project = project_of(target)
    logs.configure(log_level)
    whole = chosen_placement(project, placement, alone=debug is not None)
    if debug is not None:
        _refuse_unless_here(whole, debug)
    wanted = Wanted(target, placement, host, port, DRAIN, log_level, debug, develops=True)
    raise typer.Exit(supervise(project, whole, wanted))


def _refuse_unless_here(placement: Placement, name: str) -> None:
    from .placing import option

    with option("--debug"):
        process = placement.process(name)
    if process.address is not None:
        raise typer.BadParameter(f"{name} runs elsewhere, at {process.address}", param_hint="'--debug'")
