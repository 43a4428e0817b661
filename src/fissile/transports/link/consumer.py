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

AVOIDED = 1 << 32
"""What a connection counts for that gets calls only where every other one is as bad: more than any number of them."""

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
        relieved: Called each time when it can be written to again.
    """

    def __init__(self, greeting: Greeting, limit: int = MESSAGE_LIMIT) -> None:
        super().__init__(limit)
        self.greeting = greeting
        self.ready: asyncio.Future[None] = self.loop.create_future()
        self.leaving = False
        self.retired: Callable[[], None] = lambda: None
        self.relieved: Callable[[], None] = lambda: None
        self.indices: dict[Method, int] = {}
        self.incompatible: dict[Method, str] = {}
        self._waiting: dict[int, asyncio.Future[tuple[int, bytes]]] = {}
        self._number = 0
        self._is_silent = False

    @property
    def load(self) -> int:
        """How much it has to do, for comparison with others.

        That is its calls in flight. Who has said nothing since a call ran out of time is avoided, but for one call at a
        time that finds out: a process that is stopped would seem to have time for every call.
        """
        in_flight = len(self._waiting)
        if self._is_silent:
            return in_flight + AVOIDED if in_flight else 1
        return in_flight

    def greet(self) -> None:
        """Says what it will ask; `ready` is done once the provider has answered."""
        described = {name: contract.describe() for name, contract in self.greeting.items()}
        self.send(HELLO, 0, json.dumps({"interfaces": described, "limit": self.limit}).encode())

    def received(self, kind: int, number: int, body: bytes) -> None:
        """Takes one whole message; see `Connection.received`."""
        self._is_silent = False
        if kind in (RESULT, RAISED, FAILED):
            future = self._waiting.pop(number, None)
            if future is not None and not future.done():
                future.set_result((kind, body))
            if self.leaving:
                self.leave()
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
        """Takes no further calls, and closes when the last one has ended: whoever ends one comes here again."""
        if not self.leaving:
            self.leaving = True
            self.retired()
        if not self._waiting:
            self.close()

    def connection_lost(self, error: Exception | None) -> None:
        """Called by the loop once: whoever waits learns that the answer will not come."""
        unsent = {number for _, number, _ in self._long}
        super().connection_lost(error)
        if not self.ready.done():
            self.ready.set_exception(ConnectionResetError("the link ended before the greeting was answered"))
            self.ready.exception()  # whoever dials may have given up
        for number, future in self._waiting.items():
            if not future.done():
                what = "the call was sent" if number in unsent else "the answer"
                future.set_exception(Unavailable(f"the link ended before {what}", may_have_run=number not in unsent))
        self._waiting.clear()
        self.leave()

    def resume_writing(self) -> None:
        """The provider reads again: whoever waits for that may call."""
        super().resume_writing()
        self.relieved()

    async def ask(self, body: bytes, deadline: float) -> tuple[int, bytes]:
        """Sends one call and waits for its answer, which comes too late after the deadline."""
        self._number = number = (self._number + 1) & 0xFFFFFFFF
        future: asyncio.Future[tuple[int, bytes]] = self.loop.create_future()
        self._waiting[number] = future
        self.send(CALL, number, body, alone=len(self._waiting) == 1)
        try:
            return await future
        except asyncio.CancelledError:
            if self._waiting.pop(number, None) is not None:
                if self.loop.time() >= deadline:
                    self._is_silent = True
                self.withdraw(number)
                self.send(CANCEL, number)
                if self.leaving:
                    self.leave()
            raise
