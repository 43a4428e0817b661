"""Repeating what may be repeated.

Only methods marked `@idempotent` or `@readonly` are tried again, inside the deadline of the call, within a budget that
keeps retries from multiplying an outage (Google SRE book, chapter 21, "Handling Overload").
"""

from __future__ import annotations

import asyncio
import random

from ..errors import Overloaded, Unavailable
from .base import Call, Transport

WINDOW = 10.0
"""Seconds over which calls and retries are counted."""

FLOOR = 10
"""Retries in a window that are always allowed."""

SHARE = 0.2
"""Retries in a window per call, above the floor."""

FIRST_PAUSE, LONGEST_PAUSE = 0.02, 1.0
"""Seconds before a retry: the first, doubled for each further one up to the longest, drawn at random below that."""


class Budget:
    """How many retries a consumer may still make, counted over two halves of a window.

    The clock is read only for retries: after a time without any, the calls before the first one count for nothing.
    """

    __slots__ = ("_before", "_calls", "_retries", "_until")

    def __init__(self) -> None:
        self._until = 0.0
        self._calls = 0
        self._retries = 0
        self._before = (0, 0)

    def count(self) -> None:
        """Counts one call."""
        self._calls += 1

    def take(self, now: float) -> bool:
        """Takes one retry out of the budget, if there is one left."""
        if now >= self._until:
            self._turn(now)
        calls, retries = self._before
        if self._retries + retries >= max(FLOOR, SHARE * (self._calls + calls)):
            return False
        self._retries += 1
        return True

    def _turn(self, now: float) -> None:
        is_next = now < self._until + WINDOW / 2
        self._before = (self._calls, self._retries) if is_next else (0, 0)
        self._calls = self._retries = 0
        self._until = now + WINDOW / 2


class RetryingTransport:
    """Tries idempotent calls again when their provider was unavailable or overloaded.

    Args:
        transport: Carries each attempt.
    """

    __slots__ = ("_budget", "_transport")

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._budget = Budget()

    async def call(self, call: Call) -> object:
        """Carries one call; see `Transport.call`."""
        self._budget.count()
        if not call.method.idempotent:
            return await self._transport.call(call)
        loop, attempt = asyncio.get_running_loop(), 0
        while True:
            try:
                return await self._transport.call(call)
            except (Unavailable, Overloaded):
                pause = random.uniform(0, min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt))
                now = loop.time()
                if now + pause >= call.deadline or not self._budget.take(now):
                    raise
            attempt += 1
            await asyncio.sleep(pause)
