"""Calls within one process."""

from __future__ import annotations

from collections.abc import Callable, Coroutine

from .base import Call
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
