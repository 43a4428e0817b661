"""Sending and receiving frames on one connection; what both ends have in common."""

from __future__ import annotations

import asyncio
import logging
from collections import deque

from ..base import MESSAGE_LIMIT
from .frames import BEGUN, CHUNK, MORE, BrokenFrame, Frames, pack

logger = logging.getLogger("fissile.link")

MARGIN = 64 * 1024
"""Bytes that a message may have beyond the limit of its arguments or result: context, names, numbers."""

BATCH = 4
"""Frames that leave together. With more, the other side would wait for all of them, and then this side for it; this
way both work at once (``benchmarks/calls.py``)."""


class Connection(asyncio.Protocol):
    """One end of a link.

    Frames written in one turn of the loop leave a few at a time, since a write costs as much as a call; a frame that is
    alone leaves at once. A long message is sent a chunk at a time, in turn with the other long messages, and only while
    the other side reads.

    Args:
        limit: Bytes of the longest message that is taken.

    Attributes:
        is_blocked: Whether the other side does not read fast enough.
        closed: Done once the connection is lost.
    """

    def __init__(self, limit: int = MESSAGE_LIMIT) -> None:
        self.loop = asyncio.get_running_loop()
        self.limit = limit
        self.transport: asyncio.Transport | None = None
        self.closed = self.loop.create_future()
        self.is_blocked = False
        self._frames = Frames(limit + MARGIN)
        self._out: list[bytes] = []
        self._long: deque[tuple[int, int, memoryview]] = deque()
        self._flushing = False

    @property
    def can_write(self) -> bool:
        """Whether what is sent now leaves soon: the other side reads, and its end has not been seen."""
        return not self.is_blocked and self.transport is not None and not self.transport.is_closing()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop, or by the server after the upgrade."""
        assert isinstance(transport, asyncio.Transport) or hasattr(transport, "write")
        self.transport = transport  # type: ignore[assignment]  # uvloop's transports are no subclass

    def connection_lost(self, error: Exception | None) -> None:
        """Called by the loop once."""
        self.transport = None
        self._out.clear()
        self._long.clear()
        if not self.closed.done():
            self.closed.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Called by the loop with what arrived."""
        try:
            for kind, number, body in self._frames.feed(data):
                self.received(kind, number, body)
        except BrokenFrame as error:
            logger.warning("link ended: what arrived is not in the format (%s)", error)
            self.abort()

    def received(self, kind: int, number: int, body: bytes) -> None:
        """Takes one whole message.

        Raises:
            BrokenFrame: It makes no sense at this end.
        """
        raise NotImplementedError

    def send(self, kind: int, number: int, body: bytes = b"", *, alone: bool = False) -> None:
        """Sends one message; what is sent on a closed connection is lost, as on the wire.

        Args:
            kind: Its kind.
            number: The call it belongs to.
            body: What it says.
            alone: Whether no other message is to be expected in this turn of the loop.
        """
        if len(body) > CHUNK:
            self._long.append((kind, number, memoryview(body)))
        elif alone and not self._out and self.transport is not None:
            self.transport.write(pack(kind, number, body))
            return
        else:
            self._out.append(pack(kind, number, body))
            if len(self._out) >= BATCH and not self._long:
                self._write()
                return
        if not self._flushing:
            self._flushing = True
            self.loop.call_soon(self._flush)

    def withdraw(self, number: int) -> None:
        """Sends no more of a long message; the other side has to be told, since it may have parts of it."""
        if self._long:
            self._long = deque(message for message in self._long if message[1] != number)

    def _flush(self) -> None:
        self._flushing = False
        if self.transport is None:
            return
        unended: list[tuple[int, int, memoryview]] = []
        for _ in range(0 if self.is_blocked else min(len(self._long), BEGUN)):
            kind, number, rest = self._long.popleft()
            more = len(rest) > CHUNK
            self._out.append(pack(kind | MORE if more else kind, number, bytes(rest[:CHUNK])))
            if more:
                unended.append((kind, number, rest[CHUNK:]))
        self._long.extendleft(reversed(unended))
        self._write()
        if self._long and not self.is_blocked and not self._flushing:
            self._flushing = True
            self.loop.call_soon(self._flush)

    def _write(self) -> None:
        """Writes what was collected."""
        if self._out and self.transport is not None:
            self.transport.write(b"".join(self._out))
            self._out.clear()

    def pause_writing(self) -> None:
        """Called by the loop when the other side does not read fast enough."""
        self.is_blocked = True

    def resume_writing(self) -> None:
        """Called by the loop when the other side has caught up."""
        self.is_blocked = False
        if self._long:
            self._flush()

    def close(self) -> None:
        """Sends what is waiting, then closes."""
        self._write()
        if self.transport is not None:
            self.transport.close()

    def abort(self) -> None:
        """Closes at once."""
        if self.transport is not None:
            self.transport.abort()
