"""Removes a component that nobody needs any more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ..errors import Fault, raise_faults, shown
from ..project import Project
from .change import Change, Remove, Step, Write
from .mentions.survey import Survey
from .mentions.tables import Tables, Value
from .mentions.texts import is_group, moved_parts, names_a_group, runs_component
from .mentions.wording import Mention
from .source.edits import Edit, Written, read_text


def remove_component(project: Project, name: str) -> Change:
    """Finds what goes with a component.

    Args:
        project: The project.
        name: The component.

    Returns:
        The change.

    Raises:
        ConfigurationError: There is no such component, or somebody still needs it.
    """
    survey = Survey(project, project.component(name), name)
    removal = _Removal(survey)
    raise_faults([*survey.faults(), *removal.faults()])
    return removal.change()


@dataclass(frozen=True)
class _Removal:
    survey: Survey

    # ---------------------------------------------------------------------------------- who needs it

    def faults(self) -> Iterator[Fault]:
        """Everybody who still needs it."""
        for path, line in self._needed():
            why = f"without {self.survey.old} it would not work"
            what = f"{self._who(path)} still needs {self.survey.old}"
            yield Fault(what, shown(path, line), why, "take that out first")
        for link in self.survey.tree.links:
            names = {path: path.name for path in self.survey.own}
            if not self.survey.is_own(link) and any(moved_parts(str(link.readlink()), link.parent, names)):
                yield Fault(
                    f"a link leads to {self.survey.old}", shown(link), "it would lead nowhere", "remove it first"
                )

    def _needed(self) -> Iterator[tuple[Path, int]]:
        for path, found in sorted(self.survey.python.items()):
            if not self.survey.is_own(path):
                needed = (mention for mention in found.mentions(()) if mention.kind in ("import", "name", "dotted"))
                yield from ((path, line) for line in _lines(found.file, needed))
        for path, file in sorted(self.survey.texts.items()):
            if not self.survey.is_own(path) and path.suffix not in (".md", ".rst", ".txt"):
                needed = (mention for mention in self.survey.mentions(file) if mention.kind == "dotted")
                yield from ((path, line) for line in _lines(file, needed))

    def _who(self, path: Path) -> str:
        for component in self.survey.project.components:
            home = component.file if component.single_module else component.folder
            if path.is_relative_to(home):
                return component.name
        return path.name

    # ------------------------------------------------------------------------------------------ change

    def change(self) -> Change:
        """What goes: its entries, its folder and its tests."""
        writes = tuple(self._writes())
        after: tuple[str, ...] = ("fissile list", "pytest")
        if (self.survey.root / "uv.lock").is_file() and any(write.path.name == "pyproject.toml" for write in writes):
            after = ("uv lock", *after)
        steps: tuple[Step, ...] = (*writes, *(Remove(path) for path in self.survey.own))
        return Change(self.survey.root, f"remove component {self.survey.old}", steps, after, tuple(self._notes()))

    def _writes(self) -> Iterator[Write]:
        name = self.survey.old
        places = {
            self.survey.project.folder / "placements.toml": placements_without,
            self.survey.root / "pyproject.toml": groups_without,
        }
        for path, without in places.items():
            if path.is_file():
                file = read_text(path)
                after = without(file, name)
                if after != file.content:
                    yield Write(path, file.content, after)

    def _notes(self) -> Iterator[str]:
        name = self.survey.old
        yield "what was removed is in .fissile/removed, until you delete it"
        if self.survey.component.declaration.database:
            yield f"the data of {name} stays: its SQLite file, or its schema {self._id} in PostgreSQL"
        lines = [shown(path, line) for path, line in self._left()]
        if lines:
            yield f"{name} is still mentioned in {', '.join(lines[:10])}"

    @cached_property
    def _id(self) -> str:
        return self.survey.component.declared.id

    def _left(self) -> Iterator[tuple[Path, int]]:
        """The lines outside that speak of it and work without it."""
        for path, file in sorted(self.survey.texts.items()):
            if not self.survey.is_own(path):
                kept = (mention for mention in self.survey.mentions(file) if mention.kind != "setting")
                yield from ((path, line) for line in _lines(file, kept))
        for path, found in sorted(self.survey.python.items()):
            if not self.survey.is_own(path):
                yield from ((path, line) for line in (*_lines(found.file, found.sure), *found.exact))


def _lines(file: Written, mentions: Iterator[Mention] | tuple[Mention, ...]) -> list[int]:
    return sorted({file.line(mention.edit.start) for mention in mentions})


def placements_without(file: Written, name: str) -> bytes:
    """The placements after a component has gone from each; a process that would run nothing goes with it.

    Args:
        file: ``placements.toml``.
        name: The component.
    """
    while True:
        tables = Tables(file.text)
        found = next((each for each in tables.strings() if runs_component(each) and each.text == name), None)
        if found is None:
            return file.content
        file = Written(file.path, file.edited([_without_component(tables, found)]), file.encoding)


def _without_component(tables: Tables, found: Value) -> Edit:
    placement, process = found.path[:2]
    runs = [each.path[:2] for each in tables.strings() if runs_component(each)]
    if runs.count((placement, process)) > 1:
        return Edit(*tables.without(found), "")
    if {each for each in runs if each[0] == placement} == {(placement, process)}:
        return Edit(*tables.block((placement,)), "")
    whole = next((value for value in tables.values if value.path == (placement, process)), None)
    return Edit(*(tables.without(whole) if whole is not None else tables.block((placement, process))), "")


def groups_without(file: Written, name: str) -> bytes:
    """``pyproject.toml`` after the dependency group of a component has gone.

    Args:
        file: The file.
        name: The component.
    """
    if not any(is_group(key, name) for key in Tables(file.text).keys):
        return file.content
    while (place := _group(Tables(file.text), name)) is not None:
        file = Written(file.path, file.edited([Edit(*place, "")]), file.encoding)
    return file.content


def _group(tables: Tables, name: str) -> tuple[int, int] | None:
    """Where the group is defined or named, if it still is."""
    for value in tables.strings():
        if value.text == name and names_a_group(value):
            return tables.without(_named_by(tables, value))
    found = next((key.path for key in tables.keys if is_group(key, name)), None)
    whole = next((value for value in tables.values if value.path == found), None)
    if found is None:
        return None
    return tables.without(whole) if whole is not None else tables.block(found)


def _named_by(tables: Tables, value: Value) -> Value:
    """What goes with the name of a group: its table, and a conflict that would be left with one side."""
    path = value.path[:-1] if isinstance(value.path[-1], str) else value.path
    if path[:3] == ("tool", "uv", "conflicts") and len(tables.within(path[:-1])) <= 2:
        path = path[:-1]
    return next(each for each in tables.values if each.path == path)
