"""``fissile add call``: declares that one component calls another, and shows how."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..errors import ConfigurationError, Fault, WrongUsage
from ..project import FoundComponent, Project, graph_faults, nearest, project_folder
from ..project.source import parse
from .change import Change, Write
from .names import camel, snake
from .source.declaration import Call, declaration_of
from .source.edits import Edit
from .source.importing import with_import
from .tidying import tidied


def add_call(project: Project, consumer: str, provider: str, interface: str | None = None) -> Change:
    """Declares that one component needs an interface of another.

    Args:
        project: The project.
        consumer: The component that calls.
        provider: The component that is called.
        interface: Which of its interfaces; None where it has one.

    Returns:
        The change, which has no steps where the need is declared already.

    Raises:
        ConfigurationError: There is no such component or interface, or they would need each other in a circle.
    """
    calling, called = _known(project, consumer, provider)
    identity = _identity(called, interface)
    if identity in calling.declared.needs:
        notes: tuple[str, ...] = (f"{consumer} says already that it needs {identity.rpartition('.')[2]}",)
        return Change(
            project_folder(project), f"add call {consumer} {provider}", (), lines=_lines(project, identity), notes=notes
        )
    _refuse_circles(project, calling, identity)
    call = declaration_of(calling)
    after = call.file.edited(_edits(call, calling, provider, identity))
    step = Write(calling.file, call.file.content, after)
    change = Change(project_folder(project), f"add call {consumer} {provider}", (step,), ("fissile list",))
    return tidied(replace(change, lines=_lines(project, identity)), project.name)


def _known(project: Project, consumer: str, provider: str) -> tuple[FoundComponent, FoundComponent]:
    calling, called = project.component(consumer), project.component(provider)
    if calling.name == called.name:
        why = "a call goes to another component; its own interface it reaches by Provided and constructors as it is"
        raise WrongUsage(Fault(f"{consumer} does not call itself", calling.where, why))
    if not called.declared.provides:
        fix = f"write an interface into its public.py, and provides={{...}} into {called.where}"
        raise WrongUsage(Fault(f"{provider} provides nothing to call", called.where, "a call is of an interface", fix))
    return calling, called


def _identity(called: FoundComponent, interface: str | None) -> str:
    """The interface that is meant: by its name, or with its module where several have that name."""
    provided = tuple(dict.fromkeys(called.declared.provides))
    meant = [each for each in provided if interface is None or f".{each}".endswith(f".{interface}")]
    if len(meant) == 1:
        return meant[0]
    names = [_shortest(each, provided) for each in provided]
    if meant:
        several = "interfaces" if interface is None else f"interfaces {interface}"
        what = f"{called.name} provides several {several}"
        fix = f"say which: --interface {_shortest(meant[0], provided)}"
    else:
        what, near = f"{called.name} provides no {interface!r}", nearest(interface or "", names)
        fix = f"did you mean {near}?" if near else ""
    raise WrongUsage(Fault(what, called.where, f"there {'is' if len(names) == 1 else 'are'} {', '.join(names)}", fix))


def _shortest(identity: str, others: Sequence[str]) -> str:
    """The end of a dotted name that no other one has."""
    parts = identity.split(".")
    ends = (".".join(parts[-length:]) for length in range(1, len(parts) + 1))
    return next(end for end in ends if sum(f".{other}".endswith(f".{end}") for other in others) == 1)


def _refuse_circles(project: Project, calling: FoundComponent, identity: str) -> None:
    """Refuses a need that would make what cannot start."""
    after = [
        replace(each, needs=(*each.needs, identity)) if each.name == calling.name else each for each in project.declared
    ]
    before = graph_faults(project.declared)
    if faults := [fault for fault in graph_faults(after) if fault not in before]:
        raise WrongUsage(*faults)


def _edits(call: Call, calling: FoundComponent, provider: str, identity: str) -> Sequence[Edit]:
    module, _, name = identity.rpartition(".")
    names = calling.sources.read(calling.file, calling.module).names
    local = next((known for known, stands in names.items() if calling.sources.definition(stands) == identity), None)
    edits = []
    if local is None:
        local = f"{camel(provider)}Interface" if name in names else name
        line = f"from {module} import {name}{f' as {local}' if local != name else ''}"
        edits.append(with_import(call.file, line, call.start))
    try:
        edits += call.with_item("needs", local)
    except ValueError:
        why = "it is edited without running it, so it has to be a list as it is written"
        raise WrongUsage(
            Fault(f"the needs of {calling.name} are no list", calling.where, why, f"add {local} to them")
        ) from None
    return edits


def _lines(project: Project, identity: str) -> tuple[str, ...]:
    """The lines that use an interface: where it is asked for, and one of its calls."""
    module, _, name = identity.rpartition(".")
    variable = snake(name)
    asked = f"from {module} import {name}"
    constructor = f"def __init__(self, {variable}: {name}) -> None:", f"    self.{variable} = {variable}"
    method = _method(project, module, name)
    called = f"await self.{variable}.{method}" if method else f"await self.{variable}. ..."
    return asked, *constructor, called


def _method(project: Project, module: str, name: str) -> str | None:
    """A method of an interface, as it is called with what it has to be given."""
    base = project.root.joinpath(*module.split("."))
    file = next((file for file in (base.with_suffix(".py"), base / "__init__.py") if file.is_file()), None)
    found = _class(file, module, name) if file else None
    methods = [each for each in found.body if isinstance(each, ast.AsyncFunctionDef)] if found else []
    if not methods:
        return None
    given = methods[0].args
    needed = given.args[1 : len(given.args) - len(given.defaults)]
    by_name = [each for each, default in zip(given.kwonlyargs, given.kw_defaults, strict=True) if default is None]
    words = [each.arg for each in needed] + [f"{each.arg}={each.arg}" for each in by_name]
    return f"{methods[0].name}({', '.join(words)})"


def _class(file: Path, module: str, name: str) -> ast.ClassDef | None:
    source = parse(file, module)
    if source.fault is not None:
        raise ConfigurationError(source.fault)
    return next((each for each in source.statements if isinstance(each, ast.ClassDef) and each.name == name), None)
