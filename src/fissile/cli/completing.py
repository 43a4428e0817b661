"""What a shell offers for a word that is not finished: read from the project, and nothing of the user's is imported.

It says nothing when it cannot tell: a prompt in which somebody types is no place for an error.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from ..project import Placement, Project

Offer = Callable[[typer.Context, str], list[str]]
"""What typer asks: gives the values that begin like the unfinished word."""


def _offer(values: Callable[[typer.Context], Iterable[str]]) -> Offer:
    def offered(context: typer.Context, unfinished: str) -> list[str]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the user's sources, which are parsed
            try:
                return [value for value in values(context) if value.startswith(unfinished)]
            except Exception:  # noqa: BLE001  # a project that cannot be read has no names to offer
                return []

    return offered


def _project(context: typer.Context) -> Project:
    from .application import project_of

    return project_of(context.params.get("target") or context.params.get("application"))


def _components(context: typer.Context) -> Iterable[str]:
    return [component.name for component in _project(context).components]


def _others(context: typer.Context) -> Iterable[str]:
    """The components that are not in this command yet."""
    return [name for name in _components(context) if name not in context.params.values()]


def _with_databases(context: typer.Context) -> Iterable[str]:
    return [component.name for component in _project(context).components if component.declaration.database]


def _placements(context: typer.Context) -> Iterable[str]:
    from ..project import read_placements

    return read_placements(_project(context)).known


def _processes(context: typer.Context) -> Iterable[str]:
    """The processes of the placement that is typed, else of every placement."""
    return dict.fromkeys(process.name for placement in _meant(context) for process in placement.processes)


def _meant(context: typer.Context) -> Iterable[Placement]:
    from ..project import read_placements

    known = read_placements(_project(context)).known
    typed = str(context.params.get("placement"))
    return [known[typed]] if typed in known else known.values()


def _revisions(context: typer.Context) -> Iterable[str]:
    found = _project(context).component(context.params["component"])
    return ["base", *(file.stem for file in sorted((found.folder / "migrations").glob("[0-9]*.py")))]


def _versions(context: typer.Context) -> Iterable[str]:
    """The versions of a component's API, where it has several."""
    import ast

    found = _project(context).component(context.params["component"])
    words = [node for node in ast.walk(ast.parse(found.file.read_bytes())) if isinstance(node, ast.keyword)]
    keys = [key for word in words if word.arg == "api" and isinstance(word.value, ast.Dict) for key in word.value.keys]
    return [str(key.value) for key in keys if isinstance(key, ast.Constant)]


def _methods(context: typer.Context) -> Iterable[str]:
    project = _project(context)
    return [
        f"{component.name}.{method}"
        for component in project.components
        for interface in component.declared.provides
        for method in _methods_of(project, interface)
    ]


def _methods_of(project: Project, interface: str) -> Iterator[str]:
    import ast

    module, _, name = interface.rpartition(".")
    tree = ast.parse(project.root.joinpath(*module.split(".")).with_suffix(".py").read_bytes())
    written = [node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name]
    for node in (node for body in written for node in body):
        if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef) and not node.name.startswith("_"):
            yield node.name


def _shapes(_: typer.Context) -> Iterable[str]:
    from ..scaffold.new import SHAPES

    return SHAPES


def _databases(_: typer.Context) -> Iterable[str]:
    from ..scaffold.new import DATABASES

    return DATABASES


def _ci(_: typer.Context) -> Iterable[str]:
    from ..scaffold.new import CI

    return CI


def _levels(_: typer.Context) -> Iterable[str]:
    from .logs import LEVELS

    return LEVELS


def offer_parts(context: typer.Context, unfinished: str) -> list[str]:
    """Offers components for a word with commas, in which those before the last comma are finished."""
    finished, comma, last = unfinished.rpartition(",")
    typed = finished.split(",")
    return [f"{finished}{comma}{name}" for name in offer_components(context, last) if name not in typed]


offer_components = _offer(_components)
offer_others = _offer(_others)
offer_with_databases = _offer(_with_databases)
offer_placements = _offer(_placements)
offer_processes = _offer(_processes)
offer_revisions = _offer(_revisions)
offer_versions = _offer(_versions)
offer_methods = _offer(_methods)
offer_shapes = _offer(_shapes)
offer_databases = _offer(_databases)
offer_ci = _offer(_ci)
offer_levels = _offer(_levels)
