"""Running processes and watching over them: what `fissile run` and `fissile dev` have in common."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from .words import OUTSIDE_DOWN, has_colour, say, show_fault

if TYPE_CHECKING:
    from ..project import Placement, Process, Project
    from ..supervisor.child import Command
    from ..supervisor.plan import Plan


@dataclass(frozen=True)
class Wanted:
    """What was typed.

    Attributes:
        target: The application.
        placement: The placement.
        host: The address to listen on.
        port: The port; 0 for any free one.
        drain: Seconds that requests in flight get at the end of a process.
        log_level: What is logged.
        debug: The process that somebody steps through.
        develops: Whether processes are started again when their files change, and wait for that when they have ended.
    """

    target: str | None
    placement: str | None
    host: str
    port: int
    drain: float
    log_level: str
    debug: str | None = None
    develops: bool = False


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
    from ..project import state_folder
    from ..supervisor.lock import Taken, locked
    from . import sockets

    try:
        with locked(state_folder(project)):
            with sockets.listen(wanted.host, wanted.port) as listener:
                if not is_supervised(placement):
                    return _run(_alone(project, placement, wanted, listener)) or 0
                host, port = listener.getsockname()[:2]  # Envoy knows no names
            return _apart(project, placement, replace(wanted, host=host, port=port))
    except Taken as taken:
        show_fault(taken.fault)
        raise typer.Exit(OUTSIDE_DOWN) from None


def is_supervised(placement: Placement) -> bool:
    """Whether it wants several processes here, unless the environment makes this one of them."""
    from ..project.placement import PROCESS

    is_one = len(placement.processes) < 2 and all(process.workers == 1 for process in placement.processes)
    return not is_one and not os.environ.get(PROCESS)


def _apart(project: Project, placement: Placement, wanted: Wanted) -> int:
    """Runs a placement, and what an edit makes of it."""
    while (code := _run(_several(project, placement, wanted))) is None:
        project, placement = _read_again(wanted)
    return code


def _read_again(wanted: Wanted) -> tuple[Project, Placement]:
    from .application import project_of
    from .placing import chosen_placement

    project = project_of(wanted.target)
    return project, chosen_placement(project, wanted.placement, alone=wanted.debug is not None)


def _run(plan: Plan) -> int | None:
    from ..supervisor.logs import Own, Stream
    from ..supervisor.supervisor import Supervisor

    stream = Stream(sys.stderr, plan.names(), colour=has_colour(sys.stderr))
    own = Own(stream, "fissile")
    own.setFormatter(logging.root.handlers[0].formatter)
    logging.root.handlers[:] = [own]
    return asyncio.run(Supervisor(plan, stream, partial(_tell, plan)).run())


def _tell(plan: Plan, said: Mapping[str, object]) -> None:
    docs = f", its API on {plan.url}{said['docs']}" if said.get("docs") else ""
    say(f"{said.get('title') or plan.project.name} is on {plan.url}{docs}; Ctrl-C ends it")


# ------------------------------------------------------------------------------------------------------ plans


def _several(project: Project, placement: Placement, wanted: Wanted) -> Plan:
    from ..supervisor.gateway import Gateway
    from ..supervisor.plan import Plan
    from ..supervisor.reload import Edits

    def is_outdated() -> bool:
        from ..errors import ConfigurationError

        try:
            return _shape(*_read_again(wanted)) != _shape(project, placement)
        except ConfigurationError:  # the processes say so when they start again
            return False

    gateway = Gateway(project, placement, wanted.host, wanted.port)
    edits = Edits(_watched(project.root), is_outdated) if wanted.develops else None
    command = partial(_command, wanted, placement.name)
    return Plan(project, placement, command, wanted.drain, gateway.url, gateway, edits=edits)


def _shape(project: Project, placement: Placement) -> object:
    """What the processes and the gateway are made by."""
    prefixes = {component.name: component.declared.prefix for component in project.components}
    return placement, prefixes, {component.name for component in project.components if component.declaration.api}


def _alone(project: Project, placement: Placement, wanted: Wanted, listener: socket.socket) -> Plan:
    """One process with everything, or the one that the environment says, without a gateway."""
    from ..project import Process
    from ..supervisor.plan import Plan
    from ..supervisor.reload import Edits
    from .sockets import url_of

    whole = Process(placement.name, tuple(component.name for component in project.components))
    edits = Edits(_watched(project.root), lambda: False)
    command = partial(_command, wanted, None)
    placement = replace(placement, processes=(whole,))
    return Plan(project, placement, command, wanted.drain, url_of(listener), listener=listener, edits=edits)


def _watched(root: Path) -> Path:
    """The folder of the project's ``pyproject.toml``, else the one that its package is imported from."""
    near = (root, root.parent)
    return next((folder for folder in near if (folder / "pyproject.toml").is_file()), root)


def _command(wanted: Wanted, placement: str | None, process: Process, number: int, descriptor: int) -> Command:
    """How a worker of a process is started: as one would start it alone, on a socket that listens already.

    Args:
        wanted: What was typed.
        placement: The placement with several processes; None where one runs everything.
        process: The process.
        number: Which of its workers, from 1.
        descriptor: The socket.
    """
    from ..supervisor.child import Command

    words = [sys.executable, "-P", "-m", "fissile.cli", "run", *([wanted.target] if wanted.target else [])]
    if placement is not None:
        words += ["--placement", placement, "--process", process.name]
    elif wanted.placement is not None:
        words += ["--placement", wanted.placement]
    words += ["--fd", str(descriptor), "--drain", str(wanted.drain), "--log-level", wanted.log_level]
    words += ["--supervisor", str(os.getpid()), "--announce", "{announce}"]
    has_terminal = placement is None or process.name == wanted.debug
    return Command(words, _environment(wanted, process, has_terminal), (descriptor,), has_terminal)


def _environment(wanted: Wanted, process: Process, has_terminal: bool) -> dict[str, str]:
    from .placing import DEBUG

    environment = dict(os.environ)
    if wanted.develops:
        environment["FISSILE_MODE"] = "development"
    if has_terminal:
        return {**environment, **({DEBUG: "1"} if wanted.debug else {})}
    environment.pop(DEBUG, None)
    if has_colour(sys.stderr):
        environment["FORCE_COLOR"] = "1"
    return {**environment, "PYTHONUNBUFFERED": "1"}
