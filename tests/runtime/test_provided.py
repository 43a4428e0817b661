"""The stub that `Provided` gives, apart from what carries its calls."""

from __future__ import annotations

from typing import Protocol, cast

from fissile import Interface
from fissile.interface import read
from fissile.runtime.provided import stub_of
from fissile.transports.base import Call, Transport
from fissile.transports.local import LocalTransport


class Odd(Interface, Protocol):
    """Parameters with the names that a stub might use itself."""

    async def names(self, _: int, values: int, arguments: int) -> tuple[int, int, int]:
        """What arrived."""
        ...


class Straight:
    """The channel to a provider in this process."""

    deadline = 5.0

    def transport(self) -> Transport:
        """Hands over what arrived."""
        return LocalTransport(self._run)

    async def _run(self, call: Call) -> object:
        return tuple(call.arguments[name] for name in ("_", "values", "arguments"))


async def test_a_parameter_may_have_any_name() -> None:
    """Also one that the stub has itself."""
    contract, faults = read(Odd)
    assert () == faults
    odd = cast("Odd", stub_of(contract, Straight()))
    assert (1, 2, 3) == await odd.names(_=1, values=2, arguments=3)
    assert (1, 2, 3) == await odd.names(1, values=2, arguments=3)
