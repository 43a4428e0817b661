"""``fissile add version``: a second version of a component's API beside the first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from ..errors import Fault, WrongUsage
from ..project import FoundComponent, Project, project_folder
from .change import Change, Write
from .rendering import TEMPLATES, Sample
from .source.apis import Api, Apis, read_apis
from .source.copies import Copy
from .source.declaration import declared
from .source.edits import read_python
from .source.importing import with_import
from .source.routes import module_of, routes_of
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
    _refuse(version, apis, found)
    newest = apis.routers[-1]
    copies = list(_copies(newest, found, version))
    renamed = {copy.module: copy.copied for copy in copies}
    originals = {copy.target: copy.source.read_bytes() for copy in copies}
    test = root / "tests" / f"test_{component}_{version}.py"
    steps = [
        *(Write(copy.target, None, _copied(copy, renamed, newest, found, version)) for copy in copies),
        Write(test, None, _test(found, newest, version)),
        _declaring(found, apis, newest, renamed, version),
    ]
    first = next(copy.target for copy in copies if copy.source == newest.file).relative_to(root).as_posix()
    notes = (f"{found.declared.prefix}/{version} answers what the version before does, until you change {first}",)
    commands = (f"pytest {test.relative_to(root).as_posix()}",)
    change = Change(root, f"add version {component} {version}", tuple(steps), commands, notes)
    return tidied(change, project.name, originals)


def _test(found: FoundComponent, newest: Api, version: str) -> bytes:
    prefix = found.declared.prefix
    before = f"{prefix}/{newest.version}".rstrip("/")
    words = {"greetings": found.name, "v2": version, "/greetings/v1": before, "/greetings/v2": f"{prefix}/{version}"}
    return Sample(words).rendered((TEMPLATES / "parts" / "test_version.py").read_text(encoding="utf-8")).encode()


def _refuse(version: str, apis: Apis, found: FoundComponent) -> None:
    known = [api.version for api in apis.routers]
    numbers = [int(each[1:]) for each in known if re.fullmatch(r"v[1-9]\d{0,2}", each)]
    suggestion = f"take v{max([1, *numbers]) + 1}"
    if not re.fullmatch(r"v[1-9]\d{0,2}", version):
        raise WrongUsage(Fault(f"{version!r} cannot be the name of a version", "", "it is v and a number", suggestion))
    if version in known or (version == "v1" and "" in known):
        why = "the one without a name is the first" if version == "v1" and "" in known else "a version has one router"
        raise WrongUsage(Fault(f"there is {version} already", found.where, why, suggestion))
    for api in (each for each in apis.routers if not each.version):
        inside = [route for route in routes_of(found, api.file, api.variable) if route.is_below(f"/{version}")]
        if inside and not api.prefix:
            why = "the path would belong to the version, which is asked first"
            raise WrongUsage(Fault(f"{found.name} answers {inside[0].path} already", inside[0].where, why, suggestion))


def _copies(newest: Api, found: FoundComponent, version: str) -> Iterator[Copy]:
    """The modules of the newest version."""
    if newest.file.parent == found.folder:
        stem = newest.file.stem
        new = f"{_without_version(stem)}_{version}"
        for file in _with_parts(newest.file, found):
            yield _copy(found, file, file.with_name(f"{new}{file.stem.removeprefix(stem)}.py"))
        return
    folder = next(parent for parent in newest.file.parents if parent.parent == found.folder)
    copied = folder.with_name(f"{_without_version(folder.name)}_{version}")
    for file in sorted(folder.rglob("*.py")):
        yield _copy(found, file, copied / file.relative_to(folder))


def _copy(found: FoundComponent, source: Path, target: Path) -> Copy:
    return Copy(source, module_of(found, source), target, module_of(found, target))


def _with_parts(file: Path, found: FoundComponent) -> list[Path]:
    """A module with those that it imports and that are called like it: ``api_refunds`` beside ``api``."""
    parts = sorted(file.parent.glob(f"{file.stem}_*.py"))
    reached = [file]
    for each in reached:
        names = found.sources.read(each, module_of(found, each)).names.values()
        known = {part: module_of(found, part) for part in parts if part not in reached}
        reached += [
            part for part, module in known.items() if any(f"{name}.".startswith(f"{module}.") for name in names)
        ]
    return reached


def _copied(copy: Copy, renamed: Mapping[str, str], newest: Api, found: FoundComponent, version: str) -> bytes:
    """The content of a copy; a router that has the prefix of its version has that of the new one."""
    file = read_python(copy.source)
    edits = list(copy.edits(renamed))
    before = f"{found.declared.prefix}/{newest.version}".rstrip("/")
    if copy.source == newest.file and f"{newest.prefix}/".startswith(f"{before}/"):
        call = declared(file, newest.variable)
        assert call is not None, "a router that was found is made there"
        new = f"{found.declared.prefix}/{version}{newest.prefix.removeprefix(before)}"
        edits.append(call.with_value("prefix", f'"{new}"'))
    return file.edited(edits)


def _without_version(name: str) -> str:
    return re.sub(r"_v\d+$", "", name)


def _declaring(found: FoundComponent, apis: Apis, newest: Api, renamed: Mapping[str, str], version: str) -> Write:
    """Declares the new version behind the others."""
    file, call = apis.file, apis.call
    names = found.sources.read(found.file, found.module).names
    module, _, variable = names[newest.local].rpartition(".")
    local = f"{_without_version(newest.local)}_{version}"
    own = f" as {local}" if local != variable else ""
    line = f"from .{renamed[module].removeprefix(f'{found.package}.')} import {variable}{own}"
    if apis.are_versions:
        edits = list(call.with_entry("api", version, local))
    else:
        edits = [call.with_value("api", f'{{"": {newest.local}, "{version}": {local}}}')]
    return Write(file.path, file.content, file.edited([with_import(file, line, call.start), *edits]))
