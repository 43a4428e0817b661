"""Gives a new component a process in each placement that is written down, since it has to run somewhere."""

from __future__ import annotations

from collections.abc import Sequence

from ..project import Placement, Project, read_placements
from .change import Write
from .mentions.tables import Tables
from .source.edits import Edit, read_text


def placed(project: Project, name: str) -> tuple[list[Write], tuple[str, ...]]:
    """Places a component in a process of its own, behind the others.

    Args:
        project: The project, which the component is not in yet.
        name: The component.

    Returns:
        The file of the placements, if it changes, and what the user should know of it.
    """
    written = [each for each in read_placements(project).known.values() if any(one.where for one in each.processes)]
    if not written:
        return [], ()
    file = read_text(project.folder / "placements.toml")
    tables = Tables(file.text)
    after = file.edited(_placed(tables, placement, name, file.newline) for placement in written)
    names = ", ".join(placement.name for placement in written)
    note = f"{name} is a process of its own in {names}: placements.toml says where it runs"
    return [Write(file.path, file.content, after)], (note,)


def _placed(tables: Tables, placement: Placement, name: str, newline: str) -> Edit:
    process = _free(name, [each.name for each in placement.processes])
    _, end = tables.block((placement.name,))
    own = [key.path for key in tables.keys if key.is_header]
    if any(path[:1] == (placement.name,) and len(path) > 1 for path in own):
        text = f'{newline}[{placement.name}.{process}]{newline}components = ["{name}"]{newline}'
    else:
        text = f'{process} = ["{name}"]{newline}'
    return Edit(end, end, text if tables.text[:end].endswith("\n") else f"{newline}{text}")


def _free(name: str, taken: Sequence[str]) -> str:
    return (
        name
        if name not in taken
        else next(free for number in range(2, len(taken) + 3) if (free := f"{name}_{number}") not in taken)
    )
