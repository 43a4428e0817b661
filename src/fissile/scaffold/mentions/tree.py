"""The files of a project that are somebody's work: neither installed nor cached, nor ignored by git."""

from __future__ import annotations

import os
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from ...project import Project
from ..repositories import asked

_NEVER = {".git", ".hg", ".fissile", ".venv", ".tox", ".nox", ".eggs", ".hypothesis", "node_modules", "__pycache__"}
_MARKS = ("pyvenv.cfg", "CACHEDIR.TAG")
"""Files that only a folder has which is installed or cached."""


@dataclass(frozen=True)
class Tree:
    """What is in a project.

    Attributes:
        root: Its folder, with pyproject.toml.
        files: Its plain files.
        links: Its symbolic links, which are not followed: what they lead to is found at its own place.
    """

    root: Path
    files: tuple[Path, ...]
    links: tuple[Path, ...]


def root_of(project: Project) -> Path:
    """The folder of a whole project: that of its pyproject.toml, or else the one that it is imported from."""
    for folder in (project.root, *project.root.parents):
        if (folder / "pyproject.toml").is_file():
            return folder
    return project.root


def read_tree(root: Path) -> Tree:
    """Finds what is in a project; of what git ignores only the files of settings, such as ``.env``."""
    files, links, repositories = [], [], []
    for name, folders, names in os.walk(root):
        folder = Path(name)
        if folder != root and ".git" in (*folders, *names):
            repositories.append(folder)
        links += [folder / each for each in folders if (folder / each).is_symlink()]
        folders[:] = sorted(each for each in folders if _is_entered(folder / each))
        for each in sorted(names):
            path = folder / each
            if path.is_symlink():
                links.append(path)
            elif path.is_file():
                files.append(path)
    shown = _shown_by_git(root, repositories)
    if shown is not None:
        files = [path for path in files if path in shown or is_settings(path)]
    return Tree(root, tuple(files), tuple(links))


def is_settings(path: Path) -> bool:
    """Says whether a file holds variables, as ``.env`` does."""
    return fnmatch(path.name, ".env*") or path.suffix == ".env"


def _is_entered(folder: Path) -> bool:
    name = folder.name
    if name in _NEVER or name.startswith(".venv") or (name.startswith(".") and name.endswith("cache")):
        return False
    return not folder.is_symlink() and not any((folder / mark).is_file() for mark in _MARKS)


def _shown_by_git(root: Path, repositories: list[Path]) -> set[Path] | None:
    """Return what git does not ignore, in submodules too; None if git has nothing to say.

    Args:
        root: The folder of the project.
        repositories: The folders in it that are repositories of their own, into which git does not look from outside.
    """
    words = ("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    shown = {root / os.fsdecode(name) for name in asked(root, *words) or ()}
    if not shown:
        return None
    found = ((folder, asked(folder, *words) or ()) for folder in repositories)
    return shown | {folder / os.fsdecode(name) for folder, names in found for name in names}
