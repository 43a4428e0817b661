"""The folder, outside of every project, in which this user's commands keep what they must trust.

What is inside of a project may have come with a clone or an archive. The journal of a command that writes is therefore
kept in the user's state directory (XDG Base Directory Specification), in folders that nobody else can enter.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from fissile.errors import ConfigurationError, Fault

from .folders import make_private

STATE_HOME = "XDG_STATE_HOME"
"""The environment variable that names the user's state directory; a relative path in it counts as none."""


def user_state(root: Path) -> Path:
    """Return the folder of what this user's commands remember about a project. It may not exist yet.

    Args:
        root: The folder of the project.

    Raises:
        ConfigurationError: The user has no home directory.
    """
    try:
        path = root.resolve()
        return _projects() / hashlib.sha256(os.fsencode(path)).hexdigest()[:32]
    except (OSError, RuntimeError) as error:
        what, why = "there is no folder for the journal", f"the home directory of this user cannot be used: {error}"
        raise ConfigurationError(Fault(what, "", why, _FIX)) from None


def make_user_state(root: Path) -> Path:
    """Make the folder of what this user's commands remember about a project, for this user alone.

    Args:
        root: The folder of the project.

    Raises:
        ConfigurationError: It cannot be made, belongs to another user, is open to others, or is inside of the project.
    """
    folder = user_state(root)
    if folder.resolve().is_relative_to(root.resolve()):
        what, why = "the folder of the journal is inside of the project", "what is in a project may have come with it"
        raise ConfigurationError(Fault(what, str(folder.parent), why, _FIX))
    for each in (folder.parents[1], folder.parent, folder):
        why = "a journal in it is carried out, so it belongs to the user who runs the command alone"
        make_private(each, "the folder of the journal", why, STATE_HOME)
    return folder


_FIX = f"set {STATE_HOME} to a folder of your own, outside of the project"


def _projects() -> Path:
    named = Path(os.environ.get(STATE_HOME, ""))
    home = named if named.is_absolute() else Path.home() / ".local" / "state"
    return home / "fissile" / "projects"
