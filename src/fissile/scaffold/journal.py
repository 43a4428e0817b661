"""Carries a change out, whole or not at all, also when the process is killed in the middle.

First the journal, ``.fissile/journal`` in the project, gets the old and the new content of everything; with its last
file, which appears at once, the change has begun. From then on it is only a matter of time: whoever finds the journal
of a process that has ended finishes its work, and where that fails, undoes it, byte for byte.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import BinaryIO

from ..errors import ConfigurationError, Fault, raise_faults, shown
from .change import Change, Move, Remove, Retarget, Write
from .founding import found

STATE = ".fissile"
FOLDER = "journal"
PLAN = "plan.json"
DONE = "done"
UNDO = "undo"
"""The names in the folder of the state; it is never moved, since what it is about is not moved either."""

PATIENCE = 10.0
"""Seconds to wait for another command that writes."""


def carry_out(change: Change) -> None:
    """Carries a change out; one whose folder is not there yet, or is empty, makes it at once.

    Raises:
        ConfigurationError: It cannot be carried out, and nothing has changed.
    """
    if not change.root.is_dir() or not any(change.root.iterdir()):
        change.check()
        found(change)
        return
    carried_out(change.root, lambda: change)


def carried_out(root: Path, plan: Callable[[], Change]) -> Change:
    """Plans a change of a project and carries it out, while no other command writes there.

    Args:
        root: The folder of the project.
        plan: Finds out what is to change.

    Raises:
        ConfigurationError: It cannot be planned or carried out, and nothing has changed.
    """
    with _alone(root):
        change = plan()
        change.check()
        if change.steps:
            _begin(change).finish()
    return change


def recover(folder: Path) -> str | None:
    """Finishes the change that a process has begun here and not ended, or undoes it.

    Args:
        folder: A folder of the project, usually the working directory.

    Returns:
        What was done about it; None where there is nothing to do.

    Raises:
        ConfigurationError: Neither is possible, because a file was changed since.
    """
    root = next((root for root in _up_to_project(folder) if (root / STATE / FOLDER / PLAN).is_file()), None)
    if root is None:
        return None
    with _alone(root):
        journal = _read(root)
        if journal is None:  # whoever had begun it was still there, and has ended it
            return None
        if (journal.folder / UNDO).exists():
            journal.undo(is_recovery=True)
            return f"undid `fissile {journal.what}`, which had been interrupted"
        journal.finish(is_recovery=True)
        return f"finished `fissile {journal.what}`, which had been interrupted"


def _up_to_project(folder: Path) -> Iterator[Path]:
    """The folders from here to that of the project; what is above is somebody else's."""
    for parent in (folder, *folder.parents):
        yield parent
        if (parent / "pyproject.toml").is_file():
            return


@dataclass(frozen=True)
class _Entry:
    """One step, as the journal has it: kinds ``folder``, ``write``, ``link``, ``move``; paths relative to the root."""

    kind: str
    path: str
    to: str = ""
    new: str = ""
    old: str | None = None
    mode: int = 0o644

    def is_ours(self) -> bool:
        """Whether we can have written it: a journal that came with somebody else's files leads nowhere outside."""
        inside = all(
            not PurePath(each).is_absolute() and ".." not in PurePath(each).parts for each in (self.path, self.to)
        )
        kept = [each for each in (self.new, self.old) if each and self.kind != "link"]
        return inside and all(re.fullmatch(r"[0-9]+\.(new|old)", each) for each in kept)


@dataclass(frozen=True)
class _Journal:
    root: Path
    what: str
    entries: tuple[_Entry, ...]

    @property
    def folder(self) -> Path:
        return self.root / STATE / FOLDER

    def finish(self, *, is_recovery: bool = False) -> None:
        """Does what is not done yet; when that fails, undoes all of it.

        Args:
            is_recovery: Whether the files may have been changed since it began; then none of those is written over.
        """
        done = self.folder / DONE
        begun = done.stat().st_size if done.exists() else 0
        if is_recovery:
            raise_faults(fault for entry in self.entries[begun:] for fault in self._changed(entry))
        try:
            for entry in self.entries[begun:]:
                self._do(entry)
                with done.open("ab") as file:
                    file.write(b".")
        except OSError as error:
            (self.folder / UNDO).touch()
            self.undo()
            what = f"`fissile {self.what}` failed, and everything is as it was: {error.strerror or error}"
            where = shown(Path(error.filename)) if error.filename else ""
            raise ConfigurationError(Fault(what, where, "", "mend that, and run it again")) from None
        self._close()

    def undo(self, *, is_recovery: bool = False) -> None:
        """Puts everything back as it was.

        Args:
            is_recovery: Whether the files may have been changed since it began; then none of those is written over.
        """
        for entry in reversed(self.entries):
            if is_recovery:
                raise_faults(self._changed(entry))
            self._undo(entry)
        self._close()

    def _close(self) -> None:
        (self.folder / PLAN).unlink()
        shutil.rmtree(self.folder)

    def _do(self, entry: _Entry) -> None:
        if not self._is_inside(entry):
            raise PermissionError(errno.EPERM, "it leads out of the project", str(self.root / entry.path))
        path = self.root / entry.path
        match entry.kind:
            case "folder":
                path.mkdir(exist_ok=True)
            case "write":
                _replace(path, (self.folder / entry.new).read_bytes(), entry.mode)
            case "link":
                _relink(path, entry.new)
            case "move":
                to = self.root / entry.to
                if os.path.lexists(path):
                    if os.path.lexists(to):  # which the system would replace, where it is a file
                        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(to))
                    path.rename(to)

    def _changed(self, entry: _Entry) -> Iterator[Fault]:
        """What somebody has written since the change was interrupted."""
        path = self.root / entry.path
        if entry.kind == "write":
            old = None if entry.old is None else (self.folder / entry.old).read_bytes()
            known: tuple[object, ...] = old, (self.folder / entry.new).read_bytes()
            now: object = path.read_bytes() if path.is_file() and not path.is_symlink() else None
            if now is None and os.path.lexists(path):
                now = path
        elif entry.kind == "link":
            known, now = (entry.old, entry.new), str(path.readlink()) if path.is_symlink() else None
        else:
            return
        if now not in known:
            what = f"`fissile {self.what}` was interrupted, and this file was changed since"
            why = "it cannot be ended without overwriting what you wrote"
            is_new = entry.kind == "write" and entry.old is None
            back = (
                f"let it be a link to {entry.old}" if entry.kind == "link" else f"copy {self._shown(entry.old)} over it"
            )
            yield Fault(what, shown(path), why, "move it away" if is_new else back)

    def _shown(self, kept: str | None) -> str:
        return shown(self.folder / str(kept))

    def _is_inside(self, entry: _Entry) -> bool:
        """Whether it leads out of the project through no link, be it one that an entry before has made."""
        root = self.root.resolve()
        paths = [self.root / each for each in (entry.path, entry.to) if each]
        return all(path.parent.resolve().is_relative_to(root) for path in paths)

    def _undo(self, entry: _Entry) -> None:
        if not self._is_inside(entry):
            return  # nor was it done
        path = self.root / entry.path
        match entry.kind:
            case "folder":
                with suppress(OSError):  # it was there before, or somebody has put something into it
                    path.rmdir()
            case "write" if entry.old is None:
                path.unlink(missing_ok=True)
                _beside(path).unlink(missing_ok=True)
            case "write":
                old = (self.folder / str(entry.old)).read_bytes()
                _beside(path).unlink(missing_ok=True)
                if path.read_bytes() != old:
                    _replace(path, old, entry.mode)
            case "link":
                _relink(path, str(entry.old))
            case "move":
                to = self.root / entry.to
                if not (path.exists() or path.is_symlink()) and (to.exists() or to.is_symlink()):
                    to.rename(path)


def _begin(change: Change) -> _Journal:
    """Writes the journal; with its plan the change has begun."""
    from ..project import make_state

    folder = change.root / STATE / FOLDER
    shutil.rmtree(folder, ignore_errors=True)  # one without a plan never began
    try:
        make_state(folder.parent)
        folder.mkdir()
        journal = _Journal(change.root, change.what, tuple(_entries(change, folder)))
        plan = {"what": change.what, "entries": [vars(entry) for entry in journal.entries]}
        _replace(folder / PLAN, json.dumps(plan, indent=1).encode(), 0o644)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        what = f"cannot write the journal: {error.strerror or error}"
        raise ConfigurationError(
            Fault(what, shown(folder), "nothing was changed", "mend that, and try again")
        ) from None
    return journal


def _read(root: Path) -> _Journal | None:
    """Reads the journal of a project.

    Raises:
        ConfigurationError: It is not one of ours.
    """
    plan = root / STATE / FOLDER / PLAN
    if not plan.is_file():
        return None
    try:
        read = json.loads(plan.read_bytes())
        entries = tuple(_Entry(**entry) for entry in read["entries"])
        is_ours = all(entry.is_ours() for entry in entries) and _is_own(plan.parent)
    except (ValueError, TypeError, KeyError, AttributeError):
        is_ours = False
    if not is_ours:
        why = "it is not as this version writes it, or not yours, and nothing of it is done"
        fix = "look into it, and remove the folder"
        raise ConfigurationError(Fault("there is a journal that cannot be followed", shown(plan.parent), why, fix))
    return _Journal(root, read["what"], entries)


def _is_own(folder: Path) -> bool:
    """Whether a folder is really there, and belongs to whoever runs this."""
    if folder.is_symlink() or folder.parent.is_symlink():
        return False
    return not hasattr(os, "getuid") or folder.stat().st_uid == os.getuid()


def _entries(change: Change, folder: Path) -> Iterator[_Entry]:
    made: set[Path] = set()
    stamp = time.strftime("%Y-%m-%dT%H%M%S")
    for number, step in enumerate(change.steps):
        match step:
            case Write(path, before, after):
                yield from _folders(change.root, path.parent, made)
                _keep(folder / f"{number}.new", after)
                if before is not None:
                    _keep(folder / f"{number}.old", before)
                old = None if before is None else f"{number}.old"
                mode = 0o644 if before is None else path.stat().st_mode & 0o7777
                yield _Entry("write", _name(change, path), new=f"{number}.new", old=old, mode=mode)
            case Retarget(path, said, says):
                yield _Entry("link", _name(change, path), new=says, old=said)
            case Move(source, target):
                yield from _folders(change.root, target.parent, made)
                yield _Entry("move", _name(change, source), _name(change, target))
            case Remove(path):
                name = _name(change, path)
                kept = change.root / STATE / "removed" / stamp / name
                yield from _folders(change.root, kept.parent, made)
                yield _Entry("move", name, _name(change, kept))


def _folders(root: Path, folder: Path, made: set[Path]) -> Iterator[_Entry]:
    """The folders that have to be made, the outer ones first."""
    missing = [parent for parent in (folder, *folder.parents) if parent not in made and not parent.exists()]
    made.update(missing)
    for each in reversed(missing):
        yield _Entry("folder", each.relative_to(root).as_posix())


def _name(change: Change, path: Path) -> str:
    return path.relative_to(change.root).as_posix()


def _keep(file: Path, content: bytes) -> None:
    with file.open("wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())


def _replace(path: Path, content: bytes, mode: int) -> None:
    """Gives a file a content at once: whoever reads it sees the old one or the new one."""
    beside = _beside(path)
    beside.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        beside.chmod(mode)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _beside(path: Path) -> Path:
    """Where a file or link is made before it takes its place; whoever finishes or undoes finds what was left there."""
    return path.with_name(f".{path.name}.fissile")


def _relink(path: Path, target: str) -> None:
    beside = _beside(path)
    beside.unlink(missing_ok=True)
    beside.symlink_to(target)
    beside.replace(path)


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Keeps other commands from writing here at the same time.

    Raises:
        ConfigurationError: One does, and has not ended in time.
    """
    try:
        import fcntl
    except ImportError:  # Windows has none
        yield
        return
    from ..project import make_state

    make_state(root / STATE)
    with _opened(root / STATE / "writing.lock") as lock:
        give_up = time.monotonic() + PATIENCE
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > give_up:
                    what = "another fissile command is writing here"
                    raise ConfigurationError(Fault(what, shown(root), "", "wait until it has ended")) from None
                time.sleep(0.02)
        yield


def _opened(lock: Path) -> BinaryIO:
    """Opens the file of the lock, and nothing that it could lead to.

    Raises:
        ConfigurationError: It cannot be opened.
    """
    try:
        return os.fdopen(os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644), "rb")
    except OSError as error:
        what = f"cannot open the lock: {error.strerror}"
        raise ConfigurationError(Fault(what, shown(lock), "only one command writes at a time", "remove it")) from None
