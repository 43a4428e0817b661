"""What a step does to the files of a project, before anything is written."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import ConfigurationError, Fault, raise_faults, shown
from ..project.folders import is_mounted_readonly
from .repositories import repository_faults


@dataclass(frozen=True)
class Write:
    """A file that gets a new content.

    Attributes:
        path: The file, where it is before anything is moved.
        before: Its content now; None for a file that is new.
        after: Its content afterwards.
    """

    path: Path
    before: bytes | None
    after: bytes


@dataclass(frozen=True)
class Retarget:
    """A symbolic link that points elsewhere afterwards, because what it named was moved.

    Attributes:
        path: The link, where it is before anything is moved.
        before: What it says now.
        after: What it says afterwards.
    """

    path: Path
    before: str
    after: str


@dataclass(frozen=True)
class Move:
    """A file or folder that is called otherwise afterwards, with everything in it."""

    source: Path
    target: Path


@dataclass(frozen=True)
class Remove:
    """A file or folder that goes, into the folder of what was removed: nothing is lost."""

    path: Path


Step = Write | Retarget | Move | Remove


@dataclass(frozen=True)
class Change:
    """One step of a project, whole.

    Attributes:
        root: The folder of the project, in which all of it is.
        what: What it does, as it was typed: ``add component orders``.
        steps: What happens, in this order.
        next: The commands that make sense afterwards.
        notes: What the user should look at, one sentence each.
        lines: Code that the user may want to write now.
    """

    root: Path
    what: str
    steps: tuple[Step, ...]
    next: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()

    def check(self) -> None:
        """Refuses what could not be carried out whole.

        Raises:
            ConfigurationError: A file is there already, was changed meanwhile, cannot be written, or is no plain file.
        """
        raise_faults(fault for step in self.steps for fault in _faults(self.root, step))

    def as_json(self) -> dict[str, object]:
        """Gives what happens as plain data.

        Returns:
            ``step``, ``changes`` (each with ``action``: create, edit, move or remove, ``path`` and, of a move, ``to``;
            relative to `root`), ``next``, ``notes`` and ``lines``.
        """
        return {
            "step": self.what,
            "changes": self.done(),
            "next": list(self.next),
            "notes": list(self.notes),
            "lines": list(self.lines),
        }

    def done(self) -> list[dict[str, str]]:
        """Gives what happens to each file, as `as_json` has it."""
        return [self._json(step) for step in self.steps]

    def _json(self, step: Step) -> dict[str, str]:
        match step:
            case Write(path, before, _):
                return {"action": "edit" if before is not None else "create", "path": self._relative(path)}
            case Retarget(path):
                return {"action": "edit", "path": self._relative(path)}
            case Move(source, target):
                return {"action": "move", "path": self._relative(source), "to": self._relative(target)}
            case Remove(path):
                return {"action": "remove", "path": self._relative(path)}

    def diff(self) -> Iterator[str]:
        """Gives the lines of a unified diff as git writes it, with moves and removals as lines of their own."""
        for step in self.steps:
            match step:
                case Write(path, before, after):
                    yield from _diff(self._relative(path), before, after)
                case Retarget(path, before, after):
                    yield from _diff(self._relative(path), os.fsencode(before), os.fsencode(after))
                case Move(source, target):
                    yield f"rename {self._relative(source)} => {self._relative(target)}"
                case Remove(path):
                    yield f"delete {self._relative(path)}"

    def _relative(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()


def _diff(name: str, before: bytes | None, after: bytes) -> Iterator[str]:
    old = "/dev/null" if before is None else f"a/{name}"
    said, says = ((text or b"").decode("utf-8", "replace").splitlines() for text in (before, after))
    lines = list(difflib.unified_diff(said, says, old, f"b/{name}", lineterm=""))
    yield from lines or [f"--- {old}", f"+++ b/{name}"]  # a new file can be empty


def _faults(root: Path, step: Step) -> Iterator[Fault]:
    match step:
        case Write(path, None, _):
            yield from _new(root, path)
        case Write(path, before, _):
            if path.is_symlink() or not path.is_file():
                yield Fault("it is no plain file", shown(path), "only plain files are edited")
            elif path.read_bytes() != before:
                yield Fault("it was changed meanwhile", shown(path), "nothing was written", "run the command again")
            elif not is_mounted_readonly(path) and not (path.stat().st_mode & 0o222 and os.access(path, os.W_OK)):
                why = "it would have to be edited, and whoever made it read-only had a reason"
                yield Fault("it is read-only", shown(path), why, f"chmod u+w {shown(path)}")
            else:
                yield from _closed(path.parent)
        case Retarget(path):
            yield from _closed(path.parent)
        case Move(source, target):
            yield from repository_faults(source)
            yield from _closed(source.parent)
            yield from _new(root, target)
        case Remove(path):
            yield from repository_faults(path)
            yield from _closed(path.parent)


def _new(root: Path, path: Path) -> Iterator[Fault]:
    if path.exists() or path.is_symlink():
        yield Fault("it is there already", shown(path), "nothing is overwritten", "remove it, or take another name")
        return
    parent = next(parent for parent in path.parents if parent.exists() or parent.is_symlink())
    if not parent.is_dir():
        yield Fault("it is no folder", shown(parent), f"{path.name} would have to be in it")
    elif root.exists() and not parent.resolve().is_relative_to(root.resolve()):
        yield Fault("it leads out of the project", shown(parent), "nothing is written outside of it")
    else:
        yield from _closed(parent)


def _closed(folder: Path) -> Iterator[Fault]:
    if is_mounted_readonly(folder):
        yield Fault("the file system is read-only", shown(folder), "something in it would change", "mount it writable")
    elif not folder.stat().st_mode & 0o222 or not os.access(folder, os.W_OK | os.X_OK):
        yield Fault(
            "the folder is read-only", shown(folder), "something in it would change", f"chmod u+w {shown(folder)}"
        )


def refuse(what: str, where: str = "", why: str = "", fix: str = "") -> ConfigurationError:
    """Makes the error of one fault."""
    return ConfigurationError(Fault(what, where, why, fix))
