"""``fissile list``: the components, read without importing them, and the processes that run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .application import Target
from .words import NOT_CONFIGURED, OUTSIDE_DOWN, show_fault, show_faults

if TYPE_CHECKING:
    from ..project import FoundComponent, Project


def list_components(
    target: Target = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """List the components, who needs whom, and what runs where.

    What runs is told by its supervisor: since when, how it is, and how often it was started again.

    --json prints project, entrypoint, components, edges, placements and running.

    Examples:
        fissile list
        fissile list --json
    """
    from ..project import read_placements
    from .application import project_of

    project = project_of(target)
    placements = read_placements(project)
    running = _running(project)
    if as_json:
        written = {placement.name: placement.as_json() for placement in placements.known.values()}
        print(json.dumps({**project.as_json(), "placements": written, "running": running}, indent=2))
    else:
        for line in table(("COMPONENT", "PREFIX", "PROVIDES", "NEEDS"), rows(project)):
            print(line)
        if running is not None:
            print(f"\n{running['placement']} is on {running['address']}, since {running['since']}\n")
            for line in table(("PROCESS", "STATE", "SINCE", "PID", "RESTARTS", "COMPONENTS"), processes(running)):
                print(line)
    faults = [*project.faults(), *placements.faults]
    show_faults(faults)
    if faults:
        raise typer.Exit(NOT_CONFIGURED)


def _running(project: Project) -> Mapping[str, Any] | None:
    """What runs, as its supervisor says; None where there is none.

    Raises:
        typer.Exit: It does not answer; it has been said.
    """
    from ..errors import Fault
    from ..project import sockets_folder, state_folder
    from ..supervisor.control import PATIENCE, ask

    try:
        return ask(sockets_folder(project), {"ask": "status"})
    except TimeoutError:
        why = f"it was asked what runs, and said nothing for {PATIENCE:.0f} s; perhaps it is stopped"
        fix = f"its number is in {state_folder(project)}/supervisor.lock: `kill -CONT` wakes it, `kill` ends it"
        show_fault(Fault(f"the supervisor of {project.name} does not answer", "", why, fix))
        raise typer.Exit(OUTSIDE_DOWN) from None


def rows(project: Project) -> list[tuple[str, ...]]:
    """A row for each component, and one for ``main.py`` if that needs some."""
    from ..project import MAIN

    needed: dict[str, list[str]] = {name: [] for name in (MAIN, *(one.name for one in project.components))}
    for edge in project.graph():
        needed[edge.consumer].append(f"{edge.provider}.{_short(edge.interface)}")
    main = [(MAIN, "-", "-", ", ".join(needed[MAIN]))] if needed[MAIN] else []
    return [*main, *(_row(component, needed[component.name]) for component in project.components)]


def processes(running: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """A row for each worker of each process, and one for the gateway."""
    found: list[tuple[str, ...]] = []
    for process in running["processes"]:
        components = ", ".join(process["components"])
        if process["address"]:
            found.append((process["name"], f"elsewhere: {process['address']}", "-", "-", "-", components or "-"))
        found += [_worker(worker, components) for worker in process["workers"]]
    return [*found, *([_worker(running["gateway"], "")] if running["gateway"] else [])]


def _worker(worker: Mapping[str, Any], components: str) -> tuple[str, ...]:
    pid, since = str(worker["pid"] or "-"), worker["since"] or "-"
    return worker["name"], worker["state"], since, pid, _restarts(worker), components or "-"


def _restarts(worker: Mapping[str, Any]) -> str:
    """How often it has ended by itself, and how the last time."""
    from ..supervisor.worker import ending

    code = worker["last_code"]
    return str(worker["restarts"]) if code is None else f"{worker['restarts']}, the last {ending(code)}"


def _row(component: FoundComponent, needed: Sequence[str]) -> tuple[str, ...]:
    declared = component.declared
    provides = ", ".join(map(_short, declared.provides))
    return component.name, declared.prefix, provides or "-", ", ".join(needed) or "-"


def _short(interface: str) -> str:
    return interface.rpartition(".")[2]


def table(head: tuple[str, ...], body: Sequence[tuple[str, ...]]) -> list[str]:
    """The lines of a table, in columns as wide as their widest cell."""
    widths = [max(len(row[column]) for row in (head, *body)) for column in range(len(head))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in (head, *body)
    ]
