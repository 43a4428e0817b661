"""``fissile add router``: further routes of a component, below a path of their own."""

from __future__ import annotations

import ast
from pathlib import Path

from ..errors import Fault, WrongUsage
from ..project import FoundComponent, Project, nearest, project_folder
from .apis import Api, Apis, read_apis, routers_in
from .change import Change, Write
from .edits import Edit, Written, read_python
from .importing import lines_of, with_import
from .names import camel, part_faults
from .rendering import TEMPLATES, Sample
from .tidying import tidied


def add_router(project: Project, component: str, name: str, version: str | None = None) -> Change:
    """Adds a router to a component.

    Args:
        project: The project.
        component: The component.
        name: What the router is called; its path is the same with ``-`` for ``_``.
        version: The version of the API that it belongs to, where there are several.

    Raises:
        ConfigurationError: There is no such component, the name is bad, or its api cannot be edited.
    """
    found = project.component(component)
    if faults := part_faults(name, "router"):
        raise WrongUsage(*faults)
    apis, root = read_apis(found), project_folder(project)
    api = _chosen(found, apis, version) if apis.routers else _first(found)
    prefix = f"{found.declared.prefix}/{api.version}".rstrip("/")
    sample = Sample(_words(component, name, f"{prefix}/{name.replace('_', '-')}"))
    file = api.file.with_name(f"{_beginning(api.file, found)}{name}.py")
    test = root / "tests" / f"test_{component}_{name}.py"
    steps = [
        Write(file, None, _part(sample, "router")),
        Write(test, None, _part(sample, "test_router")),
        _including(api, sample, name, file),
        *_declaring(apis),
    ]
    commands = (f"pytest {test.relative_to(root).as_posix()}",)
    return tidied(Change(root, f"add router {component} {name}", tuple(steps), commands), project.name)


def _words(component: str, name: str, path: str) -> dict[str, str]:
    return {
        "greetings": component,
        "farewells": name,
        "Farewells": camel(name),
        "/greetings/farewells": path,
    }


def _part(sample: Sample, name: str) -> bytes:
    return sample.rendered((TEMPLATES / "parts" / f"{name}.py").read_text(encoding="utf-8")).encode()


def _chosen(found: FoundComponent, apis: Apis, version: str | None) -> Api:
    """The router of this version; the only one without."""
    by_version = {api.version: api for api in apis.routers}
    if len(by_version) == 1 and version is None:
        return apis.routers[0]
    if version is not None and version in by_version:
        return by_version[version]
    known = ", ".join(version or '""' for version in by_version)
    if version is None:
        what, fix = f"{found.name} has several versions", f"say which: --version {apis.routers[-1].version}"
    else:
        close = nearest(version, filter(None, by_version))
        what, fix = f"{found.name} has no version {version!r}", f"did you mean {close}?" if close else ""
    raise WrongUsage(Fault(what, found.where, f"there are {known}", fix))


def _first(found: FoundComponent) -> Api:
    """The router that a component without routes gets."""
    return Api("", "router", found.folder / "api.py", "router")


def _beginning(file: Path, found: FoundComponent) -> str:
    """How the names of files begin that belong to an api: in a folder of routers with nothing."""
    return f"{file.stem}_" if file.parent == found.folder else ""


def _including(api: Api, sample: Sample, name: str, file: Path) -> Write:
    """Includes the new router directly below the one that it belongs to, before a route can take its path."""
    is_new = not api.file.exists()
    written = Written(api.file, _part(sample, "api"), "utf-8") if is_new else read_python(api.file)
    local = f"{name}_router"
    line = f"from .{file.stem} import router as {local}"
    tree = ast.parse(written.text)
    statement = next(made for variable, made in routers_in(tree) if variable == api.variable)
    place = lines_of(written.text)[statement.end_lineno or 0]
    include = f'{api.variable}.include_router({local}, prefix="/{name.replace("_", "-")}")'
    after = written.edited([with_import(written, line), Edit(place, place, f"{include}{written.newline}")])
    return Write(api.file, None if is_new else written.content, after)


def _declaring(apis: Apis) -> list[Write]:
    """Declares the router of a component that had none."""
    if apis.routers:
        return []
    file = apis.file
    edits = [with_import(file, "from .api import router"), *apis.call.with_keywords({"api": "router"})]
    return [Write(file.path, file.content, file.edited(edits))]
