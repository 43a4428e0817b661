"""Where an application keeps what it writes."""

from __future__ import annotations

import os
from pathlib import Path

from ..project import Project

VARIABLE = "FISSILE_STATE"
"""The environment variable that moves the folder."""


def state_folder(project: Project) -> Path:
    """The folder of the project's state: ``.fissile`` beside its pyproject.toml, unless `VARIABLE` moves it.

    An installed application has no pyproject.toml beside it; its folder is in the working directory.
    """
    if moved := os.environ.get(VARIABLE):
        return Path(moved)
    for folder in (project.root, *project.root.parents):
        if (folder / "pyproject.toml").is_file():
            return folder / ".fissile"
    return Path.cwd() / ".fissile"
