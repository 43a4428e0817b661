"""Running processes and watching over them: what `fissile run` and `fissile dev` have in common."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TextIO

import typer

from ..project import Placement, Project, state_folder
from ..supervisor.lock import Taken, locked
from ..supervisor.logs import Own, Stream
from ..supervisor.plan import Plan
from ..supervisor.supervisor import Supervisor
from . import plans, sockets, terminal
from .placing import means_several
from .plans import Wanted
from .words import OUTSIDE_DOWN, has_colour, show_fault


def supervise(project: Project, placement: Placement, wanted: Wanted) -> int:
    """Runs the processes of a placement, and a gateway in front of several, until a signal.

    Args:
        project: The project.
        placement: The placement.
        wanted: What was typed.

    Returns:
        The exit code.

    Raises:
        ConfigurationError: Something cannot be as it is configured.
        typer.Exit: The port is in use, or another supervisor runs; it has been said.
    """
    try:
        with locked(state_folder(project)):
            with sockets.listen(wanted.host, wanted.port) as listener:
                if not means_several(placement):
                    return _run(plans.alone(project, placement, wanted, listener)) or 0
                host, port = listener.getsockname()[:2]  # Envoy knows no names
            return _apart(project, placement, replace(wanted, host=host, port=port))
    except Taken as taken:
        show_fault(taken.fault)
        raise typer.Exit(OUTSIDE_DOWN) from None


def _apart(project: Project, placement: Placement, wanted: Wanted) -> int:
    """Runs a placement, and what an edit makes of it."""
    while (code := _run(plans.several(project, placement, wanted))) is None:
        project, placement = plans.read(wanted) or (project, placement)
    return code


def _run(plan: Plan) -> int | None:
    stream = Stream(_once_more(sys.stderr), plan.names(), colour=has_colour(sys.stderr))
    with terminal.kept(), _logged(stream):
        return asyncio.run(Supervisor(plan, stream, partial(_tell, stream, plan)).run())


def _once_more(out: TextIO) -> TextIO:
    """The same stream, which Python does not flush at its end: it would wait there for whoever has stopped reading."""
    return open(out.fileno(), "w", encoding=out.encoding, errors=out.errors, closefd=False)


@contextmanager
def _logged(stream: Stream) -> Iterator[None]:
    """Has the log go to the stream while the block runs."""
    before = logging.root.handlers[:]
    own = Own(stream)
    own.setFormatter(before[0].formatter)
    logging.root.handlers[:] = [own]
    try:
        yield
    finally:
        logging.root.handlers[:] = before
        stream.close()


def _tell(stream: Stream, plan: Plan, said: Mapping[str, object]) -> None:
    docs = f", its API on {plan.url}{said['docs']}" if said.get("docs") else ""
    stream.say(f"{said.get('title') or plan.project.name} is on {plan.url}{docs}; Ctrl-C ends it")
