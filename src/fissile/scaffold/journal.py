"""Carries a change out, whole or not at all, also when the process is killed in the middle.

First the journal gets the old and the new content of everything; with its plan, a file that appears at once, the change
has begun. The next command that writes finishes what an interrupted one has begun, and undoes it, byte for byte, if
that fails.

What is carried out must be this user's own word about this folder. The journal is therefore kept outside of the project
(`fissile.project.user_state`), and names the folder and its inode: a journal that came with somebody's files is data,
and one that was made for another folder is not followed.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ..errors import ConfigurationError, Fault, raise_faults, shown
from ..project.folders import create_private
from ..project.user_state import make_user_state, user_state
from .change import Change
from .entries import STATE, Entry, beside, entries_of
from .founding import found

FOLDER = "journal"
PLAN = "plan.json"
PROGRESS = "progress"
"""A byte that says that it is undone, and one for each entry that is done. It never grows: disks may be full."""

LOCK = "writing.lock"

_DONE, _UNDOING = b".", b"u"

PATIENCE = 10.0
"""Seconds to wait for another command that writes."""


def carry_out(change: Change) -> None:
    """Carry a change out; one whose folder does not exist yet, or is empty, makes it at once.

    Raises:
        ConfigurationError: It cannot be carried out, and nothing has changed.
    """
    if not change.root.is_dir() or not any(change.root.iterdir()):
        change.check()
        found(change)
        return
    carried_out(change.root, lambda: change)


def carried_out(root: Path, plan: Callable[[], Change]) -> Change:
    """Plan a change of a project and carry it out, while no other command writes there.

    Args:
        root: The folder of the project.
        plan: Finds out what is to change.

    Raises:
        ConfigurationError: It cannot be planned or carried out, and nothing has changed.
    """
    with _alone(root) as state:
        change = plan()
        change.check()
        if change.steps:
            _begin(change, state).finish()
    return change


def recover(folder: Path) -> str | None:
    """Finish the change that an interrupted command has begun, or undo it.

    Args:
        folder: A folder of the project, usually the working directory.

    Returns:
        What was done about it; None if no command was interrupted.

    Raises:
        ConfigurationError: Neither is possible, because a file was changed since, or the folder is another one.
    """
    root = _with_journal(folder)
    if root is None:
        return None
    with _alone(root) as state:
        journal = _read(root, state)
        if journal is None:  # the command was still running, and has ended now
            return None
        try:
            return f"{journal.recovered()} `fissile {journal.what}`, which had been interrupted"
        except OSError as error:
            reason, where = _said(error)
            what = f"`fissile {journal.what}` was interrupted, and cannot be finished: {reason}"
            raise ConfigurationError(Fault(what, where, "", _MEND)) from None


def interrupted(folder: Path) -> str | None:
    """Return the command that was interrupted while it wrote into the project around a folder, if one was.

    Nothing is written into the project. A state directory that cannot be used holds no journal of this user.

    Args:
        folder: A folder of the project, usually the working directory.
    """
    with suppress(ConfigurationError, OSError):
        if (root := _with_journal(folder)) is not None:
            with _alone(root) as state:
                journal = _read(root, state)
                return None if journal is None else journal.what
    return None


def _with_journal(folder: Path) -> Path | None:
    """Return the project around a folder that has a journal."""
    return next((root for root in _up_to_project(folder) if _plan(user_state(root)).is_file()), None)


def _up_to_project(folder: Path) -> Iterator[Path]:
    """Yield the folders from here to that of the project; what is above belongs to others."""
    for parent in (folder, *folder.parents):
        yield parent
        if (parent / "pyproject.toml").is_file():
            return


@dataclass(frozen=True)
class _Journal:
    """A change that has begun.

    Attributes:
        root: The folder of the project.
        folder: The folder of the journal.
        what: The command, as it was typed.
        entries: What has to be done, in this order.
    """

    root: Path
    folder: Path
    what: str
    entries: tuple[Entry, ...]

    def recovered(self) -> str:
        """Finish it, or undo it if that has begun; return what was done, in one word."""
        if self._progress().startswith(_UNDOING):
            self.undo(is_recovery=True)
            return "undid"
        self.finish(is_recovery=True)
        return "finished"

    def finish(self, *, is_recovery: bool = False) -> None:
        """Do what is not done yet; when that fails, undo all of it.

        What takes space comes first, beside the files of the project, and the rest are renames: a disk that is full
        ends it before anything has changed, and leaves enough to undo it.

        Args:
            is_recovery: Whether the files may have been changed since it began; then none of those is written over.
        """
        begun = self._progress()[1:].count(_DONE)
        if is_recovery:
            raise_faults(self._changed_since(begun))
        try:
            for entry in self.entries[begun:]:
                entry.stage(self.root, self.folder)
            for number, entry in enumerate(self.entries[begun:], begun + 1):
                entry.do(self.root)
                self._note(number, _DONE)
        except (OSError, ConfigurationError) as error:
            raise self._failed(error) from None
        self._close()

    def _failed(self, error: OSError | ConfigurationError) -> ConfigurationError:
        """Undo everything, and return the error that says why."""
        reason, where = _said(error)
        try:
            self._note(0, _UNDOING)
            self.undo()
        except OSError as second:
            what = f"`fissile {self.what}` failed ({reason}), and so did undoing it: {second.strerror or second}"
            return ConfigurationError(Fault(what, where, "some files are changed already", _MEND))
        what = f"`fissile {self.what}` failed, and everything is as it was: {reason}"
        return ConfigurationError(Fault(what, where, "", "mend that, and run it again"))

    def undo(self, *, is_recovery: bool = False) -> None:
        """Put everything back as it was.

        Args:
            is_recovery: Whether the files may have been changed since it began; then none of those is written over.
        """
        for entry in reversed(self.entries):
            if is_recovery and entry.is_foreign(self.root, self.folder):
                raise_faults([self._foreign(entry)])
            entry.undo(self.root, self.folder)
        self._close()

    def _close(self) -> None:
        _plan(self.folder.parent).unlink()
        shutil.rmtree(self.folder)

    def _progress(self) -> bytes:
        return (self.folder / PROGRESS).read_bytes()

    def _note(self, at: int, mark: bytes) -> None:
        with (self.folder / PROGRESS).open("r+b") as file:
            file.seek(at)
            file.write(mark)

    # --------------------------------------------------------------------------------------- comparing

    def _changed_since(self, begun: int) -> Iterator[Fault]:
        """Yield what the user has done to the files since the change was interrupted."""
        for number, entry in enumerate(self.entries[:begun], 1):
            if entry.was_taken_back(self.root, self.folder, self.entries[number:begun]):
                what = f"`fissile {self.what}` was interrupted, and part of what it did was taken back since"
                why = "it cannot be finished in the middle"
                fix = f"take all of it back, and remove {self.folder}"
                yield Fault(what, shown(entry.places(self.root)[0]), why, fix)
        for entry in self.entries[begun:]:
            if entry.is_foreign(self.root, self.folder):
                yield self._foreign(entry)

    def _foreign(self, entry: Entry) -> Fault:
        what = f"`fissile {self.what}` was interrupted, and this file was changed since"
        why = "finishing it would overwrite what you wrote"
        kept = shown(self.folder / str(entry.old))
        back = f"let it be a link to {entry.old}" if entry.kind == "link" else f"copy {kept} over it"
        fix = "move it away" if entry.kind == "write" and entry.old is None else back
        return Fault(what, shown(entry.places(self.root)[0]), why, f"{fix}, then: fissile recover")


_MEND = "mend that, then: fissile recover"


def _plan(state: Path) -> Path:
    return state / FOLDER / PLAN


def _said(error: OSError | ConfigurationError) -> tuple[str, str]:
    """Return what an error says, and the file that it is about."""
    if isinstance(error, ConfigurationError):
        return error.faults[0].what, error.faults[0].where
    return error.strerror or str(error), shown(Path(error.filename)) if error.filename else ""


def _begin(change: Change, state: Path) -> _Journal:
    """Write the journal; with its plan the change has begun.

    Raises:
        ConfigurationError: It cannot be written, or the change would write where no command may.
    """
    folder = state / FOLDER
    try:
        shutil.rmtree(folder, ignore_errors=True)  # one without a plan never began
        folder.mkdir(mode=0o700)
        journal = _Journal(change.root, folder, change.what, tuple(entries_of(change, folder)))
        raise_faults(_kept_out(change.root, entry) for entry in journal.entries if not entry.is_valid())
        create_private(folder / PROGRESS, b" " * (len(journal.entries) + 1))
        entries = [vars(entry) for entry in journal.entries]
        plan = {"root": _identity(change.root), "what": change.what, "entries": entries}
        create_private(beside(folder / PLAN), json.dumps(plan, indent=1).encode())
        beside(folder / PLAN).replace(folder / PLAN)
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if not isinstance(error, OSError):
            raise
        what = f"cannot write the journal: {error.strerror or error}"
        raise ConfigurationError(
            Fault(what, shown(folder), "nothing was changed", "mend that, and try again")
        ) from None
    return journal


def _kept_out(root: Path, entry: Entry) -> Fault:
    what, why = "no command writes here", "git, or the state of the project, is not part of its source"
    return Fault(what, shown(entry.places(root)[0]), why)


def _read(root: Path, state: Path) -> _Journal | None:
    """Read the journal of a project.

    Args:
        root: The folder of the project.
        state: The folder of what this user's commands remember about it, which belongs to this user alone.

    Raises:
        ConfigurationError: It is not as this version writes it, or was written for another folder.
    """
    plan = _plan(state)
    if not plan.is_file():
        return None
    try:
        read = json.loads(plan.read_bytes())
        entries = tuple(Entry(**entry) for entry in read["entries"])
        is_ours = all(entry.is_valid() for entry in entries) and not plan.parent.is_symlink()
        identity = read["root"]
    except (ValueError, TypeError, KeyError, AttributeError):
        is_ours, identity = False, None
    if not is_ours:
        why = "it is not as this version writes it, and nothing of it is done"
        fix = f"look into it, and remove {plan.parent}"
        raise ConfigurationError(Fault("there is a journal that cannot be followed", shown(plan.parent), why, fix))
    if identity != _identity(root):
        what = f"`fissile {read['what']}` was interrupted in another folder, which was here before"
        why = "what it had begun does not fit to the files that are here now"
        raise ConfigurationError(Fault(what, shown(root), why, f"remove {plan.parent}, unless that folder comes back"))
    return _Journal(root, plan.parent, read["what"], entries)


def _identity(root: Path) -> dict[str, object]:
    """Return what tells a folder from another one, also from one that takes its place later."""
    return {"path": str(root.resolve()), "inode": root.stat().st_ino}


@contextmanager
def _alone(root: Path) -> Iterator[Path]:
    """Keep other commands of this user from writing into a project.

    Yields:
        The folder of what this user's commands remember about the project.

    Raises:
        ConfigurationError: Another command writes there and has not ended in time, or the folder cannot be made.
    """
    state = make_user_state(root)
    try:
        import fcntl
    except ImportError:  # Windows has none
        yield state
        return
    with _opened(state / LOCK) as lock:
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
        yield state


def _opened(lock: Path) -> BinaryIO:
    """Open the file of the lock, and nothing that a link could lead to.

    Raises:
        ConfigurationError: It cannot be opened.
    """
    try:
        return os.fdopen(os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600), "rb")
    except OSError as error:
        what = f"cannot open the lock: {error.strerror}"
        why, fix = "only one command writes at a time", "mend that, or remove it"
        raise ConfigurationError(Fault(what, shown(lock), why, fix)) from None


def left_in(folder: Path) -> Path | None:
    """Return the journal inside of a project that an older version has left, or that came with it; it is not followed.

    Args:
        folder: A folder of the project, usually the working directory.
    """
    folders = (root / STATE / FOLDER for root in _up_to_project(folder))
    return next((each for each in folders if os.path.lexists(each / PLAN)), None)
