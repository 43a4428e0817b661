"""Which components a command runs here: what its options and the environment say of the placement."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import typer

from ..errors import ConfigurationError, Fault, raise_faults
from ..project.placement import PLACEMENT, PROCESS

if TYPE_CHECKING:
    from ..project import Placement, Placements, Project, View

DEBUG = "FISSILE_DEBUG"
"""The environment variable that takes the deadlines off, because somebody steps through this process."""


def placed(project: Project, placement: str | None, process: str | None, only: str | None) -> View | None:
    """What this process runs.

    Args:
        project: The project.
        placement: ``--placement``; else the environment says it.
        process: ``--process``; else the environment says it.
        only: ``--only``.

    Returns:
        What it sees of the placement; None where several processes are meant.

    Raises:
        ConfigurationError: ``placements.toml`` is wrong, or the environment names what is not there.
        typer.BadParameter: An option names what is not there.
    """
    from ..project import sockets_folder

    if process is not None and only is not None:
        raise typer.BadParameter("say --process or --only, not both", param_hint="'--only'")
    chosen = chosen_placement(project, placement, alone=process is not None or only is not None)
    sockets = sockets_folder(project)
    if only is not None:
        view = chosen.alone(_components(project, only), _process_of(chosen, only), sockets)
    else:
        if means_several(chosen, process):
            return None
        with option("--process" if process else ""):
            view = chosen.view(process or os.environ.get(PROCESS) or "", sockets)
    return replace(view, debug=bool(os.environ.get(DEBUG)))


def means_several(placement: Placement, process: str | None = None) -> bool:
    """Whether all processes of a placement are meant, and there are several.

    Args:
        placement: The placement.
        process: ``--process``, which like the environment makes this process one of them.
    """
    return placement.is_several and not (process or os.environ.get(PROCESS))


def chosen_placement(project: Project, named: str | None, *, alone: bool = False) -> Placement:
    """The placement that an option or the environment names.

    Args:
        project: The project.
        named: The option.
        alone: Whether just a part of it runs here, so that the one placement that is written is meant when none is
            named; together has no parts.
    """
    from ..project import read_placements

    known = read_placements(project)
    raise_faults(known.faults)
    if named is not None:
        with option("--placement"):
            return known.named(named)
    if name := os.environ.get(PLACEMENT):
        return known.named(name, f"environment variable {PLACEMENT}")
    return _only_one(known) if alone else known.named("together")


def _only_one(known: Placements) -> Placement:
    apart = [placement for placement in known.known.values() if placement.processes]
    if len(apart) > 1 and any(process.where for placement in apart for process in placement.processes):
        apart = [placement for placement in apart if any(process.where for process in placement.processes)]
    if len(apart) == 1:
        return apart[0]
    names = ", ".join(placement.name for placement in apart)
    raise typer.BadParameter(f"say which, there are {names}", param_hint="'--placement'")


@contextmanager
def option(name: str) -> Iterator[None]:
    """Turns what is not there into a wrong use of an option; where no option was used (empty) nothing is turned."""
    try:
        yield
    except ConfigurationError as error:
        if not name:
            raise
        fault = error.faults[0]
        advice = fault.fix if fault.fix.startswith("did you") else fault.why
        raise typer.BadParameter(f"{fault.what}; {advice}", param_hint=f"'{name}'") from None


def _components(project: Project, names: str) -> frozenset[str]:
    with option("--only"):
        return frozenset(project.component(name.strip()).name for name in names.split(","))


def _process_of(placement: Placement, names: str) -> str:
    """The process that has just these components, else a name for them."""
    wanted = {name.strip() for name in names.split(",")}
    for process in placement.processes:
        if set(process.components) == wanted:
            return process.name
    return names


def private_folder(project: Project, *, is_handed_over: bool) -> Path | None:
    """The folder in whose sockets this process trusts; None if it is not private.

    Args:
        project: The project.
        is_handed_over: Whether a supervisor opened this process's socket, and made the folder before.
    """
    from ..project import is_private, sockets_folder

    folder = sockets_folder(project)
    return folder if is_handed_over or is_private(folder) else None


def listens_at(project: Project, view: View) -> tuple[str | None, int | None, Path | None]:
    """Where a process listens that was not told: at its address in the placement.

    Returns:
        Host, port and Unix socket, None where the default is meant.

    Raises:
        ConfigurationError: Its address is that of what stands in front of it.
    """
    from ..project import make_private, read_placements, sockets_folder
    from .sockets import is_loopback

    placement = read_placements(project).named(view.name)
    process = next((process for process in placement.processes if process.name == view.process), None)
    if process is None:
        return None, None, None
    if process.address is None:
        make_private(sockets_folder(project))
        return None, None, Path(process.endpoints(sockets_folder(project))[0].removeprefix("unix:"))
    if process.address.startswith("unix:"):
        return None, None, Path(process.address.removeprefix("unix:"))
    parts = urlsplit(process.address)
    if parts.scheme == "https" or not is_loopback(parts.hostname or ""):
        what = f"the process {process.name} is reached at {process.address}, and nothing says where it listens"
        why = "it has no TLS and no identity of its own, so it listens on this machine, behind what has"
        raise ConfigurationError(Fault(what, process.where, why, "say --port, or --uds"))
    return parts.hostname, parts.port, None
