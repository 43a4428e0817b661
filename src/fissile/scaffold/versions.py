"""``fissile add version``: a second version of a component's API beside the first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ..errors import Fault, WrongUsage
from ..project import FoundComponent, Project, project_folder
from .apis import Api, Apis, read_apis
from .change import Change, Write
from .edits import Edit
from .importing import with_import
from .rendering import TEMPLATES, Sample
from .tidying import tidied


def add_version(project: Project, component: str, version: str) -> Change:
    """Adds a version of an API: a copy of the newest one, below a prefix of its own.

    The URLs of a version that has no name yet stay as they are.

    Args:
        project: The project.
        component: The component.
        version: What it is called: ``v2``.

    Raises:
        ConfigurationError: There is no such component, the name is bad, or its api cannot be edited.
    """
    found = project.component(component)
    apis, root = read_apis(found), project_folder(project)
    if not apis.routers:
        fix = f"fissile add router {component} <name>"
        raise WrongUsage(Fault(f"{component} has no API", found.where, "a second version is beside a first one", fix))
    _refuse(version, apis, found.where)
    newest = apis.routers[-1]
    copies = dict(_copies(newest, found, version))
    test = root / "tests" / f"test_{component}_{version}.py"
    steps = [
        *(Write(target, None, source.read_bytes()) for target, source in copies.items()),
        Write(test, None, _test(found, version)),
        _declaring(apis, newest, version),
    ]
    prefix, first = found.declared.prefix, next(iter(copies)).relative_to(root).as_posix()
    notes = (f"{prefix}/{version} answers what the version before does, until you change {first}",)
    commands = (f"pytest {test.relative_to(root).as_posix()}",)
    return tidied(Change(root, f"add version {component} {version}", tuple(steps), commands, notes), project.name)


def _test(found: FoundComponent, version: str) -> bytes:
    prefix = found.declared.prefix
    words = {"greetings": found.name, "v2": version, "/greetings": prefix, "/greetings/v2/": f"{prefix}/{version}/"}
    return Sample(words).rendered((TEMPLATES / "parts" / "test_version.py").read_text(encoding="utf-8")).encode()


def _refuse(version: str, apis: Apis, where: str) -> None:
    known = [api.version for api in apis.routers]
    numbers = [int(each[1:]) for each in known if re.fullmatch(r"v[1-9]\d{0,2}", each)]
    suggestion = f"take v{max([1, *numbers]) + 1}"
    if not re.fullmatch(r"v[1-9]\d{0,2}", version):
        raise WrongUsage(Fault(f"{version!r} cannot be the name of a version", "", "it is v and a number", suggestion))
    if version in known or (version == "v1" and "" in known):
        why = "the one without a name is the first" if version == "v1" and "" in known else "a version has one router"
        raise WrongUsage(Fault(f"there is {version} already", where, why, suggestion))


def _copies(newest: Api, found: FoundComponent, version: str) -> Iterator[tuple[Path, Path]]:
    """The files of the newest version, each with the file that it is copied to."""
    if newest.file.parent == found.folder:
        yield newest.file.with_name(f"{_without_version(newest.file.stem)}_{version}.py"), newest.file
        return
    folder = next(parent for parent in newest.file.parents if parent.parent == found.folder)
    copied = folder.with_name(f"{_without_version(folder.name)}_{version}")
    for file in sorted(folder.rglob("*.py")):
        yield copied / file.relative_to(folder), file


def _without_version(name: str) -> str:
    return re.sub(r"_v\d+$", "", name)


def _declaring(apis: Apis, newest: Api, version: str) -> Write:
    """Declares the new version behind the others."""
    file, call = apis.file, apis.call
    module = _without_version(_module(newest, apis)) + f"_{version}"
    local = f"{_without_version(newest.local)}_{version}"
    line = f"from .{module} import {newest.variable}{f' as {local}' if local != newest.variable else ''}"
    value = call.arguments["api"]
    if apis.are_versions:
        start, end = value.start, value.end
        inside = file.text[start:end].rstrip()
        comma = "" if re.search(r",\s*\}$", inside) else ", "
        place = start + inside.rindex("}")
        edit = Edit(place, place, f'{comma}"{version}": {local}')
    else:
        edit = call.with_value("api", f'{{"": {newest.local}, "{version}": {local}}}')
    return Write(file.path, file.content, file.edited([with_import(file, line), edit]))


def _module(newest: Api, apis: Apis) -> str:
    """The module of the component that has the newest version's router."""
    folder = apis.file.path.parent
    return newest.file.relative_to(folder).parts[0].removesuffix(".py")
