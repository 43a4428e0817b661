"""Writing the head of a response together with its body."""

from __future__ import annotations

import asyncio


class Gathering:
    """Where a response is written: its head leaves with the body that follows at once, in one system call.

    uvicorn writes them one after the other, and each write is sent. A process that is killed between the two leaves its
    client with half a response, where a gateway could have said that nobody answered; and each is a wake-up of the
    gateway. A body that does not follow at once, as in a stream of events, holds nothing up.

    Args:
        transport: The connection.
    """

    __slots__ = ("_loop", "_transport", "_waiting", "is_closing")

    def __init__(self, transport: asyncio.Transport) -> None:
        self.is_closing = transport.is_closing
        self._loop = asyncio.get_running_loop()
        self._transport = transport
        self._waiting: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Called by uvicorn for the head, and for each part of the body."""
        self._waiting.append(data)
        if len(self._waiting) == 1:
            self._loop.call_soon(self.flush)
        else:
            self.flush()

    def flush(self) -> None:
        """Sends what waits, unless the client has gone meanwhile: uvloop refuses to write on a closed connection."""
        if self._waiting and not self.is_closing():
            self._transport.writelines(self._waiting)
        self._waiting.clear()

    def close(self) -> None:
        """Called by uvicorn after the last response."""
        self.flush()
        self._transport.close()
