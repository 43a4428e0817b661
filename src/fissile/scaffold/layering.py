"""Turns the modules of a component into layers that are folders."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from pathlib import PurePosixPath

LAYERS = ("domain", "db", "service", "api")
"""The modules that can be folders."""

Files = Mapping[PurePosixPath, str]


def in_layers(files: Files, home: PurePosixPath) -> Files:
    """Gives each layer a folder, in which the module has the component's name.

    Args:
        files: The texts of a component's files and tests, by their paths.
        home: The folder of the component.
    """
    found: dict[PurePosixPath, str] = {}
    for path, text in files.items():
        if path.parent == home and path.stem in LAYERS:
            folder = home / path.stem
            found[folder / f"{home.name}.py"] = re.sub(r"^from \.", "from ..", text, flags=re.MULTILINE)
            found[folder / "__init__.py"] = _face(text, home.name)
        elif path.parent == home / "migrations":
            found[home / "db" / "migrations" / path.name] = text
        else:
            found[path] = text
    return found


def _face(text: str, module: str) -> str:
    """The ``__init__.py`` of a layer: what the other layers import from it."""
    tree = ast.parse(text)
    names = sorted(_offered(tree))
    listed = ", ".join(f'"{name}"' for name in names)
    summary = (ast.get_docstring(tree) or "").partition("\n")[0]
    return f'"""{summary}"""\n\nfrom .{module} import {", ".join(names)}\n\n__all__ = [{listed}]\n'


def _offered(tree: ast.Module) -> list[str]:
    """Classes and rules; of what a layer makes, the tables and the routes."""
    made = {"metadata", "router"}
    assigned = {
        target.id
        for statement in tree.body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }
    if "router" in assigned:
        return ["router"]
    defined = {each.name for each in tree.body if isinstance(each, (ast.ClassDef, ast.FunctionDef))}
    return [name for name in defined | (assigned & made) if not name.startswith("_")]
