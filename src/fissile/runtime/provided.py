"""`Provided[T]`: an interface asked for in a signature, and the stub that is given."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Protocol, TypeVar, cast

from fastapi import Depends
from starlette.requests import HTTPConnection

from ..context import AMBIENT, Context
from ..errors import DeadlineExceeded
from ..interface import Contract, Method
from ..transports.base import Call, Transport
from ..transports.carried import checked_carried
from ..transports.deadline import Deadline

T = TypeVar("T")

RUNTIME = "fissile"
"""The key of the ASGI scope under which a request finds what gives it its stubs."""


class Channel(Protocol):
    """The way from a stub to whoever answers, which the placement decides.

    Attributes:
        deadline: Seconds that a call may take.
    """

    deadline: float

    def transport(self) -> Transport:
        """Whoever carries the next call."""
        ...


def stub_of(contract: Contract, channel: Channel) -> object:
    """An instance of the interface whose every method is a call."""
    methods: dict[str, object] = {name: _calling(method, channel) for name, method in contract.methods.items()}
    methods["__init__"] = _nothing
    methods["__repr__"] = lambda _: f"<stub of {contract.interface.__module__}.{contract.interface.__qualname__}>"
    make = cast(
        "Callable[[str, tuple[type[object], ...], dict[str, object]], Callable[[], object]]", type(contract.interface)
    )
    return make(f"{contract.interface.__name__}Stub", (contract.interface,), methods)()


def _nothing(_: object) -> None:
    """A stub has no state."""


def _calling(method: Method, channel: Channel) -> Callable[..., object]:
    names, check = method.parameters, method.arguments.check

    async def calling(_: object, /, *values: object, **arguments: object) -> object:
        if values:
            named = dict(zip(names, values, strict=False))
            if len(named) != len(values) or not named.keys().isdisjoint(arguments):
                raise _misnamed(method, names, values, arguments)
            arguments = named | arguments if arguments else named
        loop = asyncio.get_running_loop()
        here = AMBIENT.get()
        at = loop.time() + channel.deadline
        if here.deadline is not None and here.deadline < at:
            at = here.deadline
        try:
            checked = check(arguments)
        except ValueError as error:
            raise TypeError(f"{method}: {error}") from None
        carried = here.carried and checked_carried(here.carried)
        if at <= loop.time():
            raise DeadlineExceeded(f"{method} was not called: the deadline has passed", may_have_run=False)
        call = Call(method, checked, Context(here.principal, here.traceparent, at, here.idempotency_key, carried))
        with Deadline(at, method, loop):
            return await channel.transport().call(call)

    calling.__name__ = method.name
    calling.__qualname__ = str(method)
    calling.__doc__ = method.function.__doc__
    calling.__wrapped__ = method.function  # type: ignore[attr-defined]  # inspect.signature follows it
    return calling


def _misnamed(
    method: Method, names: tuple[str, ...], values: tuple[object, ...], arguments: dict[str, object]
) -> TypeError:
    if len(values) > len(names):
        return TypeError(f"{method} takes {len(names)} positional arguments but {len(values)} were given")
    twice = next(name for name in names if name in arguments)
    return TypeError(f"{method} got multiple values for argument {twice!r}")


class Stubs(Protocol):
    """Gives the stub of an interface."""

    def stub(self, interface: type[object]) -> object:
        """The stub.

        Raises:
            ConfigurationError: No component provides the interface.
        """
        ...


class Resolver:
    """The dependency behind ``Provided[T]`` where FastAPI resolves it: in ``main.py`` and in nested dependencies.

    A component's own endpoints do not come here: their stubs are bound when the router is included.
    """

    def __init__(self, interface: type[object]) -> None:
        self.interface = interface

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Resolver) and other.interface is self.interface

    def __hash__(self) -> int:
        return hash(self.interface)

    async def __call__(self, connection: HTTPConnection) -> object:
        """The stub for the interface."""
        stubs: Stubs = connection.scope[RUNTIME]
        return stubs.stub(self.interface)


if TYPE_CHECKING:
    Provided = Annotated[T, None]
else:

    class Provided:
        """An interface, by annotation: ``suppliers: Provided[Suppliers]``.

        Each method of what is given is a call, in routes, WebSockets and tests alike, also inside the component that
        provides the interface.
        """

        def __class_getitem__(cls, interface: type[object]) -> object:
            return Annotated[interface, Depends(Resolver(interface))]
