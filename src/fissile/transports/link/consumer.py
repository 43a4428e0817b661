"""The end of a link that asks."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import socket
from collections.abc import Awaitable, Callable, Mapping

from ...errors import CallFailed, Incompatible, Unavailable
from ...interface import Contract, Method
from ..base import MESSAGE_LIMIT, Call, too_long
from .connection import Connection, logger
from .frames import CALL, CANCEL, FAILED, GOAWAY, HELLO, RAISED, RESULT, WELCOME, BrokenFrame
from .messages import pack_call, unpack_failed, unpack_raised
from .provider import LinkServer
from .upgrade import Refused, read_upgrade, request_upgrade

PATIENCE = 10.0
"""Seconds of absence or silence of a peer after which new calls fail at once; earlier ones wait to their deadline."""

MARGIN = 0.05
"""Seconds before its deadline at which a call that waits gives up, so that it can say that it certainly did not run."""

FIRST_PAUSE = 0.01
LONGEST_PAUSE = 1.0
"""Seconds between attempts to connect, doubled from the first to the longest, each drawn at random below that."""

INDICES = range(0x10000)
"""The indices that a provider may give to methods: what a CALL has room for."""

Dial = Callable[["Greeting"], Awaitable["ConsumerConnection"]]
Greeting = Mapping[str, Contract]


class ConsumerConnection(Connection):
    """One connection on which calls leave.

    Args:
        greeting: The interfaces that will be asked, by wire name.
        limit: Bytes of the longest message.
    """

    def __init__(self, greeting: Greeting, limit: int = MESSAGE_LIMIT) -> None:
        super().__init__(limit)
        self.greeting = greeting
        self.ready: asyncio.Future[None] = self.loop.create_future()
        self.leaving = False
        self.indices: dict[Method, int] = {}
        self.incompatible: dict[Method, str] = {}
        self._waiting: dict[int, asyncio.Future[tuple[int, bytes]]] = {}
        self._number = 0

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
        self.leaving = True
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


class Link:
    """The way to one peer process: connected when first needed, and again whenever the connection is lost.

    Args:
        dial: Makes a connection and greets.
        greeting: The interfaces that will be asked, by wire name.
        peer: What the peer is called in errors.

    Attributes:
        answered: Whether the peer has ever answered: until then this process is not ready.
    """

    def __init__(self, dial: Dial, greeting: Greeting, peer: str) -> None:
        self.greeting = greeting
        self.peer = peer
        self.answered = False
        self._dial = dial
        self._loop: asyncio.AbstractEventLoop | None = None
        self._connection: ConsumerConnection | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._away_since: float | None = None
        self._arrival: asyncio.Event | None = None
        self._refusal = ""

    async def connection(self, deadline: float) -> ConsumerConnection:
        """A connection that takes calls, waiting for one if need be.

        Raises:
            Unavailable: The peer is away; nothing was sent.
            Incompatible: The peer speaks no version that this side speaks.
        """
        loop = self._here()
        began = loop.time()
        while (connection := self._connection) is None or connection.leaving or connection.transport is None:
            self._connect()
            assert self._arrival is not None
            if self._refusal:
                raise Incompatible(f"{self.peer} refused the link: {self._refusal}", may_have_run=False)
            left = deadline - MARGIN - loop.time()
            gone_for_long = self._away_since is not None and began - self._away_since > PATIENCE
            if left <= 0 or gone_for_long:
                raise Unavailable(f"{self.peer} is away", may_have_run=False)
            # Not asyncio.wait_for, which before Python 3.12 loses a cancellation that comes with the arrival.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._arrival.wait()
        return connection

    def current(self) -> ConsumerConnection | None:
        """The connection, if there is one that takes calls."""
        connection = self._connection
        if connection is None or connection.leaving or connection.transport is None:
            return None
        return connection if connection.loop is asyncio.get_running_loop() else None

    def connect(self) -> None:
        """Connects in the background, unless there is a connection."""
        self._here()
        if self.current() is None:
            self._connect()

    def state(self) -> tuple[str, dict[str, str]]:
        """How it is: one word, and why each method that the peer cannot answer fails."""
        if (connection := self.current()) is not None:
            return "connected", {str(method): why for method, why in connection.incompatible.items()}
        return ("refused", {"*": self._refusal}) if self._refusal else ("away", {})

    def _here(self) -> asyncio.AbstractEventLoop:
        """The running loop; on another one than before it starts afresh: tests have one each."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop = loop
            self._connection = self._connecting = self._away_since = None
            self._arrival = asyncio.Event()
        return loop

    def _connect(self) -> None:
        assert self._loop is not None and self._arrival is not None
        if self._connecting is None or self._connecting.done():
            self._arrival.clear()
            self._away_since = None
            self._connecting = self._loop.create_task(self._connect_until_there())

    async def _connect_until_there(self) -> None:
        assert self._loop is not None and self._arrival is not None
        pause = FIRST_PAUSE
        while True:
            try:
                async with asyncio.timeout(PATIENCE):
                    connection = await self._dial(self.greeting)
                if connection.leaving:
                    raise ConnectionResetError("it takes no further calls")
            except Refused as error:
                self._refusal = str(error)
                self.answered = True
                self._arrival.set()
            except (OSError, BrokenFrame) as error:
                self._away_since = self._away_since or self._loop.time()
                if self._refusal:  # whoever refused is gone, and calls wait for who comes next
                    self._refusal = ""
                    self._arrival.clear()
                logger.debug("%s is away: %s", self.peer, error)
            else:
                self._connection = connection
                self._refusal = ""
                self.answered = True
                self._arrival.set()
                return
            await asyncio.sleep(random.uniform(0, pause))
            pause = min(2 * pause, LONGEST_PAUSE)

    async def close(self) -> None:
        """Ends the connection once its calls have ended."""
        if self._connecting is not None and self._loop is asyncio.get_running_loop():
            self._connecting.cancel()
            await asyncio.wait([self._connecting])
        if (connection := self.current()) is not None:
            connection.leave()
            await connection.closed
        self._connection = None


class LinkTransport:
    """Carries calls over a link.

    Args:
        link: The way to the peer.
    """

    __slots__ = ("_link",)

    def __init__(self, link: Link) -> None:
        self._link = link

    async def call(self, call: Call) -> object:
        """Carries one call; see `Transport.call`."""
        method = call.method
        connection = self._link.current() or await self._link.connection(call.deadline)
        index = connection.indices.get(method)
        if index is None:
            why = connection.incompatible.get(method, "it was not greeted")
            raise Incompatible(f"{self._link.peer} cannot answer {method}: {why}", may_have_run=False)
        arguments = method.arguments.dump(call.arguments)
        if len(arguments) > connection.limit:
            message = too_long(f"the arguments of {method}", len(arguments), connection.limit)
            raise CallFailed(message, may_have_run=False)
        if not connection.writable.is_set():
            await connection.writable.wait()
        # After that wait, since what is sent is the time that remains.
        body = pack_call(index, call.context, call.deadline - connection.loop.time(), arguments)
        kind, answer = await connection.ask(body)
        if kind == RESULT:
            try:
                return method.result.load(answer)
            except ValueError as error:
                raise Incompatible(f"the result of {method} cannot be read: {error}", may_have_run=True) from error
        raise unpack_raised(method, answer) if kind == RAISED else unpack_failed(answer)


def dial_unix(path: str, limit: int = MESSAGE_LIMIT) -> Dial:
    """Dials a process that listens on a Unix socket, and takes messages of at most so many bytes from it."""

    async def dial(greeting: Greeting) -> ConsumerConnection:
        loop = asyncio.get_running_loop()
        transport, upgrading = await loop.create_unix_connection(request_upgrade, path)
        try:
            rest = await read_upgrade(upgrading)
        except BaseException:
            transport.abort()
            raise
        connection = ConsumerConnection(greeting, limit)
        connection.connection_made(transport)
        transport.set_protocol(connection)
        return await _greeted(connection, rest)

    return dial


def dial_pair(server: LinkServer) -> Dial:
    """Dials a server in the same process over a pair of sockets: everything of a link but the HTTP before it."""

    async def dial(greeting: Greeting) -> ConsumerConnection:
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        await loop.create_connection(server.own_connection, sock=theirs)
        _, connection = await loop.create_connection(lambda: ConsumerConnection(greeting, server.limit), sock=ours)
        return await _greeted(connection, b"")

    return dial


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
