"""One endpoint of a peer, to which one connection is kept."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

from ..pauses import pause_after
from .connection import logger
from .consumer import ConsumerConnection, Greeting
from .dialling import Dial
from .frames import BrokenFrame
from .upgrade import Refused

PATIENCE = 10.0
"""Seconds after which a peer that accepts and is silent is dialled again, and one that is away is told in the log."""

AGE = 600.0
AGE_SPREAD = 0.1
"""Seconds after which a connection is replaced, and the share by which each one's own age differs at random: so that
connections spread again over what is behind an address, and not all at the same moment."""

FIRST_PAUSE, LONGEST_PAUSE = 0.01, 1.0
"""Seconds between attempts to connect, doubled from the first to the longest, each drawn at random below that."""

LASTING = 1.0
"""Seconds after which a connection has proved itself: when one is lost earlier, the next attempt waits as well."""


class Endpoint:
    """Keeps one connection: made when first wanted, again when it is lost, and anew before it leaves.

    Args:
        dial: Makes a connection.
        greeting: Gives the interfaces that will be asked, by wire name; there may be more the next time.
        changed: Called when the connection is another, or can be written to again, or why there is none.
        peer: What the peer is called in the log.

    Attributes:
        connection: The one that takes calls, if there is one.
        answered: Whether the peer has ever answered here.
        refusal: Why the peer refused, if it did.
        away_since: Since when nobody answers here, in seconds of the loop's clock.
    """

    def __init__(self, dial: Dial, greeting: Callable[[], Greeting], changed: Callable[[], None], peer: str) -> None:
        self.connection: ConsumerConnection | None = None
        self.answered = False
        self.refusal = ""
        self.away_since: float | None = None
        self._dial = dial
        self._greeting = greeting
        self._changed = changed
        self._peer = peer
        self._connecting: asyncio.Task[None] | None = None
        self._ageing: asyncio.TimerHandle | None = None
        self._open: set[ConsumerConnection] = set()
        self._closing = False
        self._told = False
        self._failures = 0
        self._since = 0.0

    @property
    def is_settled(self) -> bool:
        """Whether it is known how the peer is here."""
        return self.connection is not None or self.away_since is not None or bool(self.refusal)

    def connect(self) -> None:
        """Connects in the background, unless there is a connection that was greeted with everything."""
        self._closing = False
        if self.connection is None or self.connection.greeting is not self._greeting():
            self._begin()

    def forget(self) -> None:
        """Starts afresh on another loop, where nothing of before is of use."""
        self.connection = self._connecting = self._ageing = self.away_since = None
        self._open.clear()

    def _begin(self, pause: float = 0.0) -> None:
        if self._connecting is None or self._connecting.done():
            self._connecting = asyncio.get_running_loop().create_task(self._connect_until_there(pause))

    async def _connect_until_there(self, pause: float) -> None:
        while True:
            await asyncio.sleep(pause)
            connection = await self._attempt()
            if connection is not None and self._take(connection):
                return
            pause = self._pause()

    def _pause(self) -> float:
        self._failures += 1
        return pause_after(self._failures - 1, FIRST_PAUSE, LONGEST_PAUSE)

    async def _attempt(self) -> ConsumerConnection | None:
        try:
            async with asyncio.timeout(PATIENCE):
                connection = await self._dial(self._greeting())
            if connection.leaving:
                raise ConnectionResetError("it takes no further calls")
        except Refused as error:
            self._refused(str(error))
        except (OSError, BrokenFrame) as error:
            self._missed(error)
        else:
            return connection
        return None

    def _take(self, connection: ConsumerConnection) -> bool:
        """Lets a new connection take the calls, and the one before leave; says whether it may stay."""
        before, self.connection = self.connection, connection
        connection.retired = lambda: self._lost(connection)
        connection.relieved = self._changed
        self._open.add(connection)
        connection.closed.add_done_callback(lambda _: self._open.discard(connection))
        self.answered, self.refusal, self.away_since, self._told = True, "", None, False
        self._since = connection.loop.time()
        self._age()
        self._changed()
        if before is not None:
            before.leave()
        return connection.greeting is self._greeting()

    def _age(self) -> None:
        if self._ageing is not None:
            self._ageing.cancel()
        age = AGE * random.uniform(1 - AGE_SPREAD, 1 + AGE_SPREAD)
        self._ageing = asyncio.get_running_loop().call_later(age, self._begin)

    def _lost(self, connection: ConsumerConnection) -> None:
        if connection is not self.connection:
            return
        self.connection = None
        if self._ageing is not None:
            self._ageing.cancel()
        self._changed()
        has_lasted = connection.loop.time() - self._since >= LASTING
        if has_lasted:
            self._failures = 0
        if not self._closing:
            self._begin(0.0 if has_lasted else self._pause())

    def _refused(self, why: str) -> None:
        if why != self.refusal:
            logger.warning("%s refused the link: %s", self._peer, why)
        self.answered, self.refusal, self.away_since = True, why, None
        self._changed()

    def _missed(self, error: Exception) -> None:
        """Nobody is there; whoever refused is gone, and calls wait for who comes next."""
        logger.debug("%s is away: %s", self._peer, error)
        now = asyncio.get_running_loop().time()
        if self.connection is None and self.away_since is None:
            self.away_since = now
        if self.refusal:
            self.refusal = ""
            self._changed()
        if self.away_since is not None and now - self.away_since > PATIENCE and not self._told:
            self._told = True
            logger.warning("a connection to %s is missing for %.0f s: %s", self._peer, now - self.away_since, error)

    async def close(self, seconds: float) -> None:
        """Ends its connections once their calls have ended, and makes no further one until it is asked to.

        Args:
            seconds: How long to wait for the calls, and for a peer to read what was sent.
        """
        self._closing = True
        if self._ageing is not None:
            self._ageing.cancel()
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.wait([self._connecting])
        ending = list(self._open)
        for connection in ending:
            connection.leave()
        if ending:
            await asyncio.wait([connection.closed for connection in ending], timeout=seconds)
        for connection in ending:
            connection.abort()
