"""A component and everything in the project that speaks of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import libcst as cst

from ...errors import Fault, shown
from ...project import FoundComponent, Project
from ..source.edits import Written, read_python, read_text
from . import texts
from .references import References, references
from .tree import Tree, read_tree, root_of
from .wording import Mention, Moved, Wording


@dataclass(frozen=True)
class Survey:
    """What is the component's own, and what refers to it.

    Attributes:
        project: The project.
        component: The component.
        new: What it is to be called; its name where it goes.
    """

    project: Project
    component: FoundComponent
    new: str

    @property
    def old(self) -> str:
        """Its name now."""
        return self.component.name

    @property
    def root(self) -> Path:
        """The folder of the whole project."""
        return self.tree.root

    @cached_property
    def tree(self) -> Tree:
        """The files of the project."""
        return read_tree(root_of(self.project))

    @property
    def home(self) -> Path:
        """Its folder, or its one module."""
        return self.component.file if self.component.single_module else self.component.folder

    @cached_property
    def own(self) -> tuple[Path, ...]:
        """Its home, and the tests that are called like it."""
        tests = self.root / "tests"
        named = [tests / f"test_{self.old}.py", tests / self.old]
        return (self.home, *(path for path in named if path.exists() or path.is_symlink()))

    def is_own(self, path: Path) -> bool:
        """Says whether a file is in what is its own."""
        return any(path.is_relative_to(own) for own in self.own)

    def renamed(self, path: Path) -> str:
        """What something of its own is called afterwards."""
        return path.name.replace(self.old, self.new, 1)

    @cached_property
    def wording(self) -> Wording:
        """How it is spoken of."""
        package = (*self.project.name.split("."), self.old)
        tests = [moved for path in self.own[1:] for moved in self._tests(path)]
        placements = self.project.folder / "placements.toml"
        is_process = not (placements.is_file() and texts.is_shared(read_text(placements), self.old))
        home = Moved(package, self.new, self.component.single_module, home=self.home)
        return Wording(self.old, self.new, (home, *tests), is_process)

    def _tests(self, path: Path) -> Iterator[Moved]:
        """What tests are imported as: from their folder, or where that is no package, by pytest without it."""
        new, is_file = Path(self.renamed(path)).stem, path.suffix == ".py"
        yield Moved(("tests", path.stem), new, is_file, home=path)
        if is_file and not (path.parent / "__init__.py").exists():
            yield Moved((path.stem,), new, is_file, is_bare=True)

    @cached_property
    def python(self) -> dict[Path, References]:
        """The Python files that speak of it, without those that cannot be read."""
        read = {path: self._read(path) for path in self._speaking() if path.suffix in (".py", ".pyi")}
        return {path: found for path, found in read.items() if isinstance(found, References)}

    @cached_property
    def texts(self) -> dict[Path, Written]:
        """The other files that speak of it."""
        return {path: read_text(path) for path in self._speaking() if texts.is_text(path)}

    def mentions(self, file: Written) -> list[Mention]:
        """What in one of those `texts` speaks of it."""
        moves = {path: self.renamed(path) for path in self.own}
        return list(texts.mentions(file, self.wording, moves, (self.root, self.project.root)))

    def faults(self) -> Iterator[Fault]:
        """What cannot be read, or is not where it seems to be."""
        for path in (self.home, self.project.folder):
            parts = path.relative_to(self.root).parts
            steps = [self.root.joinpath(*parts[:end]) for end in range(1, len(parts) + 1)]
            if link := next((step for step in steps if step.is_symlink()), None):
                why = "what it leads to may be used by others"
                yield Fault("it is a symbolic link", shown(link), why, "put the folder itself there")
                return
        for path in self._speaking():
            found = self._read(path) if path.suffix in (".py", ".pyi") and path not in self.python else None
            if isinstance(found, Fault):
                yield found

    def _speaking(self) -> Iterator[Path]:
        for path in self.tree.files:
            wanted = path.suffix in (".py", ".pyi") or texts.is_text(path)
            if wanted and self.wording.is_in(path.read_bytes()):
                yield path

    def _read(self, path: Path) -> References | Fault:
        try:
            return references(read_python(path), self._module(path), self.wording)
        except cst.ParserSyntaxError as error:
            why = "what in it refers to the component cannot be found"
            return Fault(f"{path.name} is not valid Python", shown(path, error.editor_line), why, "mend the syntax")
        except SyntaxError as error:
            return Fault(f"{path.name} cannot be read: {error}", shown(path), "", "mend its encoding")

    def _module(self, path: Path) -> str:
        base = self.project.root if path.is_relative_to(self.project.root) else self.root
        parts = path.relative_to(base).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
