"""Git repositories inside of a project: submodules, worktrees and clones, which git finds by their paths."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from ..errors import Fault, shown

_GITLINK = b"160000"
"""The mode of a submodule in git's index."""


def asked(folder: Path, *words: str) -> list[bytes] | None:
    """Return what git prints about a folder, split at its zero bytes; None if git has nothing to say.

    Args:
        folder: The folder.
        words: The subcommand with its options.
    """
    command = ["git", "-C", str(folder), *words]
    try:
        done = subprocess.run(command, capture_output=True, check=True)  # its own words
    except (OSError, subprocess.CalledProcessError):
        return None
    return [each for each in done.stdout.split(b"\0") if each]


def repository_faults(path: Path) -> Iterator[Fault]:
    """Yield why a file or folder cannot be moved: it is a git repository of its own, or contains one.

    Args:
        path: What is to be moved or removed.
    """
    for folder in sorted({*_marked(path), *_submodules(path)}):
        what = "it is a git repository of its own" if folder == path else f"{shown(folder)} is a git repository"
        why = "git finds submodules, worktrees and their history by path, and would lose this one"
        fix = f"take it out first, or make it plain files: git rm --cached {shown(folder)}, and remove its .git"
        yield Fault(what, shown(path), why, fix)


def _marked(path: Path) -> Iterator[Path]:
    """Yield the folders from here on that have a ``.git``: a folder, or the file of a submodule or worktree."""
    for name, folders, files in os.walk(path):
        if any(each.casefold() == ".git" for each in (*folders, *files)):
            yield Path(name)


def _submodules(path: Path) -> Iterator[Path]:
    """Yield the submodules from here on that git knows, also those that are not checked out."""
    for entry in asked(path.parent, "ls-files", "-z", "--stage", "--", path.name) or ():
        about, _, name = entry.partition(b"\t")
        if about.startswith(_GITLINK):
            yield path.parent / os.fsdecode(name)
