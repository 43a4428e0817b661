"""Finds and loads the application that a command is about."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import ConfigurationError, Fault, FissileError, shown
from .words import NOT_CONFIGURED, show_exception

if TYPE_CHECKING:
    from ..project import Project, View
    from ..runtime.app import App

Target = Annotated[
    str | None,
    typer.Argument(
        metavar="APPLICATION",
        help="The application, such as shop.main:app; by default where pyproject.toml says: [tool.fastapi] entrypoint.",
        show_default=False,
    ),
]


def project_of(target: str | None) -> Project:
    """The project of an application, without importing it.

    Args:
        target: ``module:name``; None for the project around the working directory.

    Raises:
        ConfigurationError: None is found.
        typer.BadParameter: The target names none.
    """
    from ..project import Project, find, find_in

    here = Path.cwd()
    if target is None:
        return find_in(here)
    module, _, name = target.partition(":")
    if module.endswith(".py") or not module.replace(".", "").isidentifier():
        dotted = module.removesuffix(".py").replace("/", ".").strip(".")
        raise typer.BadParameter(f"{target!r} is no module:name; did you mean {dotted}:{name or 'app'}?")
    package = module.rpartition(".")[0]
    entrypoint = f"{module}:{name or 'app'}"
    for root in (here / "src", here):
        if root.is_dir() and str(root) not in sys.path:
            sys.path.insert(0, str(root))
    if not package:
        return Project("", here, here, entrypoint=entrypoint)
    try:
        return replace(find(package), entrypoint=entrypoint)
    except ConfigurationError as error:
        raise typer.BadParameter(f"{error.faults[0].what} in {here.name or here}{_meant(package, here)}") from None


def _meant(package: str, here: Path) -> str:
    from ..project import nearest

    close = nearest(package, [file.parent.name for file in here.glob("*/main.py")])
    return f"; did you mean {close}?" if close else ""


def load(target: str | None, view: View | None = None) -> App:
    """Imports the application and loads its components.

    Args:
        target: ``module:name``; None for the project around the working directory.
        view: Which of the components live here; as the environment says when it is not given.

    Raises:
        ConfigurationError: There is no such application, or it cannot start as it is written.
        typer.Exit: The user's own code failed; it has been shown.
    """
    project = project_of(target)
    if str(project.root) not in sys.path:
        sys.path.insert(0, str(project.root))
    module, _, name = project.entrypoint.partition(":")
    with users_code():
        app = (
            _placed(project, view, module, name) if view is not None else _application(_imported(module, project), name)
        )
        app.assemble()
    if app.package is None and project.components:
        names = ", ".join(component.name for component in project.components)
        raise ConfigurationError(
            Fault(
                f"{name} is an App without components, and there are {names}",
                project.entrypoint,
                "App() is plain FastAPI; components are looked for in the package that it is told",
                f"write {name} = App(__package__)",
            )
        )
    return app


def _placed(project: Project, view: View, module: str, name: str) -> App:
    """Import the application with its view in place.

    Raises:
        ConfigurationError: Something has imported it and loaded its components already, for another view.
    """
    from ..runtime.absent import keep_out
    from ..runtime.app import placed

    keep_out(project, view)
    with placed(project.name, view):
        app = _application(_imported(module, project), name)
    if app.dispatcher is not None and app.runtime.view != view:
        what = f"the components of {project.entrypoint} were loaded before the process was given its placement"
        why = "it would run other components than the placement gives it"
        raise ConfigurationError(Fault(what, "", why, f"import {module} nowhere else, and start it with `fissile run`"))
    app.view = view
    return app


@contextmanager
def users_code() -> Iterator[None]:
    """Shows an exception of the user's code, whole, and exits; what Fissile itself says passes through."""
    try:
        yield
    except (FissileError, typer.Exit, typer.BadParameter):
        raise
    except Exception as error:  # noqa: BLE001  # whatever it is, it is shown
        show_exception(error)
        raise typer.Exit(NOT_CONFIGURED) from None


def _imported(module: str, project: Project) -> ModuleType:
    from ..project.libraries import importing

    try:
        with importing(project):
            return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise  # the module is there; what it imports is not
        raise ConfigurationError(
            Fault(
                f"there is no module {module!r}",
                shown(project.root) if project.root != Path.cwd() else "",
                f"the application is said to be {project.entrypoint}",
                "correct the name, or [tool.fastapi] entrypoint in pyproject.toml",
            )
        ) from None


def _application(module: ModuleType, name: str) -> App:
    from ..project import nearest
    from ..runtime.app import App

    found = getattr(module, name, None)
    if isinstance(found, App):
        return found
    where = shown(Path(module.__file__)) if module.__file__ else module.__name__
    if found is not None:
        what = f"{name} is a {type(found).__name__}, and not an App"
        why = "components, calls and reserved paths belong to App, which is a FastAPI with everything as ever"
        raise ConfigurationError(Fault(what, where, why, f"from fissile import App, and write {name} = App()"))
    others = [other for other, value in vars(module).items() if isinstance(value, App)]
    close = nearest(name, others) or next(iter(others), None)
    fix = f"did you mean {module.__name__}:{close}?" if close else f"write {name} = App() there"
    raise ConfigurationError(Fault(f"{module.__name__} has no {name!r}", where, "", fix))
