"""The entries of a journal: one step of a change each, which is staged, done, undone and compared with the files."""

from __future__ import annotations

import errno
import os
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePath

from ..project.folders import create_private, make_state
from .change import Change, Move, Remove, Retarget, Write

STATE = ".fissile"

KEPT_OUT = frozenset({".git", STATE})
"""Folders, at any depth and in any case, in which no entry writes: what is in them is run or trusted by others."""

MOVES = ("move", "remove", "secret")

_KINDS = frozenset({"folder", "write", "link", *MOVES})

_TIME = "%Y-%m-%dT%H%M%S"


@dataclass(frozen=True)
class Entry:
    """One step of a change, as the journal keeps it.

    A path is relative to the project. Two kinds reach into the project's state, at a place that the code computes: a
    ``remove`` keeps what it removes in ``.fissile/removed``, and a ``secret`` is renamed in ``.fissile/secrets``.

    Attributes:
        kind: ``folder``, ``write``, ``link``, ``move``, ``remove`` or ``secret``.
        path: The path; the name of a ``secret``.
        to: The new path of a ``move``; the new name of a ``secret``; the time of a ``remove``.
        new: The file of the journal with the new content of a ``write``; the new target of a ``link``.
        old: The same for what was there before; None if there was nothing.
        mode: The mode of the file of a ``write``.
    """

    kind: str
    path: str
    to: str = ""
    new: str = ""
    old: str | None = None
    mode: int = 0o644

    def is_valid(self) -> bool:
        """Return True if this version can have written it."""
        kept = [each for each in (self.new, self.old) if each and self.kind != "link"]
        if self.kind not in _KINDS or not all(re.fullmatch(r"[0-9]+\.(new|old)", each) for each in kept):
            return False
        match self.kind:
            case "secret":
                return all("__" in name and PurePath(name).parts == (name,) for name in (self.path, self.to))
            case "remove":
                return _is_plain(self.path) and bool(re.fullmatch(r"[0-9T-]+", self.to))
            case "move":
                return _is_plain(self.path) and _is_plain(self.to)
        return _is_plain(self.path) and not self.to and 0 <= self.mode <= 0o7777

    def places(self, root: Path) -> tuple[Path, Path]:
        """Return the path of what it is about, and the one to which that moves.

        Args:
            root: The folder of the project.
        """
        match self.kind:
            case "secret":
                secrets = root / STATE / "secrets"
                return secrets / self.path, secrets / self.to
            case "remove":
                return root / self.path, root / STATE / "removed" / self.to / self.path
        return root / self.path, root / (self.to or self.path)

    def _refuse_astray(self, root: Path) -> None:
        """Raise PermissionError if a link, which an earlier entry may have made, leads it elsewhere."""
        if self._is_astray(root):
            raise PermissionError(errno.EPERM, "it leads out of the project", str(root / self.path))

    def _is_astray(self, root: Path) -> bool:
        base = root.resolve()
        for place in self.places(root):
            parent, meant = place.parent.resolve(), place.parent.relative_to(root)
            if not parent.is_relative_to(base):
                return True
            if is_kept_out(meant):
                if parent != base / meant:
                    return True
            elif is_kept_out(parent.relative_to(base)):
                return True
        return False

    # ------------------------------------------------------------------------------------------- doing

    def stage(self, root: Path, kept: Path) -> None:
        """Make everything that takes space on the disk, where no reader of the project finds it.

        Args:
            root: The folder of the project.
            kept: The folder of the journal.
        """
        self._refuse_astray(root)
        path, to = self.places(root)
        match self.kind:
            case "folder":
                path.mkdir(exist_ok=True)
            case "write":
                stage(path, (kept / self.new).read_bytes(), self.mode)
            case "link":
                beside(path).unlink(missing_ok=True)
                beside(path).symlink_to(self.new)
            case "remove":
                make_state(root / STATE)
                to.parent.mkdir(parents=True, exist_ok=True)

    def do(self, root: Path) -> None:
        """Do it, once it is staged: a rename, which is whole or nothing."""
        self._refuse_astray(root)
        path, to = self.places(root)
        if self.kind in ("write", "link"):
            beside(path).replace(path)
        elif self.kind in MOVES and os.path.lexists(path):
            if os.path.lexists(to):  # which the system would replace if it is a file
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(to))
            path.rename(to)

    def undo(self, root: Path, kept: Path) -> None:
        """Put back what was there, if it was staged or done."""
        if self._is_astray(root):
            return  # nor was it done
        path, to = self.places(root)
        match self.kind:
            case "folder":
                with suppress(OSError):  # it was there before, or is not empty
                    path.rmdir()
            case "write":
                self._undo_write(path, kept)
            case "link":
                beside(path).unlink(missing_ok=True)
                if path.is_symlink() and str(path.readlink()) != self.old:
                    beside(path).symlink_to(str(self.old))
                    beside(path).replace(path)
            case _:
                if not os.path.lexists(path) and os.path.lexists(to):
                    to.rename(path)
                if self.kind == "remove":
                    _remove_empty(to.parent, root / STATE)

    def _undo_write(self, path: Path, kept: Path) -> None:
        beside(path).unlink(missing_ok=True)
        if self.old is None:
            path.unlink(missing_ok=True)
        elif path.read_bytes() != (old := (kept / self.old).read_bytes()):
            stage(path, old, self.mode)
            beside(path).replace(path)

    # --------------------------------------------------------------------------------------- comparing

    def is_foreign(self, root: Path, kept: Path) -> bool:
        """Return True if the path has neither the content from before nor the one from afterwards."""
        path, _ = self.places(root)
        match self.kind:
            case "write":
                return _content(path) not in (self._old(kept), (kept / self.new).read_bytes())
            case "link":
                return (str(path.readlink()) if path.is_symlink() else None) not in (self.old, self.new)
        return False

    def was_taken_back(self, root: Path, kept: Path, after: tuple[Entry, ...]) -> bool:
        """Return True if it was done and the user has put back since what was there before.

        Args:
            root: The folder of the project.
            kept: The folder of the journal.
            after: What was done after it, which may have moved it.
        """
        path, _ = self.places(root)
        if self.kind in MOVES:
            return os.path.lexists(path)
        for entry in after:
            path = entry.moved(path, root)
        match self.kind:
            case "write":
                return _content(path) == self._old(kept)
            case "link":
                return path.is_symlink() and str(path.readlink()) == self.old
        return False

    def moved(self, path: Path, root: Path) -> Path:
        """Return the path of a file after this entry was done."""
        source, to = self.places(root)
        return to / path.relative_to(source) if self.kind in MOVES and path.is_relative_to(source) else path

    def _old(self, kept: Path) -> bytes | None:
        return None if self.old is None else (kept / self.old).read_bytes()


def entries_of(change: Change, kept: Path) -> Iterator[Entry]:
    """Yield the entries of a change, and write the contents that they need into the folder of the journal.

    Args:
        change: The change.
        kept: The folder of the journal.
    """
    made: set[Path] = set()
    stamp = time.strftime(_TIME)
    for number, step in enumerate(change.steps):
        match step:
            case Write(path, before, after):
                yield from _folders(change.root, path.parent, made)
                create_private(kept / f"{number}.new", after)
                if before is not None:
                    create_private(kept / f"{number}.old", before)
                old = None if before is None else f"{number}.old"
                mode = 0o644 if before is None else path.stat().st_mode & 0o7777
                yield Entry("write", _name(change, path), new=f"{number}.new", old=old, mode=mode)
            case Retarget(path, said, says):
                yield Entry("link", _name(change, path), new=says, old=said)
            case Move(source, target) if source.parent == target.parent == change.root / STATE / "secrets":
                yield Entry("secret", source.name, target.name)
            case Move(source, target):
                yield from _folders(change.root, target.parent, made)
                made.add(target)  # it is no folder that has to be made for what moves into it
                yield Entry("move", _name(change, source), _name(change, target))
            case Remove(path):
                yield Entry("remove", _name(change, path), stamp)


def _folders(root: Path, folder: Path, made: set[Path]) -> Iterator[Entry]:
    """Yield the folders that have to be made, the outer ones first."""
    missing = [parent for parent in (folder, *folder.parents) if parent not in made and not parent.exists()]
    made.update(missing)
    for each in reversed(missing):
        yield Entry("folder", each.relative_to(root).as_posix())


def _name(change: Change, path: Path) -> str:
    return path.relative_to(change.root).as_posix()


def _is_plain(name: str) -> bool:
    path = PurePath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts and not is_kept_out(path)


def is_kept_out(path: PurePath) -> bool:
    """Return True if a path, relative to a project, is that of git or of a state, or below one."""
    return any(part.rstrip(". ").casefold() in KEPT_OUT for part in path.parts)


def _remove_empty(folder: Path, above: Path) -> None:
    """Remove a folder and those around it, up to another one, as long as they are empty."""
    with suppress(OSError):
        while folder != above:
            folder.rmdir()
            folder = folder.parent


def _content(path: Path) -> object:
    """Return the content of a plain file, None if there is nothing, and the path itself of anything else."""
    if path.is_file() and not path.is_symlink():
        return path.read_bytes()
    return path if os.path.lexists(path) else None


def stage(path: Path, content: bytes, mode: int) -> None:
    """Write a content beside the file whose place it will take."""
    new = beside(path)
    new.unlink(missing_ok=True)
    create_private(new, content)
    try:
        new.chmod(mode)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def beside(path: Path) -> Path:
    """Return where a file or link is made before it takes its place. Finishing and undoing leave nothing there."""
    return path.with_name(f".{path.name}.fissile")
