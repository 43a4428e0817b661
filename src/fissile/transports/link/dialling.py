"""Making connections to a peer, over Unix sockets, TCP, TLS, or within this process."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from functools import cache, partial
from urllib.parse import urlsplit

from ..base import MESSAGE_LIMIT
from .consumer import ConsumerConnection, Greeting
from .provider import LinkServer
from .upgrade import Refused, Upgrading, read_upgrade

BEHIND_ADDRESS = 2
"""Connections to an address over TCP: several processes may be behind it, and nobody here can tell."""

NEXT = 2.0
"""Seconds after which another address of a host is tried instead of one that is silent."""

UNANSWERED = 20
"""Seconds without an acknowledgement after which a connection over TCP is lost: nobody says so when a machine ends."""

Dial = Callable[[Greeting], Awaitable[ConsumerConnection]]
"""Makes a connection that has been greeted.

Raises:
    Refused: The peer is no peer, or none that can be understood.
    OSError: Nobody is there.
    BrokenFrame: Whoever is there sent what makes no sense.
"""


def is_tcp(endpoint: str) -> bool:
    """Return True if an endpoint is ``http://`` or ``https://``."""
    return not endpoint.startswith("unix:")


def dials(endpoints: Sequence[str], limit: int = MESSAGE_LIMIT, secret: str = "") -> tuple[Dial, ...]:
    """The dials for the endpoints of a peer, one for each connection that is to be kept.

    Args:
        endpoints: ``unix:/path``, ``http://host:port`` or ``https://host:port``.
        limit: Bytes of the longest message.
        secret: What a peer at an address answers to; empty for one in the private folder of the sockets.
    """
    made: list[Dial] = []
    for endpoint in endpoints:
        if is_tcp(endpoint):
            made += [dial_tcp(endpoint, secret, limit)] * BEHIND_ADDRESS
        else:
            made.append(dial_unix(endpoint.removeprefix("unix:"), limit, secret))
    return tuple(made)


def dial_unix(path: str, limit: int = MESSAGE_LIMIT, secret: str = "") -> Dial:
    """Dials a process that listens on a Unix socket, and takes messages of at most so many bytes from it."""
    asking = partial(Upgrading, secret=secret)

    async def dial(greeting: Greeting) -> ConsumerConnection:
        transport, upgrading = await asyncio.get_running_loop().create_unix_connection(asking, path)
        return await _upgraded(transport, upgrading, ConsumerConnection(greeting, limit))

    return dial


def dial_tcp(address: str, secret: str, limit: int = MESSAGE_LIMIT) -> Dial:
    """Dials a process at ``http://host:port`` or ``https://host:port``, which answers to the secret.

    The certificate is checked against the trust store of the system, or what ``SSL_CERT_FILE`` and ``SSL_CERT_DIR``
    name instead (OpenSSL's SSL_CTX_set_default_verify_paths).
    """
    parts = urlsplit(address)
    has_tls = parts.scheme == "https"
    host, port = parts.hostname or "", parts.port or (443 if has_tls else 80)
    asking = partial(Upgrading, host=parts.netloc, secret=secret)
    trusted = cache(_trusted)

    async def dial(greeting: Greeting) -> ConsumerConnection:
        transport, upgrading = await _connected(asking, host, port, trusted() if has_tls else None)
        _notice_silence(transport)
        return await _upgraded(transport, upgrading, ConsumerConnection(greeting, limit))

    return dial


def dial_pair(server: LinkServer) -> Dial:
    """Dials a server in the same process over a pair of sockets: everything of a link but the HTTP before it."""

    async def dial(greeting: Greeting) -> ConsumerConnection:
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        consumer, provider = ConsumerConnection(greeting, server.limit), server.own_connection()
        try:
            await loop.create_connection(lambda: provider, sock=theirs)
            await loop.create_connection(lambda: consumer, sock=ours)
        except BaseException:
            provider.abort()
            ours.close()
            raise
        return await _greeted(consumer, b"")

    return dial


async def _connected(
    asking: Callable[[], Upgrading], host: str, port: int, tls: ssl.SSLContext | None
) -> tuple[asyncio.Transport, Upgrading]:
    """Connects to an address of the host, drawn at random, so that connections spread over all; else to another."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError(f"{host} is not the name of a host: {error}") from error
    *others, (_, _, _, _, last) = random.sample(found, len(found))
    connect = partial(loop.create_connection, asking, ssl=tls, server_hostname=host if tls else None)
    for _, _, _, _, address in others:
        with contextlib.suppress(OSError):
            async with asyncio.timeout(NEXT):
                return await connect(*address[:2])
    return await connect(*last[:2])


def _trusted() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])  # only HTTP/1.1 has upgrades
    return context


def _notice_silence(transport: asyncio.Transport) -> None:
    """Lets the kernel ask whether the other machine is still there, and give up when nothing comes back."""
    sock = transport.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    seconds = UNANSWERED // 4
    for name, value in {
        "TCP_KEEPIDLE": seconds,
        "TCP_KEEPALIVE": seconds,  # the same on macOS
        "TCP_KEEPINTVL": seconds,
        "TCP_KEEPCNT": 3,
        "TCP_USER_TIMEOUT": UNANSWERED * 1000,
    }.items():
        if hasattr(socket, name):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


async def _upgraded(
    transport: asyncio.Transport, upgrading: Upgrading, connection: ConsumerConnection
) -> ConsumerConnection:
    """Waits for the answer to the upgrade, then greets on the same transport."""
    try:
        rest = await read_upgrade(upgrading)
    except BaseException as error:
        transport.abort()
        if isinstance(error, Refused) and error.status == 404:
            raise Refused(f"{error} (the secrets at both ends have to be the same)", 404) from None
        raise
    connection.connection_made(transport)
    transport.set_protocol(connection)
    return await _greeted(connection, rest)


async def _greeted(connection: ConsumerConnection, rest: bytes) -> ConsumerConnection:
    connection.greet()
    if rest:
        connection.data_received(rest)
    try:
        await connection.ready
    except BaseException:
        connection.abort()
        raise
    return connection
