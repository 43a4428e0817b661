"""Environments in which libraries are not installed, without building one: Python finds neither them nor their data."""

from __future__ import annotations

from pathlib import Path

_SITE = """\
import importlib.machinery
import importlib.metadata
import sys

ABSENT = {names!r}.split()


class Finder(importlib.machinery.PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in ABSENT else super().find_spec(name, path, target)

    @classmethod
    def find_distributions(cls, *args, **kwargs):
        found = super().find_distributions(*args, **kwargs)
        return [one for one in found if one.metadata["Name"].replace("-", "_") not in ABSENT]


sys.meta_path[sys.meta_path.index(importlib.machinery.PathFinder)] = Finder
"""


def without(folder: Path, *names: str) -> dict[str, str]:
    """Return the environment variables that start Python without some libraries.

    Args:
        folder: A folder for the module that Python imports at its start.
        names: The names of the libraries' modules, which are those of their distributions.
    """
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(_SITE.format(names=" ".join(names)), encoding="utf-8")
    return {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
