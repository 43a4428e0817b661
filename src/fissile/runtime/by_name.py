"""Calls by name, with JSON in and out: for the command line and for debuggers."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import ConfigurationError, Fault
from ..interface import Method
from ..project import nearest
from .wiring import Runtime


async def call_json(runtime: Runtime, name: str, arguments: bytes) -> bytes:
    """Makes one call.

    Args:
        runtime: The application's components.
        name: ``component.method``, or ``component.Interface.method`` where a component provides several.
        arguments: The arguments by name, as one JSON object.

    Returns:
        The result as JSON.

    Raises:
        ConfigurationError: There is no such method.
        ValueError: The arguments do not fit; it says which.
        ComponentError: What the method declares.
        CallError: The call ended otherwise.
    """
    method = method_named(runtime, name)
    given = method.arguments.load(arguments or b"{}")
    result = await getattr(runtime.stub(method.interface), method.name)(**given)
    return method.result.dump(result)


def method_named(runtime: Runtime, name: str) -> Method:
    """The method of this name.

    Raises:
        ConfigurationError: There is none, or there are several; it says what there is.
    """
    methods = list(_methods(runtime))
    found = [method for names, method in methods if name in names]
    if len(found) == 1:
        return found[0]
    known = sorted({names[0] for names, _ in methods})
    if found:
        full = ", ".join(names[1] for names, _ in methods if name in names)
        raise ConfigurationError(Fault(f"{name!r} names several methods", "", f"they are {full}", "write one of these"))
    close = nearest(name, known)
    fix = f"did you mean {close}?" if close else "run `fissile list`"
    raise ConfigurationError(Fault(f"there is no method {name!r}", "", f"there are {', '.join(known)}", fix))


def _methods(runtime: Runtime) -> Iterator[tuple[tuple[str, str], Method]]:
    for interface, channel in runtime.channels.items():
        for method in channel.contract.methods.values():
            short = f"{channel.provider}.{method.name}"
            yield (short, f"{channel.provider}.{interface.__name__}.{method.name}"), method
