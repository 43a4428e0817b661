"""Makes a folder with everything in it at once: first beside it, under a name that nobody looks at."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from ..errors import ConfigurationError, Fault, shown
from .change import Change, Write

_BEGUN = re.compile(r"\..+\.(\d+)\.fissile-new")
"""The name of a folder that a process has not finished yet, with the number of that process."""


def found(change: Change) -> None:
    """Makes the folder of a change that only writes new files.

    Raises:
        ConfigurationError: It cannot be made, and there is nothing of it.
    """
    root = change.root
    _remove_remains(root.parent)
    begun = root.with_name(f".{root.name}.{os.getpid()}.fissile-new")
    try:
        for step in change.steps:
            assert isinstance(step, Write)
            path = begun / step.path.relative_to(root)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(step.after)
        if root.is_dir():
            root.rmdir()  # it is empty, or this fails
        begun.rename(root)
    except BaseException as error:
        shutil.rmtree(begun, ignore_errors=True)
        if not isinstance(error, OSError):  # such as Ctrl-C
            raise
        what = f"cannot make {shown(root)}: {error.strerror or error}"
        raise ConfigurationError(Fault(what, shown(root.parent), "nothing was written")) from None


def _remove_remains(folder: Path) -> None:
    """Removes what processes have left that were killed while they made a folder here."""
    for path in folder.glob(".*.fissile-new"):
        owner = _BEGUN.fullmatch(path.name)
        if owner and (int(owner[1]) == os.getpid() or not _lives(int(owner[1]))):  # numbers are used again
            shutil.rmtree(path, ignore_errors=True)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is somebody else's
        return True
    return True
