"""``fissile list``: the components, read without importing them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from .application import Target
from .words import NOT_CONFIGURED, show_fault

if TYPE_CHECKING:
    from ..project import FoundComponent, Project


def list_components(
    target: Target = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """List the components, what they provide and whom they need."""
    from .application import project_of

    project = project_of(target)
    if as_json:
        print(json.dumps(project.as_json(), indent=2))
    else:
        for line in table(("COMPONENT", "PREFIX", "PROVIDES", "NEEDS"), rows(project)):
            print(line)
    faults = project.faults()
    for fault in faults:
        show_fault(fault)
    if faults:
        raise typer.Exit(NOT_CONFIGURED)


def rows(project: Project) -> list[tuple[str, ...]]:
    """A row for each component."""
    needed: dict[str, list[str]] = {component.name: [] for component in project.components}
    for edge in project.graph():
        needed[edge.consumer].append(f"{edge.provider}.{_short(edge.interface)}")
    return [_row(component, needed[component.name]) for component in project.components]


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
