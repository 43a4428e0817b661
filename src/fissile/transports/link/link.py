"""The way to one peer process, over several connections."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

from ...errors import Incompatible, Unavailable
from ...interface import Method
from ..base import MARGIN
from .consumer import ConsumerConnection, Greeting
from .dialling import Dial
from .endpoint import Endpoint

PATIENCE = 10.0
"""Seconds of absence of a peer after which new calls fail at once; earlier ones wait to their deadline."""


class Link:
    """The way to one peer process: connections to each of its workers, of which the least loaded takes the next call.

    Args:
        peer: What the peer is called in errors.
        dials: Make the connections, one each.
        greeting: The interfaces that will be asked, by wire name.

    Attributes:
        greeting: It may be replaced by a larger one; connections that were greeted with less are replaced then.
        connections: Those that take calls.
    """

    def __init__(self, peer: str, dials: Sequence[Dial], greeting: Greeting) -> None:
        self.peer = peer
        self.greeting = greeting
        self._endpoints = [Endpoint(dial, lambda: self.greeting, self._changed, peer) for dial in dials]
        self.connections: list[ConsumerConnection] = []
        self._turn = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._change = asyncio.Event()

    @property
    def answered(self) -> bool:
        """Whether the peer has ever answered: until then this process is not ready."""
        return any(endpoint.answered for endpoint in self._endpoints)

    def current(self) -> ConsumerConnection | None:
        """The connection that takes the next call, if there is one, unless it is blocked."""
        connections = self.connections
        if not connections:
            return None
        connection = connections[0] if len(connections) == 1 else self._least_loaded(connections)
        return connection if connection.loop is asyncio.get_running_loop() else None

    async def connection(self, method: Method, deadline: float) -> ConsumerConnection:
        """A connection on which a call of a method can be written now, waiting for one if need be.

        Raises:
            Unavailable: The peer is away, or reads nothing; nothing was sent.
            Incompatible: No connection to the peer can carry the method.
        """
        loop = self._here()
        began = loop.time()
        self.connect()
        while not (able := self._able(method)):
            self._raise_if_incompatible(method)
            left = deadline - MARGIN - loop.time()
            if left <= 0 or self._has_gone(began):
                how = "takes no calls" if self.connections else "is away"
                raise Unavailable(f"{self.peer} {how}", may_have_run=False)
            # Not asyncio.wait_for, which before Python 3.12 loses a cancellation that comes with the arrival.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._change.wait()
        return self._least_loaded(able)

    def _able(self, method: Method) -> list[ConsumerConnection]:
        """The connections on which a call of a method can be written now."""
        return [found for found in self.connections if method in found.indices and found.can_write]

    def connect(self) -> None:
        """Connects in the background, wherever there is no connection that was greeted with everything."""
        self._here()
        for endpoint in self._endpoints:
            endpoint.connect()

    def state(self) -> tuple[str, dict[str, str]]:
        """How it is: one word, and why each method fails that no connection to the peer can carry."""
        if self.current() is not None:
            able = {method for connection in self.connections for method in connection.indices}
            found = [pair for connection in self.connections for pair in connection.incompatible.items()]
            return "connected", {str(method): why for method, why in found if method not in able}
        refusal = self._refusal()
        return ("refused", {"*": refusal}) if refusal else ("away", {})

    def _least_loaded(self, connections: Sequence[ConsumerConnection]) -> ConsumerConnection:
        """The one with the fewest calls in flight; of several, another one each time."""
        self._turn += 1
        found = connections[self._turn % len(connections)]
        load = found.load
        for connection in connections:
            if connection.load < load:
                found, load = connection, connection.load
        return found

    def _raise_if_incompatible(self, method: Method) -> None:
        connections = self.connections
        is_settled = all(endpoint.is_settled for endpoint in self._endpoints)  # else somebody able may come at once
        if is_settled and connections and all(method in connection.incompatible for connection in connections):
            why = connections[-1].incompatible[method]
            raise Incompatible(f"{self.peer} cannot answer {method}: {why}", may_have_run=False)
        if not connections and (refusal := self._refusal()):
            raise Incompatible(f"{self.peer} refused the link: {refusal}", may_have_run=False)

    def _refusal(self) -> str:
        """Why the peer refused, if every endpoint of it did: where one is away, who comes back may not."""
        refusals = [endpoint.refusal for endpoint in self._endpoints]
        return refusals[0] if all(refusals) else ""

    def _has_gone(self, now: float) -> bool:
        """Whether nobody has been there for long."""
        since = [now if endpoint.away_since is None else endpoint.away_since for endpoint in self._endpoints]
        return not self.connections and now - max(since) > PATIENCE

    def _changed(self) -> None:
        """Called by the endpoints: whoever waits looks again."""
        self.connections = [endpoint.connection for endpoint in self._endpoints if endpoint.connection is not None]
        self._change.set()
        self._change = asyncio.Event()

    def _here(self) -> asyncio.AbstractEventLoop:
        """The running loop; on another one than before it starts afresh: tests have one each."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop = loop
            for endpoint in self._endpoints:
                endpoint.forget()
            self.connections = []
            self._change = asyncio.Event()
        return loop

    async def close(self, seconds: float = PATIENCE) -> None:
        """Ends every connection once its calls have ended, or after so many seconds."""
        if self._loop is asyncio.get_running_loop():
            await asyncio.gather(*[endpoint.close(seconds) for endpoint in self._endpoints])
