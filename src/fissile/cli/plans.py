"""What `fissile run` and `fissile dev` have a supervisor run: made of what was typed, and of the files as they are."""

from __future__ import annotations

import os
import socket
import sys
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import typer

from ..errors import ConfigurationError
from ..project import Peer, Placement, Process, Project
from ..supervisor.child import Command
from ..supervisor.gateway import Gateway
from ..supervisor.plan import Plan
from ..supervisor.reload import Edits
from .application import project_of
from .placing import DEBUG, chosen_placement
from .sockets import url_of
from .words import has_colour


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


def read(wanted: Wanted) -> tuple[Project, Placement] | None:
    """What the files say now; None where they are wrong, which the processes say when they start again."""
    try:
        project = project_of(wanted.target)
        placement = chosen_placement(project, wanted.placement, alone=wanted.debug is not None)
    except (ConfigurationError, typer.BadParameter):
        return None
    return None if project.faults() else (project, placement)


def several(project: Project, placement: Placement, wanted: Wanted) -> Plan:
    """The processes of a placement, with a gateway in front of them."""

    def is_outdated() -> bool:
        now = read(wanted)
        return now is not None and _shape(*now) != _shape(project, placement)

    stepped = _stepped(placement, wanted.debug)
    gateway = Gateway(project, stepped, wanted.host, wanted.port)
    edits = Edits(_watched(project.root), is_outdated) if wanted.develops else None
    command = partial(_command, wanted, placement.name)
    secret = _secret(project, stepped)
    return Plan(project, stepped, command, wanted.drain, gateway.url, gateway, edits=edits, secret=secret)


def _secret(project: Project, placement: Placement) -> str:
    """The secret that the processes at an address answer to; empty if there are none.

    Raises:
        ConfigurationError: There are some, and no secret.
    """
    elsewhere = next((process for process in placement.processes if process.address is not None), None)
    if elsewhere is None or elsewhere.address is None:
        return ""
    from ..runtime.secret import secret_for

    return secret_for(Peer(elsewhere.name, (elsewhere.address,), is_elsewhere=True), project)


def _stepped(placement: Placement, debug: str | None) -> Placement:
    """The placement in which the process that somebody steps through runs once: there is one terminal."""
    processes = [replace(process, workers=1) if process.name == debug else process for process in placement.processes]
    return replace(placement, processes=tuple(processes))


def _shape(project: Project, placement: Placement) -> object:
    """What the processes and the gateway are made by."""
    prefixes = {component.name: component.declared.prefix for component in project.components}
    return placement, prefixes, {component.name for component in project.components if component.declaration.api}


def alone(project: Project, placement: Placement, wanted: Wanted, listener: socket.socket) -> Plan:
    """One process with everything, or the one that the environment says, without a gateway."""
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
    words = [sys.executable, "-P", "-m", "fissile.cli", "run", *([wanted.target] if wanted.target else [])]
    if placement is not None:
        words += ["--placement", placement, "--process", process.name]
    elif wanted.placement is not None:
        words += ["--placement", wanted.placement]
    words += ["--fd", str(descriptor), "--drain", str(wanted.drain), "--log-level", wanted.log_level]
    words += ["--supervisor", str(os.getpid()), "--announce", "{announce}"]
    words += ["--migrate"] if wanted.develops else []
    has_terminal = placement is None or process.name == wanted.debug
    return Command(words, _environment(wanted, has_terminal), (descriptor,), has_terminal)


def _environment(wanted: Wanted, has_terminal: bool) -> dict[str, str]:
    environment = dict(os.environ)
    if wanted.develops:
        environment["FISSILE_MODE"] = "development"
    if has_terminal:
        return {**environment, **({DEBUG: "1"} if wanted.debug else {})}
    environment.pop(DEBUG, None)
    if has_colour(sys.stderr):
        environment["FORCE_COLOR"] = "1"
    return {**environment, "PYTHONUNBUFFERED": "1"}
