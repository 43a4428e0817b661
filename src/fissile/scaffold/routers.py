"""``fissile add router``: further routes of a component, below a path of their own."""

from __future__ import annotations

import ast
import itertools
import re
from pathlib import Path

from ..errors import Fault, WrongUsage
from ..project import FoundComponent, Project, nearest, project_folder
from .change import Change, Write
from .names import camel, part_faults
from .rendering import TEMPLATES, Sample
from .source.apis import Api, Apis, read_apis, unread
from .source.edits import Edit, Written, read_python
from .source.importing import lines_of, with_import
from .source.routes import file_of, routers_in, routes_of, tree_of
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
    apis, root = read_apis(found), project_folder(project)
    if faults := part_faults(name, "router", [each.version for each in apis.routers]):
        raise WrongUsage(*faults)
    api = _chosen(found, apis, version) if apis.routers else _first(found)
    path = f"/{name.replace('_', '-')}"
    _refuse_taken(found, api, path)
    sample = Sample(_words(component, name, api.path(found.declared.prefix) + path))
    file = api.file.with_name(f"{_beginning(api.file, found)}{name}.py")
    test = root / "tests" / f"test_{'_'.join(filter(None, [component, api.version, name]))}.py"
    steps = [
        Write(file, None, _part(sample, "router")),
        Write(test, None, _part(sample, "test_router")),
        _including(api, sample, name, file),
        *_declaring(found, apis, api),
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
    """The router that a component without routes gets, or has without having declared it."""
    file = file_of(found, f"{found.package}.api")
    if file is None:
        return Api("", "router", found.folder / "api.py", "router")
    routers = routers_in(tree_of(file))
    if len(routers) != 1 or routers[0].path is None:
        raise unread(found)
    return Api("", routers[0].variable, file, routers[0].variable, routers[0].path)


def _refuse_taken(found: FoundComponent, api: Api, path: str) -> None:
    """Refuses a path at which something answers already: the new router would be asked before it."""
    routes = routes_of(found, api.file, api.variable) if api.file.exists() else ()
    faults = [
        Fault(
            f"{found.name} answers {path} already",
            route.where,
            "the new router would be asked first, and this would never answer",
            "take another name, or write the routes there",
        )
        for route in routes
        if route.is_at(path)
    ]
    if faults:
        raise WrongUsage(*faults)


def _beginning(file: Path, found: FoundComponent) -> str:
    """How the names of files begin that belong to an api: in a folder of routers with nothing."""
    return f"{file.stem}_" if file.parent == found.folder else ""


def _including(api: Api, sample: Sample, name: str, file: Path) -> Write:
    """Includes the new router directly below the one that it belongs to, before a route can take its path."""
    is_new = not api.file.exists()
    written = Written(api.file, _part(sample, "api"), "utf-8") if is_new else read_python(api.file)
    local = _free(f"{name}_router", written.text)
    line = f"from .{file.stem} import router as {local}"
    router = next(each for each in routers_in(ast.parse(written.text)) if each.variable == api.variable)
    starts, newline = lines_of(written.text), written.newline
    place = starts[router.statement.end_lineno or 0]
    include = f'{api.variable}.include_router({local}, prefix="/{name.replace("_", "-")}"){newline}'
    gap = "" if written.text[:place].endswith(("\n", "\r")) else newline
    importing = with_import(written, line, starts[router.statement.lineno - 1])
    after = written.edited([importing, Edit(place, place, gap + include)])
    return Write(api.file, None if is_new else written.content, after)


def _free(name: str, text: str) -> str:
    """The name, or one like it that does not stand in a text."""
    candidates = itertools.chain([name], (f"{name}{number}" for number in itertools.count(2)))
    return next(each for each in candidates if not re.search(rf"\b{each}\b", text))


def _declaring(found: FoundComponent, apis: Apis, api: Api) -> list[Write]:
    """Declares the router of a component that had none."""
    if apis.routers:
        return []
    file, call = apis.file, apis.call
    names = found.sources.read(found.file, found.module).names
    identity = f"{found.package}.api.{api.variable}"
    local = next((known for known, stands in names.items() if stands == identity), None)
    edits = []
    if local is None:
        local = _free(api.variable, file.text)
        own = f" as {local}" if local != api.variable else ""
        edits.append(with_import(file, f"from .api import {api.variable}{own}", call.start))
    is_given = "api" in call.arguments
    edits += [call.with_value("api", local)] if is_given else call.with_keywords({"api": local})
    return [Write(file.path, file.content, file.edited(edits))]
