"""Faults to inject into calls, each for the next call of a method."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from ..errors import Unavailable
from ..interface import Interface, Method
from ..transports.base import Call, Provider, Transport
from ..transports.link import LinkServer


@dataclass(frozen=True, slots=True)
class _Planned:
    kind: str
    seconds: float = 0.0


class Faults:
    """Strikes the next calls of a method, wherever they come from; each attempt of a repeated call counts.

    A method is named by its interface: ``faults.drop_before(Suppliers.get)``.
    """

    def __init__(self) -> None:
        self._planned: dict[object, deque[_Planned]] = {}
        self._names: dict[object, str] = {}
        self._doomed: set[Method] = set()

    def delay(self, method: Callable[..., object], seconds: float, *, times: int = 1) -> None:
        """Holds a call back for some seconds; its deadline goes on."""
        self._plan(method, _Planned("delay", seconds), times)

    def drop_before(self, method: Callable[..., object], *, times: int = 1) -> None:
        """Loses a call on its way: the caller gets `Unavailable`, and the method has not run."""
        self._plan(method, _Planned("drop_before"), times)

    def drop_after(self, method: Callable[..., object], *, times: int = 1) -> None:
        """Loses an answer on its way: the caller gets `Unavailable`, and the method has run."""
        self._plan(method, _Planned("drop_after"), times)

    def kill(self, method: Callable[..., object], *, times: int = 1) -> None:
        """Loses the provider in the middle of the method: the caller gets `Unavailable`, nothing is committed.

        The method is stopped where it first waits; one that never waits runs to its end.
        """
        self._plan(method, _Planned("kill"), times)

    def clear(self) -> list[str]:
        """Forgets what is planned.

        Returns:
            What never struck, as ``drop_before(Suppliers.get)``.
        """
        unmet = [f"{plan.kind}({self._names[key]})" for key, plans in self._planned.items() for plan in plans]
        self._planned.clear()
        self._doomed.clear()
        return unmet

    def take(self, method: Method) -> _Planned | None:
        """What strikes this call, if anything does."""
        plans = self._planned.get(method.function)
        return plans.popleft() if plans else None

    def doom(self, method: Method) -> None:
        """Lets `mortal` end the connection of the next call that it runs."""
        self._doomed.add(method)

    def is_doomed(self, method: Method) -> bool:
        """Whether this run of a method is to be killed; true once."""
        if method not in self._doomed:
            return False
        self._doomed.remove(method)
        return True

    def _plan(self, method: Callable[..., object], plan: _Planned, times: int) -> None:
        function = inspect.unwrap(getattr(method, "__func__", method))
        name = getattr(function, "__qualname__", repr(method))
        owner = function.__globals__.get(name.partition(".")[0]) if inspect.isfunction(function) else None
        if not (isinstance(owner, type) and Interface in owner.__mro__):
            raise TypeError(f"{name} is not a method of an interface; write faults.{plan.kind}(Suppliers.get)")
        if times < 1:
            raise ValueError(f"a fault strikes at least once, not {times} times")
        self._names[function] = name
        self._planned.setdefault(function, deque()).extend([plan] * times)


class FaultyTransport:
    """Carries calls, and lets planned faults strike.

    Args:
        transport: Carries the calls.
        faults: What is planned.
        linked: Whether a link is between consumer and provider.
    """

    def __init__(self, transport: Transport, faults: Faults, *, linked: bool) -> None:
        self._transport = transport
        self._faults = faults
        self._linked = linked

    async def call(self, call: Call) -> object:
        """Carries one call; see `Transport.call`."""
        planned = self._faults.take(call.method)
        if planned is None:
            return await self._transport.call(call)
        if planned.kind == "delay":
            await asyncio.sleep(planned.seconds)
            return await self._transport.call(call)
        if planned.kind == "drop_before":
            raise Unavailable(f"{call.method} was dropped before it ran", may_have_run=False)
        if planned.kind == "drop_after":
            with contextlib.suppress(Exception):
                await self._transport.call(call)
            raise Unavailable(f"the answer of {call.method} was dropped", may_have_run=True)
        if self._linked:
            self._faults.doom(call.method)
            return await self._transport.call(call)
        return await _killed(self._transport.call, call, lose=lambda: None)


async def _killed(run: Provider, call: Call, lose: Callable[[], None]) -> NoReturn:
    """Lets a call begin, loses what carries it, and stops it where it first waits."""
    task = asyncio.ensure_future(run(call))
    try:
        await asyncio.sleep(0)
        lose()
    finally:
        task.cancel()
    await asyncio.wait([task])
    if not task.cancelled():
        task.exception()  # it ended by itself: nobody learns how
    raise Unavailable(f"{call.method} was killed while it ran", may_have_run=True)


def mortal(provider: Provider, server: LinkServer, faults: Faults) -> Provider:
    """A provider behind a link that loses its connections in the middle of a doomed call."""

    def lose() -> None:
        for connection in list(server.connections):
            connection.abort()

    async def run(call: Call) -> object:
        return await (_killed(provider, call, lose) if faults.is_doomed(call.method) else provider(call))

    return run
