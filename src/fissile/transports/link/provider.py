"""The end of a link that answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextvars import Context as Variables
from dataclasses import dataclass

from ...context import AMBIENT, Context
from ...errors import CallError, CallFailed, Incompatible
from ...interface import Contract, Method, compare
from ...values import ComponentError
from ..base import MESSAGE_LIMIT, Call, Provider, too_long
from ..foreign import is_foreign
from .connection import Connection, logger
from .frames import CALL, CANCEL, FAILED, GOAWAY, HELLO, RAISED, RESULT, WELCOME, BrokenFrame
from .messages import pack_failed, pack_raised, unpack_call

SWEEP = 1.0
"""Seconds between two looks at the deadlines of the calls that run."""


@dataclass(frozen=True, slots=True)
class Served:
    """One interface that this process answers for.

    Attributes:
        contract: What may be asked.
        provider: Runs a call.
    """

    contract: Contract
    provider: Provider


class LinkServer:
    """All connections on which this process is the provider.

    Args:
        interfaces: What it answers for, by wire name (``orders.Orders``).
        limit: Bytes of the longest message.
    """

    def __init__(self, interfaces: Mapping[str, Served], limit: int = MESSAGE_LIMIT) -> None:
        self.interfaces = interfaces
        self.limit = limit
        self.connections: set[ProviderConnection] = set()
        self._ends_at: float | None = None

    @property
    def draining(self) -> bool:
        """Whether it takes no further connections."""
        return self._ends_at is not None

    def connection(self) -> ProviderConnection:
        """A new connection, to be given its transport by `connection_made`."""
        return ProviderConnection(self)

    def own_connection(self) -> ProviderConnection:
        """One on which this process calls itself: it stays until that link closes, since others' calls may need it."""
        return ProviderConnection(self, own=True)

    def begin(self) -> None:
        """Takes connections, again if it has been drained."""
        self._ends_at = None

    def leave(self, seconds: float) -> None:
        """Asks for no further calls.

        Args:
            seconds: How long those in flight get to finish.
        """
        if self._ends_at is not None:
            return
        self._ends_at = asyncio.get_running_loop().time() + seconds
        for connection in self._others():
            connection.send(GOAWAY, 0)

    async def drain(self, seconds: float) -> None:
        """Asks for no further calls, lets those in flight finish, and closes what others have not closed.

        Args:
            seconds: How long to wait for them, unless it has been asked to leave before.
        """
        self.leave(seconds)
        assert self._ends_at is not None
        if closed := [connection.closed for connection in self._others()]:
            await asyncio.wait(closed, timeout=max(0, self._ends_at - asyncio.get_running_loop().time()))
        for connection in self._others():
            connection.close()

    def _others(self) -> list[ProviderConnection]:
        return [connection for connection in self.connections if not connection.own]


class ProviderConnection(Connection):
    """One connection on which calls arrive.

    Args:
        server: What it belongs to.
        own: Whether the other end is this process.
    """

    def __init__(self, server: LinkServer, *, own: bool = False) -> None:
        super().__init__(server.limit)
        self.own = own
        self.server = server
        self.table: list[tuple[Method, Provider]] = []
        self.running: dict[int, tuple[asyncio.Task[None], float]] = {}
        self._sweeping = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop, or by the server after the upgrade."""
        super().connection_made(transport)
        self.server.connections.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        """Called by the loop once: a caller that is gone has cancelled its calls."""
        super().connection_lost(error)
        self.server.connections.discard(self)
        for task, _ in self.running.values():
            task.cancel()

    def _sweep(self) -> None:
        """Cancels what is past its deadline: the consumer does that itself, unless it is stopped or cut off."""
        now = self.loop.time()
        for task, deadline in self.running.values():
            if deadline < now:
                task.cancel()
        self._sweeping = bool(self.running)
        if self._sweeping:
            self.loop.call_later(SWEEP, self._sweep)

    def pause_writing(self) -> None:
        """The consumer does not read its results: take no further calls from it."""
        super().pause_writing()
        if self.transport is not None:
            self.transport.pause_reading()

    def resume_writing(self) -> None:
        """The consumer reads again."""
        super().resume_writing()
        if self.transport is not None:
            self.transport.resume_reading()

    def received(self, kind: int, number: int, body: bytes) -> None:
        """Takes one whole message; see `Connection.received`."""
        if kind == CALL:
            self._start(number, body)
        elif kind == CANCEL:
            # Taken out here: a task that is cancelled before it begins never does so itself.
            if running := self.running.pop(number, None):
                running[0].cancel()
        elif kind == HELLO:
            self._welcome(body)
        else:
            raise BrokenFrame(f"kind {kind} from a consumer")

    def _welcome(self, body: bytes) -> None:
        if self.table:
            raise BrokenFrame("a second greeting")
        try:
            said = json.loads(body)
            wanted = said["interfaces"]
            self.limit = min(self.limit, said["limit"])
            incompatible: dict[str, str] = {}
            methods: dict[str, int] = {}
            for name, described in wanted.items():
                served = self.server.interfaces.get(name)
                reasons = compare(described, served.contract.describe()) if served else dict.fromkeys(described, "")
                for method in described:
                    if served is None:
                        incompatible[f"{name}.{method}"] = f"nobody provides {name} here"
                    elif method in reasons:
                        incompatible[f"{name}.{method}"] = reasons[method]
                    else:
                        methods[f"{name}.{method}"] = len(self.table)
                        self.table.append((served.contract.methods[method], served.provider))
        except (ValueError, TypeError, KeyError, AttributeError, AssertionError, RecursionError) as error:
            raise BrokenFrame("a greeting that cannot be read") from error
        welcome = {"methods": methods, "incompatible": incompatible, "limit": self.limit}
        self.send(WELCOME, 0, json.dumps(welcome).encode())
        if self.server.draining and not self.own:
            self.send(GOAWAY, 0)

    def _start(self, number: int, body: bytes) -> None:
        index, context, arguments = unpack_call(body, self.loop.time())
        if index >= len(self.table) or number in self.running:
            raise BrokenFrame("a call of nothing, or one number twice")
        method, provider = self.table[index]
        task = self.loop.create_task(self._run(number, method, provider, context, arguments), context=Variables())
        assert context.deadline is not None
        self.running[number] = task, context.deadline
        if not self._sweeping:
            self._sweeping = True
            self.loop.call_later(SWEEP, self._sweep)

    async def _run(self, number: int, method: Method, provider: Provider, context: Context, data: bytes) -> None:
        try:
            kind, body = await self._answer(method, provider, context, data)
        except BaseException as error:
            if isinstance(error, asyncio.CancelledError) and is_foreign(error):
                return  # by the consumer, which does not wait any longer
            if is_foreign(error):
                raise
            logger.exception("%s failed outside the provider", method)
            message = f"{method} failed outside the provider: {type(error).__name__}"
            kind, body = FAILED, pack_failed(CallFailed(message, may_have_run=True))
        finally:
            self.running.pop(number, None)
        self.send(kind, number, body, alone=not self.running)

    async def _answer(self, method: Method, provider: Provider, context: Context, data: bytes) -> tuple[int, bytes]:
        try:
            try:
                arguments = method.arguments.load(data)
            except ValueError as error:
                raise Incompatible(f"{method}: {error}", may_have_run=False) from error
            AMBIENT.set(context)
            result = await provider(Call(method, arguments, context))
            body = method.result.dump(result)
            if len(body) > self.limit:
                raise too_long(f"the result of {method}", len(body), self.limit, may_have_run=True)
        except ComponentError as error:
            body = pack_raised(method, error)
            if len(body) <= self.limit:
                return RAISED, body
            return FAILED, pack_failed(too_long(f"the error of {method}", len(body), self.limit, may_have_run=True))
        except CallError as error:
            return FAILED, pack_failed(error)
        return RESULT, body
