"""Calls within one process."""

from __future__ import annotations

from collections.abc import Callable, Coroutine

from ..values import ComponentError
from .base import MESSAGE_LIMIT, Call, Transport, too_long
from .isolate import isolated
from .link.messages import CONTEXT_LIMIT, pack_context, pack_raised


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
        method, limit = call.method, self._limit
        _measure("the context of a call", pack_context(call.context), CONTEXT_LIMIT, may_have_run=False)
        _measure(f"the arguments of {method}", method.arguments.dump(call.arguments), limit, may_have_run=False)
        try:
            result = await self._transport.call(call)
        except ComponentError as error:
            _measure(f"the error of {method}", pack_raised(method, error), limit, may_have_run=True)
            raise
        _measure(f"the result of {method}", method.result.dump(result), limit, may_have_run=True)
        return result


def _measure(what: str, message: bytes, limit: int, *, may_have_run: bool) -> None:
    if len(message) > limit:
        raise too_long(what, len(message), limit, may_have_run=may_have_run)
