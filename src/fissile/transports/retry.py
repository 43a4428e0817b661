"""Repeating what may be repeated.

Only methods marked `@idempotent` or `@readonly` are tried again, inside the deadline of the call, within a budget that
keeps retries from multiplying an outage (Google SRE book, chapter 21, "Handling Overload").
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from ..errors import Overloaded, Unavailable
from .base import MARGIN, Call, Transport
from .pauses import pause_after

WINDOW = 10.0
"""Seconds over which calls and retries are counted."""

FLOOR = 10
"""Retries in a window that are always allowed."""

SHARE = 0.2
"""Retries in a window per call, above the floor."""

GLANCE = 64
"""Calls between two looks at the clock, which costs more than counting; fewer calls are no share above the floor."""

FIRST_PAUSE, LONGEST_PAUSE = 0.02, 1.0
"""Seconds before a retry: the first, doubled for each further one up to the longest, drawn at random below that."""


class Budget:
    """How many retries a consumer may still make, counted over two halves of a window.

    Args:
        clock: Gives seconds.
    """

    __slots__ = ("_before", "_calls", "_clock", "_retries", "_until")

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until = 0.0
        self._calls = 0
        self._retries = 0
        self._before = (0, 0)

    def count(self) -> None:
        """Counts one call."""
        self._calls += 1
        if not self._calls % GLANCE:
            self._look()

    def take(self) -> bool:
        """Takes one retry out of the budget, if there is one left."""
        self._look()
        calls, retries = self._before
        if self._retries + retries >= max(FLOOR, SHARE * (self._calls + calls)):
            return False
        self._retries += 1
        return True

    def _look(self) -> None:
        """Looks at the clock, and begins the next half when it is time."""
        now = self._clock()
        if now < self._until:
            return
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
                pause = pause_after(attempt, FIRST_PAUSE, LONGEST_PAUSE)
                if loop.time() + pause >= call.deadline - MARGIN or not self._budget.take():
                    raise
            attempt += 1
            await asyncio.sleep(pause)
