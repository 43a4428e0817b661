"""Renames a component: everything in the project that refers to it, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from ..errors import Fault, WrongUsage, raise_faults, shown
from ..project import FoundComponent, Project, default_prefix, state_folder
from .change import Change, Move, Retarget, Write
from .entries import STATE, is_kept_out
from .mentions import urls
from .mentions.survey import Survey
from .mentions.texts import moved_parts
from .names import component_faults
from .outliving import Outliving
from .redirect import redirected
from .source.declaration import declared
from .source.edits import Written, read_python, read_text
from .tidying import tidied

_SHOWN = 10
"""How many lines are listed at most that could be meant."""


def rename_component(project: Project, old: str, new: str, *, and_urls: bool = False, and_data: bool = False) -> Change:
    """Finds what has to change so that a component is called otherwise.

    Args:
        project: The project.
        old: The component's name.
        new: What it is to be called.
        and_urls: Whether its URLs change, too; the old ones are redirected.
        and_data: Whether what outlives a rename changes, too: its schema, its events.

    Returns:
        The change.

    Raises:
        WrongUsage: There is no such component, or it cannot be called so.
        ConfigurationError: A file cannot be read, or something else stands in the way.
    """
    if faults := tuple(_name_faults(project, old, new)):
        raise WrongUsage(*faults)
    component = project.component(old)
    renaming = _Renaming(Survey(project, component, new), Outliving(component, and_urls, and_data))
    raise_faults(renaming.faults())
    return tidied(renaming.change(), project.name)


def _name_faults(project: Project, old: str, new: str) -> Iterator[Fault]:
    try:
        project.component(old)
    except WrongUsage as error:
        yield from error.faults
    if old == new:
        yield Fault(f"{old} is called so already", "", "nothing would change", "give it another name")
    else:
        yield from component_faults(new, project)


@dataclass(frozen=True)
class _Renaming:
    survey: Survey
    outliving: Outliving

    @property
    def component(self) -> FoundComponent:
        return self.survey.component

    @property
    def prefixes(self) -> tuple[str, str]:
        return default_prefix(self.survey.old), default_prefix(self.survey.new)

    # ------------------------------------------------------------------------------------------ faults

    def faults(self) -> Iterator[Fault]:
        """What stands in the way, beside the name."""
        yield from self.survey.faults()
        yield from self._declaration_faults()
        for move in self.moves[1:]:
            if move.target.exists() or move.target.is_symlink():
                why = f"{shown(move.source)} would be called so"
                yield Fault("it is there already", shown(move.target), why, "move it away")
        for other in self.survey.project.components:
            if other.name != self.survey.old:
                yield from self._clashes(other)
        if self.outliving.moves_urls:
            yield from self._route_faults()

    def _declaration_faults(self) -> Iterator[Fault]:
        """Why what outlives the rename could not be written into the declaration."""
        yield from self.component.declaration.notes
        if not self.component.declaration.notes and declared(read_python(self.component.file)) is None:
            why = "what outlives the rename, its id and its prefix, is written into it"
            fix = "write component = Component(...) at the left margin"
            yield Fault("the declaration is inside of something else", self.component.where, why, fix)

    def _clashes(self, other: FoundComponent) -> Iterator[Fault]:
        _, prefix = self.prefixes
        if self.outliving.moves_urls and other.declared.prefix == prefix:
            why = "two components cannot share their URLs"
            yield Fault(f"{other.name} has the prefix {prefix}", other.where, why, "leave --and-urls out")
        if self.outliving.moves_data and other.declared.id == self.survey.new:
            why = "its data and its events are called so"
            yield Fault(f"{other.name} has the id {self.survey.new}", other.where, why, "leave --and-data out")

    def _route_faults(self) -> Iterator[Fault]:
        _, prefix = self.prefixes
        for line in urls.lines_below(read_python(self.main), prefix):
            why = f"requests below {prefix} would go to {self.survey.new}, so that it would never answer"
            yield Fault(f"there is a route below {prefix}", shown(self.main, line), why, "remove it first")

    # ------------------------------------------------------------------------------------------ change

    def change(self) -> Change:
        """Everything that happens: first the files, where they are, and then the folders."""
        writes = self._writes()
        what = f"rename component {self.survey.old} {self.survey.new}"
        after: tuple[str, ...] = ("fissile list", "pytest")
        if (self.survey.root / "uv.lock").is_file() and any(write.path.name == "pyproject.toml" for write in writes):
            after = ("uv lock", *after)
        return Change(self.survey.root, what, (*writes, *self._links(), *self.moves), after, tuple(self._notes()))

    @cached_property
    def moves(self) -> tuple[Move, ...]:
        """Its home, the tests that are called like it, and its secrets."""
        secrets = self._secrets if self._keeps_secrets else ()
        return tuple(Move(path, path.with_name(self.survey.renamed(path))) for path in (*self.survey.own, *secrets))

    @cached_property
    def _secrets(self) -> tuple[Path, ...]:
        """Its secrets, wherever the state is."""
        folder = Path(os.path.abspath(state_folder(self.survey.project))) / "secrets"  # noqa: PTH100  # lexical
        return tuple(sorted(folder.glob(f"{self.survey.old}__*")))

    @property
    def _keeps_secrets(self) -> bool:
        """True if a command may rename them: they are inside of the project, and in no other state than its own."""
        root = self.survey.root.resolve()
        return all(
            path.is_relative_to(self.survey.root)
            and path.resolve().is_relative_to(root)
            and (
                path.parent == self.survey.root / STATE / "secrets"
                or not is_kept_out(path.relative_to(self.survey.root))
            )
            for path in self._secrets
        )

    def _writes(self) -> list[Write]:
        contents: dict[Path, bytes] = {}
        exported = {name for found in self.survey.python.values() for name in found.used}
        for path, found in self.survey.python.items():
            contents[path] = found.file.edited(mention.edit for mention in found.mentions(exported))
        for path, file in self.survey.texts.items():
            contents[path] = file.edited(mention.edit for mention in self.survey.mentions(file))
        declaration = _current(read_python(self.component.file), contents)
        contents[self.component.file] = self.outliving.written(declaration).content
        if self.outliving.moves_urls:
            self._move_urls(contents)
        pairs = ((path, path.read_bytes(), after) for path, after in contents.items())
        return [Write(path, before, after) for path, before, after in pairs if before != after]

    def _move_urls(self, contents: dict[Path, bytes]) -> None:
        old, new = self.prefixes
        for path in self.survey.tree.files:
            if path.suffix not in (".md", ".py") or old.encode() not in path.read_bytes():
                continue
            file = _current(read_text(path) if path.suffix == ".md" else read_python(path), contents)
            if path.suffix == ".md":
                contents[path] = file.edited(urls.of_document(file.text, old, new))
            elif _is_test(path, self.survey.root):
                contents[path] = file.edited(urls.of_test(file, old, new))
            elif path.is_relative_to(self.survey.home):
                contents[path] = file.edited(urls.of_routers(file, old, new))
        file = _current(read_python(self.main), contents)
        app = self.survey.project.entrypoint.partition(":")[2]
        contents[self.main] = file.edited(redirected(file, app, self.survey.old, old, new))

    @property
    def main(self) -> Path:
        """The file of the application."""
        module = self.survey.project.entrypoint.partition(":")[0]
        base = self.survey.project.root.joinpath(*module.split("."))
        return base / "__init__.py" if base.is_dir() else base.with_name(f"{base.name}.py")

    def _links(self) -> Iterator[Retarget]:
        """The links that lead to what is moved, or through it."""
        names = {move.source: move.target.name for move in self.moves}
        for link in self.survey.tree.links:
            after = before = str(link.readlink())
            for start, end, new in reversed(list(moved_parts(before, link.parent, names))):
                after = after[:start] + new + after[end:]
            if after != before:
                yield Retarget(link, before, after)

    # ------------------------------------------------------------------------------------------- notes

    def _notes(self) -> Iterator[str]:
        yield from self.outliving.notes()
        old, new = self.survey.old, self.survey.new
        if self.component.declaration.settings or self._secrets:
            upper = f"{old.upper()}__* are called {new.upper()}__*"
            yield f"the variables {upper} now: rename them wherever they are set outside of the project"
        if not self._keeps_secrets:
            folder = self._secrets[0].parent
            yield f"the secrets in {folder} stay as they are: rename {old}__* to {new}__* there"
        lines = [shown(self._moved(path), line) for path, line in self._loose()]
        if lines:
            more = f" and {len(lines) - _SHOWN} more" if len(lines) > _SHOWN else ""
            listed = f"{', '.join(lines[:_SHOWN])}{more}"
            yield f"{old} still stands alone in strings and comments; look whether it is meant: {listed}"

    def _loose(self) -> list[tuple[Path, int]]:
        """The lines where the old word stands alone, without history; first those in code, which may do something."""
        found = [each for each in sorted(self.survey.python.items()) if each[0].parent.name != "migrations"]
        strings = [(path, line) for path, references in found for line in references.strings]
        prose = [
            (path, line)
            for path, references in found
            for line in references.loose
            if line not in references.docstrings or not self.survey.is_own(path)
        ]
        return [*strings, *prose]

    def _moved(self, path: Path) -> Path:
        move = next((move for move in self.moves if path.is_relative_to(move.source)), None)
        return path if move is None else move.target / path.relative_to(move.source)


def _is_test(path: Path, root: Path) -> bool:
    inside = "tests" in path.relative_to(root).parts[:-1]
    return inside or path.name.startswith("test_") or path.name in ("conftest.py",) or path.name.endswith("_test.py")


def _current(file: Written, contents: dict[Path, bytes]) -> Written:
    """A file as it is after the edits so far."""
    return replace(file, content=contents.get(file.path, file.content))
