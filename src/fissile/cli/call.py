"""``fissile call``: one call of an interface, without a server."""

from __future__ import annotations

import json
import logging
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from .completing import offer_methods
from .words import BROKEN, OUTSIDE_DOWN, WRONG_USAGE, say, show_configuration, show_exception, show_fault

if TYPE_CHECKING:
    from ..interface import Method
    from ..project import Project, View
    from ..runtime.app import App
    from ..values import ComponentError


def call(
    method: Annotated[
        str,
        typer.Argument(
            metavar="METHOD",
            help="component.method, such as suppliers.get.",
            show_default=False,
            autocompletion=offer_methods,
        ),
    ],
    arguments: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME=VALUE", help="Its arguments: JSON, or else text.", show_default=False),
    ] = None,
    as_json: Annotated[str | None, typer.Option("--json", help="Arguments as one JSON object.")] = None,
    application: Annotated[str | None, typer.Option("--app", help="The application, such as shop.main:app.")] = None,
) -> None:
    """Call a method of an interface and print its result as JSON.

    Examples:
        fissile call suppliers.get supplier_id=1
        fissile call suppliers.get --json '{"supplier_id": 1}'
    """
    import asyncio

    from . import logs
    from .application import load, project_of, users_code

    logs.configure("warning")
    logging.getLogger("fissile.calls").setLevel(logging.CRITICAL)  # how the call ended is said here, once
    app = load(application, _view(project_of(application), method))
    named = _method(app, method)
    given = _given(named, arguments or [], as_json)
    with users_code():
        raise typer.Exit(asyncio.run(_call(app, named, given)))


def _view(project: Project, method: str) -> View | None:
    """Return a view in which the called component lives with all that it needs and nothing else.

    None if the environment places this process among several, or if there is no such component.
    """
    from ..project import needed_by, view_from

    view = view_from(os.environ, project)
    component = method.partition(".")[0]
    if view.live is not None or component not in {found.name for found in project.components}:
        return None
    return replace(view, live=needed_by(project.graph(), component))


def _method(app: App, name: str) -> Method:
    from ..errors import ConfigurationError
    from ..runtime.by_name import method_named

    runtime = app.runtime
    try:
        return method_named(runtime, name)
    except ConfigurationError as error:
        show_configuration(error)
        raise typer.Exit(WRONG_USAGE) from None


def _given(method: Method, words: list[str], as_json: str | None) -> dict[str, object]:
    """The arguments by name.

    Raises:
        typer.BadParameter: One is no ``name=value``, or the method has no such parameter.
    """
    from ..project import nearest

    given = _object(as_json) if as_json is not None else {}
    properties = _properties(method)
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise typer.BadParameter(f"{word!r} is no name=value; {_signature(method)}")
        given[name] = _value(value, properties.get(name, {}), method)
    for name in given:
        if name not in properties:
            close = nearest(name, properties)
            advice = f"did you mean {close}?" if close else _signature(method)
            raise typer.BadParameter(f"{method.name} has no parameter {name!r}; {advice}")
    return given


def _parsed(text: str) -> object:
    """Parse JSON.

    Raises:
        ValueError: The text is not JSON, or it is nested too deeply for Python.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _object(text: str) -> dict[str, object]:
    try:
        found = _parsed(text)
    except ValueError as error:
        raise typer.BadParameter(f"it is no JSON: {error}", param_hint="--json") from None
    if not isinstance(found, dict):
        raise typer.BadParameter("it is no JSON object", param_hint="--json")
    return found


def _value(text: str, schema: object, method: Method) -> object:
    """A value as JSON where the parameter takes JSON of that kind, else as text: ``note=7`` is text for a `str`."""
    try:
        found = _parsed(text)
    except ValueError:
        return text
    kinds = _kinds(schema, method)
    return text if "string" in kinds and not kinds & _KIND_OF.get(type(found), set()) else found


_KIND_OF = {
    str: {"string"},
    bool: {"boolean"},
    int: {"integer", "number"},
    float: {"number"},
    type(None): {"null"},
    list: {"array"},
    dict: {"object"},
}


def _kinds(schema: object, method: Method) -> set[str]:
    """The kinds of JSON that a schema takes; none where it does not say."""
    if not isinstance(schema, dict):
        return set()
    if reference := schema.get("$ref"):
        definitions = method.arguments.schema().get("$defs")
        name = str(reference).rpartition("/")[2]
        return _kinds(definitions.get(name), method) if isinstance(definitions, dict) else set()
    options = schema.get("anyOf") or schema.get("oneOf")
    if isinstance(options, list):
        return set().union(*(_kinds(option, method) for option in options))
    return {schema["type"]} if isinstance(schema.get("type"), str) else set()


def _properties(method: Method) -> dict[str, object]:
    properties = method.arguments.schema().get("properties", {})
    assert isinstance(properties, dict)
    return properties


def _signature(method: Method) -> str:
    names = ", ".join(_properties(method))
    return f"its parameters are {names}" if names else "it has no parameters"


async def _call(app: App, method: Method, given: dict[str, object]) -> int:
    """Makes the call; returns the exit code."""
    from ..errors import CallError, CallFailed, Fault
    from ..values import ComponentError

    try:
        arguments = method.arguments.load(json.dumps(given).encode())
    except ValueError as error:
        show_fault(Fault(f"{method.name} does not take that: {error}", "", _signature(method)))
        return WRONG_USAGE
    try:
        async with app.caller() as caller:
            result = await getattr(caller(method.interface), method.name)(**arguments)
    except ComponentError as error:
        say(_line({"error": type(error).__name__, **_fields(method, error)}))
        return BROKEN
    except CallFailed as error:
        show_exception(error.__cause__ or error)
        return BROKEN
    except CallError as error:
        say(_line({"error": type(error).__name__, "message": str(error), "may_have_run": error.may_have_run}))
        return OUTSIDE_DOWN
    print(_line(json.loads(method.result.dump(result))))
    return 0


def _fields(method: Method, error: ComponentError) -> dict[str, object]:
    _, codec = method.errors[type(error).__name__]
    fields: dict[str, object] = json.loads(codec.dump(error.fields()))
    return fields


def _line(data: object) -> str:
    return json.dumps(data, ensure_ascii=False)
