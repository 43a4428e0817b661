"""Writing the head of a response together with its body."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Gathering:
    """Where a response is written: its head leaves with the body that follows at once, in one system call.

    uvicorn writes them one after the other, and each write is sent. A process that is killed between the two leaves its
    client with half a response, where a gateway could have said that nobody answered; and each is a wake-up of the
    gateway. A body that does not follow at once, as in a stream of events, holds nothing up.

    The end of a response can be held until its request has been read. A client that still sends does not read: it would
    see the connection end, and never the response.

    Args:
        transport: The connection.
        awaits: Returns True while the request that is answered is incomplete, so that `hold` may follow a write.

    Attributes:
        is_held: Whether what is written waits for `release`.
    """

    __slots__ = ("_awaits", "_closes", "_loop", "_transport", "_waiting", "is_closing", "is_held")

    def __init__(self, transport: asyncio.Transport, awaits: Callable[[], bool]) -> None:
        self.is_closing = transport.is_closing
        self.is_held = False
        self._awaits = awaits
        self._closes = False
        self._loop = asyncio.get_running_loop()
        self._transport = transport
        self._waiting: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Called by uvicorn for the head, and for each part of the body."""
        self._waiting.append(data)
        if len(self._waiting) == 1:
            self._loop.call_soon(self.flush)
        elif not self._awaits():
            self.flush()

    def flush(self) -> None:
        """Sends what waits, unless the client has gone meanwhile: uvloop refuses to write on a closed connection."""
        if self.is_held:
            return
        if self._waiting and not self.is_closing():
            self._transport.writelines(self._waiting)
        self._waiting.clear()

    def close(self) -> None:
        """Called by uvicorn after the last response."""
        self._closes = True
        if self._awaits():
            self._loop.call_soon(self._end)  # `hold` may follow at once
        else:
            self._end()

    def hold(self) -> None:
        """Keep what waits until `release`."""
        self.is_held = True

    def release(self) -> None:
        """Send what was held, and close the connection if that was asked for."""
        self.is_held = False
        self._end()

    def _end(self) -> None:
        self.flush()
        if self._closes and not self.is_held:
            self._transport.close()
