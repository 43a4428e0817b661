"""``fissile add component``: a component that works, with tests."""

from __future__ import annotations

import builtins
import hashlib
from collections.abc import Iterator, Set
from pathlib import PurePosixPath

from ..errors import ConfigurationError, Fault, WrongUsage, shown
from ..project import Project, default_prefix, project_folder
from ..project.source import parse
from .application import refuse_unless_looking
from .change import Change, Write
from .entities import KINDS, NOT_ENTITIES, Entity
from .layering import Files, in_layers
from .names import camel, new_component_faults, snake
from .placing import placed
from .rendering import TEMPLATES, Sample, Words
from .source.imports import imports
from .tidying import tidied

_LOCALS = {
    *("added", "after", "answer", "answers", "app", "caught", "client", "cursor", "domain", "each", "faults", "first"),
    *("ids", "limit", "metadata", "missing", "name", "new", "page", "pytest", "request", "router", "second", "self"),
    "table",
}
"""What is called so already in the code of a component, where its interface is a parameter."""

_PAGING = ("Cursor", "Limit", "Page", "page_of")


def add_component(
    project: Project, name: str, entity: Entity | None = None, *, layers: bool = False, on_server: bool = False
) -> Change:
    """Adds a component.

    Args:
        project: The project.
        name: The component's name.
        entity: What it keeps, in a table of its own; None for one without data.
        layers: Whether each layer is a folder.
        on_server: Whether its data is on a server, where it gets a role and a schema first.

    Raises:
        ConfigurationError: The name is bad, or there is no package that it could be in.
    """
    refuse_unless_looking(project)
    if faults := new_component_faults(name, project):
        raise WrongUsage(*faults)
    root = project_folder(project)
    files = component_files(project.name, name, entity)
    if layers:
        files = in_layers(files, PurePosixPath(*project.name.split("."), name))
    steps = [
        Write((root if path.parts[0] == "tests" else project.root) / path, None, text.encode())
        for path, text in files.items()
    ]
    if entity is not None:
        steps += _paging(project)
    places, notes = placed(project, name)
    provision = ["fissile db provision --admin-url URL"] if on_server else []
    commands = (*([*provision, "fissile db upgrade"] if entity else []), f"pytest tests/test_{name}.py")
    change = Change(root, f"add component {name}", (*steps, *places), commands, notes)
    return tidied(change, project.name)


def component_files(package: str, name: str, entity: Entity | None) -> Files:
    """The files of a new component and its tests, by their paths in a project.

    Args:
        package: The dotted name of the application's package.
        name: The component's name.
        entity: What it keeps, if anything.
    """
    sample = "greetings" if entity is None else "notes"
    home = PurePosixPath("sample", sample)
    test = PurePosixPath("tests", f"test_{sample}.py")
    words = _words(package, name) if entity is None else _words_of_entity(package, name, entity)
    rendered = Sample(words, fields=fields_of(entity) if entity else ())
    return rendered.files(TEMPLATES / "large", lambda path: path == test or path.is_relative_to(home))


def _words(package: str, name: str) -> Words:
    return {
        "sample/greetings": _path(package, name),
        "sample": package,
        "greetings": name,
        "/greetings": default_prefix(name),
        "Greetings": _interface(name, {"Hello", "Name"}),
        "GreetingsService": f"{camel(name)}Service",
        "greeter": _variable(name),
    }


def _words_of_entity(package: str, name: str, entity: Entity) -> Words:
    one = snake(entity.name)
    around = (("", ""), ("New", ""), ("Unknown", ""), ("", "Id"), ("", "Service"), ("", "Repository"))
    classes = {f"{before}Note{after}": f"{before}{entity.name}{after}" for before, after in around}
    return {
        **lines_of(entity),
        **classes,
        "sample/notes": _path(package, name),
        "sample": package,
        "notes": name,
        "/notes": default_prefix(name),
        "Notes": _interface(name, set(classes.values())),
        "notebook": _variable(name, {one, f"{one}_id"}),
        "note": one,
        "5a3b1e000001": hashlib.sha256(f"{package}.{name}".encode()).hexdigest()[:12],
    }


def _path(package: str, name: str) -> str:
    return "/".join([*package.split("."), name])


def _interface(name: str, classes: set[str]) -> str:
    """What the interface is called beside these classes, and those that the code imports."""
    return f"{camel(name)}s" if camel(name) in classes | NOT_ENTITIES else camel(name)


def _variable(name: str, others: Set[str] = frozenset()) -> str:
    """What the interface is called where it is a parameter, beside other variables."""
    return f"{name}_api" if name in _LOCALS | others or hasattr(builtins, name) else name


def fields_of(entity: Entity) -> list[Words]:
    """What stands for the words of the sample's only field, for each field of an entity."""
    return [
        {
            "text": name,
            "Text": kind.value,
            "str": kind.domain,
            '"some text"': kind.sample,
            '"another text"': kind.other,
            "String(200)": kind.column,
            "sa.String(length=200)": kind.migrated,
        }
        for name, kind in entity.fields.items()
    ]


def lines_of(entity: Entity) -> Words:
    """What stands for the lines of the sample that import and define what the kinds of its fields need."""
    kinds = entity.kinds
    standard = [(kind.module, kind.domain) for kind in kinds if kind.module]
    moments = [("datetime", "UTC")] if any(kind.domain == "datetime" for kind in kinds) else []
    columns = [kind.imported for kind in kinds]
    aliases = "".join(f"\n{kind.alias}" for kind in kinds if kind.alias)
    types = ["import fissile.data.types"] if _from("fissile.data", columns) else []
    return {
        "from typing import Annotated, Protocol": _lines(*standard, ("typing", "Annotated"), ("typing", "Protocol")),
        "from pydantic import Field, StringConstraints": _lines(
            *(("pydantic", name) for name in _CHECKS if name == "Field" or name in aliases)
        ),
        f"\n{KINDS['str'].alias}": aliases,
        "from dataclasses import dataclass, field": _lines(
            *standard, ("dataclasses", "dataclass"), ("dataclasses", "field")
        ),
        "from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table": _lines(
            *_from("sqlalchemy", columns), *(("sqlalchemy", name) for name in _ALWAYS)
        ),
        "from fissile.data import SqlRepository": _lines(
            *_from("fissile.data", columns), ("fissile.data", "SqlRepository")
        ),
        "import sqlalchemy as sa": "\n".join([*types, "import sqlalchemy as sa"]),
        "import pytest": "\n\n".join([*([_lines(*standard, *moments)] if standard else []), "import pytest"]),
    }


_CHECKS = ("AfterValidator", "Field", "StringConstraints")
"""What of pydantic the kinds are checked with."""

_ALWAYS = ("BigInteger", "Column", "Integer", "MetaData", "Table")
"""What every table needs."""


def _lines(*names: tuple[str, str]) -> str:
    return "\n".join(imports(names))


def _from(module: str, names: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [each for each in names if each[0] == module]


def _paging(project: Project) -> Iterator[Write]:
    """The module that cuts lists into pages, where the project has none yet.

    Raises:
        ConfigurationError: It has another module of that name.
    """
    file = project.folder / "paging.py"
    if not file.exists():
        text = (TEMPLATES / "large" / "sample" / "paging.py").read_bytes()
        yield Write(file, None, text)
        return
    source = parse(file, f"{project.name}.paging")
    assigned = source.file.read_text(encoding="utf-8")
    missing = [name for name in _PAGING if name not in source.names and f"\n{name} = " not in assigned]
    if missing:
        what = f"{file.stem} has no {', '.join(missing)}, which cut lists into pages"
        fix = "call that module otherwise, so that ours can be written, or add the component without --entity"
        raise ConfigurationError(Fault(what, shown(file), "the routes of an entity import them", fix))
