"""Both ends of a link in one process, and raw ones that say whatever a test wants."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar, cast

from fissile import Interface, readonly
from fissile.context import Context
from fissile.interface import Contract, read
from fissile.runtime.provided import stub_of
from fissile.transports.base import Call, Transport
from fissile.transports.link import Link, LinkServer, LinkTransport
from fissile.transports.link.frames import CALL, HELLO, VERSIONS, WELCOME, BrokenFrame, Frames, pack
from fissile.transports.link.messages import pack_call
from fissile.transports.link.provider import Served
from fissile.transports.link.upgrade import answer_upgrade

if TYPE_CHECKING:
    from typing_extensions import TypeForm

T = TypeVar("T")


class Workshop(Interface, Protocol):
    """What is asked over these links."""

    @readonly
    async def echo(self, text: str) -> str:
        """The same text."""
        ...

    async def big(self, size: int) -> str:
        """A text of so many characters."""
        ...

    async def hang(self, key: str) -> None:
        """Waits until it is cancelled."""
        ...


class Worker:
    """Does it, and counts what was begun and what was cancelled."""

    def __init__(self) -> None:
        self.begun: Counter[str] = Counter()
        self.cancelled: Counter[str] = Counter()

    async def echo(self, text: str) -> str:
        self.begun["echo"] += 1
        return text

    async def big(self, size: int) -> str:
        self.begun["big"] += 1
        return "x" * size

    async def hang(self, key: str) -> None:
        self.begun[key] += 1
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled[key] += 1
            raise


def contract_of(interface: type[object]) -> Contract:
    """An interface, read, without faults."""
    contract, faults = read(interface)
    assert () == faults
    return contract


def served(interface: type[object], service: object) -> Served:
    """An interface that an object answers for."""

    async def provider(call: Call) -> object:
        return call.method.result.check(await getattr(service, call.method.name)(**call.arguments))

    return Served(contract_of(interface), provider)


class OneWay:
    """The channel of a stub that has one transport."""

    def __init__(self, transport: Transport, deadline: float = 5.0) -> None:
        self.deadline = deadline
        self._transport = transport

    def transport(self) -> Transport:
        return self._transport


def asking(interface: TypeForm[T], link: Link, deadline: float = 5.0) -> T:
    """The stub of an interface over a link."""
    return cast("T", stub_of(contract_of(cast("type[object]", interface)), OneWay(LinkTransport(link), deadline)))


class Door(asyncio.Protocol):
    """Answers the upgrade as the server of an application does, with versions of one's choice."""

    def __init__(self, server: LinkServer, versions: Sequence[int]) -> None:
        self._server = server
        self._versions = versions
        self._head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._head += data
        head, end, rest = self._head.partition(b"\r\n\r\n")
        if not end:
            return
        offered = next(line for line in head.decode().split("\r\n") if line.startswith("Fissile-Versions: "))
        accepted, answer = answer_upgrade(offered.partition(": ")[2], self._versions)
        self._transport.write(answer)
        if not accepted:
            self._transport.close()
            return
        connection = self._server.connection()
        connection.connection_made(self._transport)
        self._transport.set_protocol(connection)
        if rest:
            connection.data_received(rest)


@asynccontextmanager
async def listening(server: LinkServer, socket: Path, versions: Sequence[int] = VERSIONS) -> AsyncIterator[None]:
    """Lets a server listen on a Unix socket, and ends its connections."""
    loop = asyncio.get_running_loop()
    listener = await loop.create_unix_server(lambda: Door(server, versions), str(socket))
    try:
        yield
    finally:
        listener.close()
        for connection in list(server.connections):
            connection.abort()
            await connection.closed


def hello(contracts: Mapping[str, Contract], limit: int = 1024 * 1024) -> bytes:
    """A whole greeting."""
    interfaces = {name: contract.describe() for name, contract in contracts.items()}
    return pack(HELLO, 0, json.dumps({"interfaces": interfaces, "limit": limit}).encode())


def call(number: int, index: int, arguments: object, remaining: float = 30.0) -> bytes:
    """A whole call."""
    return pack(CALL, number, pack_call(index, Context(), remaining, json.dumps(arguments).encode()))


class Raw:
    """A consumer that writes bytes, after the upgrade.

    Args:
        reader: What arrives.
        writer: What leaves.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._frames = Frames(16 * 1024 * 1024)
        self.messages: list[tuple[int, int, bytes]] = []
        self.indices: dict[str, int] = {}

    @classmethod
    async def upgraded(cls, socket: str | Path, versions: str = "1") -> Raw:
        """Connects and is a link from then on."""
        reader, writer = await asyncio.open_unix_connection(str(socket))
        writer.write(
            "GET /-/link HTTP/1.1\r\nHost: fissile\r\nConnection: Upgrade\r\nUpgrade: fissile\r\n"
            f"Fissile-Versions: {versions}\r\n\r\n".encode()
        )
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 "), head
        return cls(reader, writer)

    @classmethod
    async def greeted(cls, socket: str | Path, contracts: Mapping[str, Contract]) -> Raw:
        """The same after its greeting, with the index of every method."""
        raw = await cls.upgraded(socket)
        raw.send(hello(contracts))
        kind, _, body = await raw.next()
        assert kind == WELCOME
        raw.indices = json.loads(body)["methods"]
        return raw

    def send(self, data: bytes) -> None:
        """Writes bytes."""
        self._writer.write(data)

    async def next(self) -> tuple[int, int, bytes]:
        """The next message."""
        async with asyncio.timeout(30):
            while not self.messages:
                data = await self._reader.read(1024 * 1024)
                if not data:
                    raise EOFError
                self.messages += self._frames.feed(data)
        return self.messages.pop(0)

    async def ended(self) -> None:
        """Waits until the other side has ended the connection."""
        async with asyncio.timeout(30):
            with suppress(ConnectionError):
                while await self._reader.read(1024 * 1024):
                    pass
        await self.close()

    def vanish(self) -> None:
        """Ends the connection without a word."""
        self._writer.transport.abort()

    async def close(self) -> None:
        """Ends the connection."""
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()


class Upstart(asyncio.Protocol):
    """A provider that answers the upgrade, then writes what it was told to for each message that arrives.

    Args:
        script: What it writes when a message of a kind arrives; after bytes of a kind that it has none for, nothing.
    """

    def __init__(self, script: Mapping[int, Iterable[bytes]]) -> None:
        self._script = {kind: list(answers) for kind, answers in script.items()}
        self._frames: Frames | None = None
        self._head = b""
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.closed.set_result(None)

    def data_received(self, data: bytes) -> None:
        if self._frames is None:
            self._head += data
            _, end, data = self._head.partition(b"\r\n\r\n")
            if not end:
                return
            self._frames = Frames(16 * 1024 * 1024)
            self._transport.write(answer_upgrade("1")[1])
        try:
            for kind, number, _ in self._frames.feed(data):
                for answer in self._script.get(kind, ()):
                    self._transport.write(answer.replace(b"NUMB", number.to_bytes(4, "big")))
        except BrokenFrame:
            self._transport.abort()
