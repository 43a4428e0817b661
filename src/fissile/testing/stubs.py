"""Fixtures by annotation: ``async def test(orders: Provided[Orders])`` gets the stub of `Orders`, whatever its name."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated, get_args, get_origin

import pytest
from _pytest.nodes import Node  # pytest.Collector and pytest.Item are its public children
from typing_extensions import Format, get_annotations

if TYPE_CHECKING:
    from .application import Placed

_SCANNED = pytest.StashKey[set[object]]()


def register(collector: pytest.Module | pytest.Class, test: object) -> None:
    """Registers a fixture for every annotated parameter of a test, and of the fixtures that are known by now.

    A fixture of the user's own that has the parameter's name goes first.

    Args:
        collector: The module or class that is being collected.
        test: The test function, if it is one.

    Raises:
        pytest.UsageError: One name is asked for as two interfaces in one place.
    """
    if "fissile.runtime.provided" not in sys.modules:
        return  # nobody has imported `Provided`
    scanned = collector.stash.setdefault(_SCANNED, set())
    if not scanned:
        scanned.add(collector)
        session = collector.session.stash.setdefault(_SCANNED, set())
        for definition in list(collector.session._fixturemanager._get_all_fixture_defs()):
            if definition not in session:
                session.add(definition)
                _register(definition.node or collector.session, definition.func)
    if test is not None:
        _register(collector, test)


def _register(node: Node, function: object) -> None:
    for name, interface in _provided(function):
        known = node.session._fixturemanager.getfixturedefs(name, node)
        if not known:
            pytest.register_fixture(name=name, func=_fixture(interface), node=node)
            continue
        other = getattr(known[-1].func, "interface", interface)
        if other is not interface:
            names = f"Provided[{other.__name__}] and as Provided[{interface.__name__}]"
            raise pytest.UsageError(f"{node.nodeid}: `{name}` is asked for as {names}; give one of them another name")


def _fixture(interface: type[object]) -> Callable[..., object]:
    def provided(fissile_application: Placed) -> object:
        return fissile_application.stub(interface)

    provided.interface = interface  # type: ignore[attr-defined]  # functions take attributes
    return provided


def _provided(function: object) -> Iterator[tuple[str, type[object]]]:
    """The parameters of a function that are annotated ``Provided[...]``, with their interfaces."""
    from ..runtime.provided import Resolver

    function = inspect.unwrap(function) if callable(function) else function
    if not inspect.isroutine(function):
        return
    for name, annotation in get_annotations(function, format=Format.FORWARDREF).items():
        for extra in _extras(annotation, getattr(function, "__globals__", {})):
            resolver = getattr(extra, "dependency", None)
            if isinstance(resolver, Resolver) and name != "return":
                yield name, resolver.interface


def _extras(annotation: object, variables: dict[str, object]) -> tuple[object, ...]:
    """What stands beside the type in an ``Annotated[...]``, which may be written as a string."""
    if isinstance(annotation, str):
        if "Provided" not in annotation:
            return ()
        try:
            annotation = eval(annotation, variables)  # the user's own annotation, as typing.get_type_hints does
        except Exception:  # noqa: BLE001  # it names what only type checkers see: no fixture of ours
            return ()
    return get_args(annotation)[1:] if get_origin(annotation) is Annotated else ()
