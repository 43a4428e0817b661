"""Calls within one process."""

from __future__ import annotations

from collections.abc import Callable, Coroutine

from ..errors import CallFailed
from .base import MESSAGE_LIMIT, Call, Transport, too_long
from .isolate import isolated


class LocalTransport:
    """Hands a call to the provider in the same process: isolated, not serialised.

    Args:
        provider: Runs the call.
    """

    __slots__ = ("_provider",)

    def __init__(self, provider: Callable[[Call], Coroutine[object, object, object]]) -> None:
        self._provider = provider

    async def call(self, call: Call) -> object:
        """Carries one call; see `Transport.call`."""
        return await isolated(self._provider(call), call.context)


class MeasuringTransport:
    """Refuses in one process what would be too long for a link, so that it is met in development.

    Args:
        transport: Carries the call.
        limit: Bytes of the longest message.
    """

    __slots__ = ("_limit", "_transport")

    def __init__(self, transport: Transport, limit: int = MESSAGE_LIMIT) -> None:
        self._transport = transport
        self._limit = limit

    async def call(self, call: Call) -> object:
        """Carries one call; see `Transport.call`."""
        method = call.method
        if (size := len(method.arguments.dump(call.arguments))) > self._limit:
            raise CallFailed(too_long(f"the arguments of {method}", size, self._limit), may_have_run=False)
        result = await self._transport.call(call)
        if (size := len(method.result.dump(result))) > self._limit:
            raise CallFailed(too_long(f"the result of {method}", size, self._limit), may_have_run=True)
        return result
