"""Repeating what may be repeated.

Only methods marked `@idempotent` or `@readonly` are tried again, inside the deadline of the call, within a budget that
keeps retries from multiplying an outage (Google SRE book, chapter 21, "Handling Overload").
"""

from __future__ import annotations

import asyncio
import random
from collections import deque

from ..errors import Overloaded, Unavailable
from .base import Call, Transport

WINDOW = 10.0
"""Seconds over which calls and retries are counted."""

FLOOR = 10
"""Retries in a window that are always allowed."""

SHARE = 0.2
"""Retries in a window per call, above the floor."""

FIRST_PAUSE = 0.02
"""Seconds before the first retry, doubled for each further one and drawn at random below that (full jitter)."""


class Budget:
    """How many retries a consumer may still make."""

    __slots__ = ("_calls", "_retries", "_slice")

    def __init__(self) -> None:
        self._slice: deque[tuple[float, int]] = deque()
        self._calls = 0
        self._retries: deque[float] = deque()

    def count(self, now: float) -> None:
        """Counts one call."""
        if self._slice and now - self._slice[-1][0] < WINDOW / 10:
            self._slice[-1] = (self._slice[-1][0], self._slice[-1][1] + 1)
        else:
            self._slice.append((now, 1))
            while now - self._slice[0][0] > WINDOW:
                self._calls -= self._slice.popleft()[1]
        self._calls += 1

    def take(self, now: float) -> bool:
        """Takes one retry out of the budget, if there is one left."""
        while self._retries and now - self._retries[0] > WINDOW:
            self._retries.popleft()
        if len(self._retries) >= max(FLOOR, SHARE * self._calls):
            return False
        self._retries.append(now)
        return True


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
        loop = asyncio.get_running_loop()
        self._budget.count(loop.time())
        attempt = 0
        while True:
            try:
                return await self._transport.call(call)
            except (Unavailable, Overloaded):
                if not call.method.idempotent:
                    raise
                pause = random.uniform(0, FIRST_PAUSE * 2**attempt)
                now = loop.time()
                if now + pause >= call.deadline or not self._budget.take(now):
                    raise
            attempt += 1
            await asyncio.sleep(pause)
