"""Finds the components of a project without importing any of them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from fissile.errors import ConfigurationError, Fault, shown

from .found import FoundComponent, Project
from .reading import declares_component
from .source import Sources

_NEVER = {"__init__", "__main__", "main", "conftest"}


def find(package: str) -> Project:
    """Finds the components of a package that can be imported.

    Only the package itself and its parents are imported, which `App(__package__)` implies.

    Args:
        package: The package's dotted name, as in ``App(__package__)``.

    Returns:
        The project.

    Raises:
        ConfigurationError: When there is no such package.
    """
    if not package:
        raise ConfigurationError(
            Fault(
                "App(__package__) was given no package",
                "",
                "main.py was started as a module of its own, so that Python knows no package around it",
                "start it through its package, from the folder above: uvicorn shop.main:app, or fissile run",
            )
        )
    try:
        spec = find_spec(package)
    except (ModuleNotFoundError, ValueError):  # the latter for a module that was made by hand
        spec = None
    if spec is None or not spec.submodule_search_locations:
        what = f"there is no package {package!r}" if spec is None else f"{package!r} is a module, not a package"
        raise ConfigurationError(
            Fault(
                what, "", "App(__package__) finds the components beside main.py", "pass the package that main.py is in"
            )
        )
    folder = Path(next(iter(spec.submodule_search_locations))).absolute()
    return _project(package, folder, f"{package}.main:app")


def find_in(folder: Path) -> Project:
    """Finds the project that a folder belongs to, as the command line does.

    Args:
        folder: The folder, usually the working directory.

    Returns:
        The project of the nearest ``pyproject.toml``, from here upwards, that has an entrypoint for FastAPI; else of
        the one package here that has a ``main.py``. Without a package (``main:app``) it has no components.

    Raises:
        ConfigurationError: When no application is found, or several.
    """
    folder = folder.absolute()
    for parent in (folder, *folder.parents):
        if entrypoint := _entrypoint(parent / "pyproject.toml"):
            return _at_entrypoint(parent, entrypoint)
    packages = sorted(file.parent for base in (folder, folder / "src") for file in base.glob("*/main.py"))
    packages = [package for package in packages if package.name.isidentifier() and not _is_project(package)]
    if len(packages) == 1:
        return _project(packages[0].name, packages[0], f"{packages[0].name}.main:app")
    if not packages and (folder / "main.py").is_file():
        return Project("", folder, folder)
    why = "the application is where [tool.fastapi] says, or in the one package with a main.py"
    write = 'write [tool.fastapi] entrypoint = "shop.main:app" into pyproject.toml'
    if not packages:
        fix = f"change to your project, or {write}"
        raise ConfigurationError(Fault("there is no application here", "", why, fix))
    names = ", ".join(package.name for package in packages)
    raise ConfigurationError(Fault(f"several packages have a main.py: {names}", shown(folder), why, write))


def _is_project(folder: Path) -> bool:
    """Whether a folder is a project of its own, and no package of one."""
    return (folder / "pyproject.toml").is_file()


def _entrypoint(file: Path) -> str | None:
    if not file.is_file():
        return None
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(Fault(f"pyproject.toml is not valid: {error}", shown(file))) from None
    entrypoint = content.get("tool", {}).get("fastapi", {}).get("entrypoint")
    if entrypoint is None:
        return None
    if not isinstance(entrypoint, str) or ":" not in entrypoint:
        raise ConfigurationError(
            Fault("the entrypoint of [tool.fastapi] is no module:name", shown(file), fix='entrypoint = "shop.main:app"')
        )
    return entrypoint


def _at_entrypoint(base: Path, entrypoint: str) -> Project:
    package = entrypoint.partition(":")[0].rpartition(".")[0]
    if not package:
        return Project("", base, base, entrypoint=entrypoint)
    for root in (base, base / "src"):
        folder = root.joinpath(*package.split("."))
        if folder.is_dir():
            return _project(package, folder, entrypoint)
    raise ConfigurationError(
        Fault(
            f"there is no package {package!r} in {base.name} or {base.name}/src",
            shown(base / "pyproject.toml"),
            f"[tool.fastapi] says entrypoint = {entrypoint!r}",
            "correct the entrypoint",
        )
    )


def _project(package: str, folder: Path, entrypoint: str) -> Project:
    sources = Sources(package, folder)
    found = {component.name: component for component in _components(package, folder, sources)}
    root = folder.parents[package.count(".")]
    return Project(package, folder, root, tuple(found[name] for name in sorted(found)), entrypoint)


def _components(package: str, folder: Path, sources: Sources) -> Iterator[FoundComponent]:
    for entry in sorted(folder.iterdir()):
        # A package hides a module of the same name, in Python and so here: it comes later and replaces it.
        if entry.suffix == ".py" and entry.stem not in _NEVER and entry.is_file():
            source = sources.read(entry, f"{package}.{entry.stem}") if _mentions_component(entry) else None
            if source is not None and declares_component(source):
                name = f"{package}.{entry.stem}"
                yield FoundComponent(entry.stem, name, name, folder, entry, True, None, sources)
    for entry in sorted(folder.iterdir()):
        file = entry / "component.py"
        if file.is_file():
            name = f"{package}.{entry.name}"
            has_public = (entry / "public.py").is_file() or (entry / "public" / "__init__.py").is_file()
            public = f"{name}.public" if has_public else None
            yield FoundComponent(entry.name, name, f"{name}.component", entry, file, False, public, sources)


def _mentions_component(file: Path) -> bool:
    return b"Component" in file.read_bytes()
