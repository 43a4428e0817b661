"""The application of a project, read without importing it: whether it looks for components at all."""

from __future__ import annotations

import ast

from ..errors import ConfigurationError, Fault, shown
from ..project import Project
from ..project.source import Source, parse

_APP = {"fissile.App", "fissile.runtime.app.App"}
_FIX = "from fissile import App, and write {name} = App(__package__) with the other arguments as they are"


def refuse_unless_looking(project: Project) -> None:
    """Refuses a project in which a component would be found by nobody.

    Whoever makes the application in another way than by a call at the top of its module knows what it looks for.

    Raises:
        ConfigurationError: It is one module, no `App`, or an `App` that was given no package.
    """
    module, _, name = project.entrypoint.partition(":")
    if not project.name:
        why = "components are packages beside main.py, and this application is one module"
        fix = "fissile new makes a project with components: fissile new shop --shape large"
        raise ConfigurationError(Fault("there is no package for components", shown(project.root), why, fix))
    file = project.root.joinpath(*module.split(".")).with_suffix(".py")
    source = parse(file, module)
    if source.fault is not None:
        raise ConfigurationError(source.fault)
    call = _assigned(source, name)
    made_by = source.resolve(call.func) if call is not None else None
    if call is None or made_by is None:
        return
    fix = _FIX.format(name=name)
    if made_by in _APP and not call.args and not any(each.arg in (None, "package") for each in call.keywords):
        why = "App() is plain FastAPI; components are looked for in the package that it is told"
        raise ConfigurationError(Fault(f"{name} is an App without components", shown(file, call.lineno), why, fix))
    if made_by == "fastapi.FastAPI" or made_by.startswith("fastapi.applications."):
        why = "components belong to App, which is a FastAPI with everything as ever"
        raise ConfigurationError(Fault(f"{name} is a FastAPI, and no App", shown(file, call.lineno), why, fix))


def _assigned(source: Source, name: str) -> ast.Call | None:
    """The call that makes the application, where it is one."""
    for statement in source.statements:
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        value = getattr(statement, "value", None)
        if isinstance(value, ast.Call) and any(isinstance(each, ast.Name) and each.id == name for each in targets):
            return value
    return None
