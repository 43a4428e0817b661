"""An HTTP client that is cheap enough to share the machine with what it asks."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PATIENCE = 30.0
"""Seconds after which an answer is taken not to come."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked, and what a true answer is.

    Attributes:
        kind: What it is counted as.
        method: The method.
        target: Path and query.
        key: What is unique about it.
        body: The body, as JSON.
        status: The status of a true answer.
        expected: What the document that is answered has, at least.
    """

    kind: str
    method: str
    target: str
    key: str = ""
    body: Mapping[str, object] | None = None
    status: int = 200
    expected: Mapping[str, object] = field(default_factory=dict)

    def __bytes__(self) -> bytes:
        body = b"" if self.body is None else json.dumps(self.body).encode()
        head = f"{self.method} {self.target} HTTP/1.1\r\nHost: shop\r\n"
        if self.method == "POST":
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        return f"{head}\r\n".encode() + body


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    Attributes:
        request: What was asked.
        began: When, in seconds of the monotonic clock.
        ended: When the answer was there, or was known not to come.
        status: The status; 0 when the connection broke.
        headers: The headers, their names in lower case.
        body: The body.
        why: How the connection broke.
    """

    request: Request
    began: float
    ended: float
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    why: str = ""

    @property
    def was_let_in(self) -> bool:
        """Whether there was a connection to ask on."""
        return not self.why.startswith("ConnectionRefusedError")

    def json(self) -> Any:
        """The document; None where it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def verdict(self) -> str:
        """In one word: true; refused, by a problem document that says so; lost, when the connection broke; or wrong."""
        if not self.status:
            return "lost"
        if self.status == self.request.status:
            return "true" if self._says(self.request.expected) else "wrong"
        is_problem = self.headers.get("content-type") == "application/problem+json" and self.json() is not None
        says_when = self.status != 503 or "retry-after" in self.headers
        return "refused" if self.status in (502, 503, 504) and is_problem and says_when else "wrong"

    def _says(self, expected: Mapping[str, object]) -> bool:
        document = self.json()
        return not expected or (isinstance(document, dict) and expected.items() <= document.items())

    def __str__(self) -> str:
        asked = f"{self.request.method} {self.request.target}"
        return f"{asked}: {self.status or self.why} {dict(self.headers)} {self.body[:300]!r}"


class Client:
    """A client of one gateway, with one connection that is kept until it breaks.

    Args:
        port: Where the gateway listens on this machine.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def ask(self, request: Request) -> Answer:
        """Asks, and waits for the answer; what breaks is an answer, too."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(PATIENCE):
                status, headers, body = await self._exchange(bytes(request))
        except (OSError, EOFError, ValueError) as error:  # a timeout is an OSError
            await self.close()
            return Answer(request, began, time.monotonic(), why=repr(error) or "no answer")
        if headers.get("connection") == "close":
            await self.close()
        return Answer(request, began, time.monotonic(), status, headers, body)

    async def _exchange(self, sent: bytes) -> tuple[int, dict[str, str], bytes]:
        if self._reader is None or self._writer is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writer.write(sent)
        status, headers = await read_head(self._reader)
        return status, headers, await self._read_body(self._reader, headers)

    async def _read_body(self, reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
        if headers.get("transfer-encoding") != "chunked":
            return await reader.readexactly(int(headers.get("content-length", 0)))
        body = b""
        while size := int(await reader.readline(), 16):
            body += await reader.readexactly(size)
            await reader.readline()
        await reader.readline()
        return body

    async def close(self) -> None:
        """Closes the connection, if there is one."""
        if self._writer is not None:
            self._writer.close()
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()
        self._reader = self._writer = None


async def read_head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    """Reads the head of an answer: its status, and its headers by their names in lower case."""
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[:-2]
    pairs = (line.partition(": ") for line in lines)
    return int(first.split()[1]), {name.lower(): value for name, _, value in pairs}
