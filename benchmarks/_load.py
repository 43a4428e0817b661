"""A load that costs little: so many connections, each of which sends a request when its last one is answered."""

from __future__ import annotations

import asyncio
import itertools
import re
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import uvloop

CONNECTIONS = 16
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Load:
    """What came of one run.

    Attributes:
        requests: How many were answered.
        rate: Requests per second.
        median: Seconds from a request's last byte to its answer's, of the middle one.
        p99: The same of the one that 99 in 100 are below.
    """

    requests: int
    rate: float
    median: float
    p99: float


def request(method: str, path: str, body: bytes = b"") -> bytes:
    """The bytes of a request; a body is JSON."""
    head = f"{method} {path} HTTP/1.1\r\nHost: shop.test\r\nAccept: application/json\r\n"
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return f"{head}\r\n".encode() + body


class WrongAnswer(Exception):
    """A request was answered otherwise than it should be, or not at all."""


class _Caller(asyncio.Protocol):
    """One connection.

    Args:
        requests: What it sends, again and again.
        status: The status that every answer must have.
        until: When it sends no more, by `time.perf_counter`.
    """

    def __init__(self, requests: Iterator[bytes], status: int, until: float) -> None:
        self.times: list[float] = []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._requests = requests
        self._expected = b"HTTP/1.1 %d " % status
        self._until = until
        self._received = b""
        self._sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        self._transport = transport
        self._send()

    def _send(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(next(self._requests))  # type: ignore[attr-defined]  # uvloop's transport is no subclass

    def data_received(self, data: bytes) -> None:
        """Called by the loop: counts an answer that is whole, and sends the next request."""
        self._received += data
        head = self._received.find(b"\r\n\r\n")
        length = _LENGTH.search(self._received)
        if head < 0 or length is None or len(self._received) < head + 4 + int(length[1]):
            return
        if not self._received.startswith(self._expected):
            self._end(WrongAnswer(self._received.decode(errors="replace")))
            return
        now = time.perf_counter()
        self.times.append(now - self._sent)
        self._received = b""
        if now < self._until:
            self._send()
        else:
            self._end()

    def connection_lost(self, error: Exception | None) -> None:
        """Called by the loop once."""
        self._end(WrongAnswer(f"the connection was closed after {len(self.times)} answers"))

    def _end(self, error: Exception | None = None) -> None:
        if self.done.done():
            return
        if error is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(error)
        self._transport.close()


async def _load(port: int, requests: Sequence[bytes], status: int, seconds: float) -> Load:
    loop = asyncio.get_running_loop()
    endless = itertools.cycle(requests)
    start = time.perf_counter()
    callers = []
    for _ in range(CONNECTIONS):
        make = partial(_Caller, endless, status, start + seconds)
        _, caller = await loop.create_connection(make, "127.0.0.1", port)
        callers.append(caller)
    await asyncio.gather(*[caller.done for caller in callers])
    took = time.perf_counter() - start
    times = sorted(itertools.chain.from_iterable(caller.times for caller in callers))
    return Load(len(times), len(times) / took, statistics.median(times), times[int(len(times) * 0.99)])


def load(port: int, requests: Sequence[bytes], status: int, seconds: float) -> Load:
    """Sends requests for so many seconds.

    Args:
        port: Where, on this machine.
        requests: What is sent, in this order, again and again.
        status: The status that every answer must have.
        seconds: How long.

    Raises:
        WrongAnswer: An answer has another status, or there is none.
    """
    return uvloop.run(_load(port, requests, status, seconds))
