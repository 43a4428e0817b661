"""The HTTP before a link: ``GET /-/link`` with ``Upgrade: fissile`` (RFC 9110, section 7.8).

The consumer offers the versions of the frames that it speaks, newest first; the provider answers 101 with the newest
that both speak, or 426 with its own. At an address the consumer shows a secret, and is answered 404 when it is not the
provider's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from .frames import VERSIONS, BrokenFrame

PATH = "/-/link"
HEAD_LIMIT = 8 * 1024
"""Bytes of the longest head of an answer."""

SECRET_HEADER = "fissile-secret"
"""The header that authenticates outside the private folder of the sockets; any web page could send the rest."""

AWAY = (502, 503, 504)
"""The answers of who stands in for a peer that is not there."""


class Refused(Exception):
    """The peer does not speak any version that was offered, or is no peer at all.

    Args:
        why: What it said.
        status: The status of its answer.
    """

    def __init__(self, why: str, status: int) -> None:
        super().__init__(why)
        self.status = status


class Upgrading(asyncio.Protocol):
    """Asks for the upgrade; whoever reads its answer takes the transport over.

    Args:
        versions: The versions offered.
        host: Whom it asks.
        secret: What it shows; empty over a socket of the private folder.
    """

    def __init__(self, versions: Sequence[int] = VERSIONS, host: str = "fissile", secret: str = "") -> None:
        self.versions = versions
        self._host = host
        self._secret = secret
        self.answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.received = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        self._transport = transport  # type: ignore[assignment]  # a stream transport, uvloop's or asyncio's
        assert self._transport is not None
        offer = ", ".join(map(str, self.versions))
        shown = f"{SECRET_HEADER}: {self._secret}\r\n" if self._secret else ""
        self._transport.write(
            f"GET {PATH} HTTP/1.1\r\nHost: {self._host}\r\nConnection: Upgrade\r\nUpgrade: fissile\r\n"
            f"Fissile-Versions: {offer}\r\n{shown}\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        """Called by the loop with what arrived."""
        self.received += data
        if self.answered.done():
            return
        if b"\r\n\r\n" in self.received:
            self.answered.set_result(None)
        elif len(self.received) > HEAD_LIMIT:
            self.answered.set_exception(BrokenFrame("the answer to the upgrade has no end"))

    def connection_lost(self, error: Exception | None) -> None:
        """Called by the loop once."""
        if not self.answered.done():
            self.answered.set_exception(ConnectionResetError("the peer ended the connection"))
            self.answered.exception()  # whoever dials may have given up


async def read_upgrade(upgrading: Upgrading) -> bytes:
    """Waits for the answer.

    Returns:
        What arrived after it already.

    Raises:
        Refused: The peer answered something else.
        ConnectionError: The peer is gone, or not there.
    """
    await upgrading.answered
    head, _, rest = bytes(upgrading.received).partition(b"\r\n\r\n")
    said = head.decode(errors="replace").split("\r\n")
    status = _status(said[0])
    if status == 101:
        return rest
    if status in AWAY:
        raise ConnectionRefusedError(f"nobody is there: {said[0]}")
    raise Refused(" ".join(said), status)


def _status(line: str) -> int:
    """The status of an answer; 0 where it is no HTTP."""
    parts = line.split(" ")
    return int(parts[1]) if parts[0].startswith("HTTP/") and parts[1:] and parts[1].isdecimal() else 0


def answer_upgrade(offered: str, versions: Sequence[int] = VERSIONS) -> tuple[bool, bytes]:
    """The provider's answer.

    Args:
        offered: The value of ``Fissile-Versions``.
        versions: The versions that this side speaks, newest first.

    Returns:
        Whether the connection is a link from now on, and the head to send.
    """
    wanted = {part.strip() for part in offered.split(",")}
    for version in versions:
        if str(version) in wanted:
            return True, (
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: fissile\r\n"
                f"Fissile-Version: {version}\r\n\r\n"
            ).encode()
    own = ", ".join(map(str, versions))
    return False, (
        "HTTP/1.1 426 Upgrade Required\r\nConnection: close\r\nUpgrade: fissile\r\n"
        f"Fissile-Versions: {own}\r\nContent-Length: 0\r\n\r\n"
    ).encode()
