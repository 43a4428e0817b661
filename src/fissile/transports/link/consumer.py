"""The end of a connection that asks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping

from ...errors import Unavailable
from ...interface import Contract, Method
from ..base import MESSAGE_LIMIT
from .connection import Connection
from .frames import CALL, CANCEL, FAILED, GOAWAY, HELLO, RAISED, RESULT, WELCOME, BrokenFrame

INDICES = range(0x10000)
"""The indices that a provider may give to methods: what a CALL has room for."""

BLOCKED = 1 << 32
"""What a connection on which nothing can be written counts for: more than any number of calls."""

Greeting = Mapping[str, Contract]


class ConsumerConnection(Connection):
    """One connection on which calls leave.

    Args:
        greeting: The interfaces that will be asked, by wire name.
        limit: Bytes of the longest message.

    Attributes:
        ready: Done once the provider has answered the greeting.
        leaving: Whether it takes no further calls.
        retired: Called once, when it takes no further calls or is lost.
    """

    def __init__(self, greeting: Greeting, limit: int = MESSAGE_LIMIT) -> None:
        super().__init__(limit)
        self.greeting = greeting
        self.ready: asyncio.Future[None] = self.loop.create_future()
        self.leaving = False
        self.retired: Callable[[], None] = lambda: None
        self.indices: dict[Method, int] = {}
        self.incompatible: dict[Method, str] = {}
        self._waiting: dict[int, asyncio.Future[tuple[int, bytes]]] = {}
        self._number = 0

    @property
    def takes_calls(self) -> bool:
        """Whether a call may be sent on it."""
        return not self.leaving and self.transport is not None

    @property
    def load(self) -> int:
        """How much it has to do, for comparison with others: its calls in flight, and whether it is blocked."""
        in_flight = len(self._waiting)
        return in_flight if self.writable.is_set() else in_flight + BLOCKED

    def greet(self) -> None:
        """Says what it will ask; `ready` is done once the provider has answered."""
        described = {name: contract.describe() for name, contract in self.greeting.items()}
        self.send(HELLO, 0, json.dumps({"interfaces": described, "limit": self.limit}).encode())

    def received(self, kind: int, number: int, body: bytes) -> None:
        """Takes one whole message; see `Connection.received`."""
        if kind in (RESULT, RAISED, FAILED):
            future = self._waiting.pop(number, None)
            if future is not None and not future.done():
                future.set_result((kind, body))
            if self.leaving and not self._waiting:
                self.close()
        elif kind == WELCOME:
            self._welcomed(body)
        elif kind == GOAWAY:
            self.leave()
        else:
            raise BrokenFrame(f"kind {kind} from a provider")

    def _welcomed(self, body: bytes) -> None:
        try:
            said = json.loads(body)
            for name, contract in self.greeting.items():
                for method in contract.methods.values():
                    key = f"{name}.{method.name}"
                    if key in said["methods"]:
                        if (index := said["methods"][key]) not in INDICES:
                            raise ValueError(f"{index!r} is no index")
                        self.indices[method] = index
                    else:
                        self.incompatible[method] = said["incompatible"][key]
            self.limit = min(self.limit, said["limit"])
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise BrokenFrame("a welcome that cannot be read") from error
        if not self.ready.done():
            self.ready.set_result(None)

    def leave(self) -> None:
        """Takes no further calls, and closes when the last one has ended."""
        if not self.leaving:
            self.leaving = True
            self.retired()
        if not self._waiting:
            self.close()

    def connection_lost(self, error: Exception | None) -> None:
        """Called by the loop once: whoever waits learns that the answer will not come."""
        super().connection_lost(error)
        if not self.ready.done():
            self.ready.set_exception(ConnectionResetError("the link ended before the greeting was answered"))
            self.ready.exception()  # whoever dials may have given up
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(Unavailable("the link ended before the answer", may_have_run=True))
        self._waiting.clear()
        if not self.leaving:
            self.leaving = True
            self.retired()

    async def ask(self, body: bytes) -> tuple[int, bytes]:
        """Sends one call and waits for its answer."""
        if self.transport is None:
            raise Unavailable("the link ended before the call was sent", may_have_run=False)
        self._number = number = (self._number + 1) & 0xFFFFFFFF
        future: asyncio.Future[tuple[int, bytes]] = self.loop.create_future()
        self._waiting[number] = future
        self.send(CALL, number, body, alone=len(self._waiting) == 1)
        try:
            return await future
        except asyncio.CancelledError:
            if self._waiting.pop(number, None) is not None:
                self.withdraw(number)
                self.send(CANCEL, number)
                if self.leaving and not self._waiting:
                    self.close()
            raise
