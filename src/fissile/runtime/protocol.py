"""uvicorn's protocol for HTTP, which reads uploads to their end, lets links in, and ends without a failed request."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ..transports.link.upgrade import PATH, answer_upgrade
from .http.gathering import Gathering
from .trust import is_trusted

if TYPE_CHECKING:
    from .wiring import Runtime

LAME_DUCK = 3.0
"""Seconds that an idle connection is kept after the end has begun: longer than a gateway keeps it
(`fissile.generate.gateway.IDLE`), so that it is the gateway that closes it, and no request meets a closed one."""

LOOK = 1.0
"""Seconds between two looks at an upload that was answered early: one that has paused that long gets its answer."""

LONGEST = 30
"""Looks after which an upload that goes on gets its answer, and the end of its connection."""

MOST = 256 * 1024 * 1024
"""Bytes of an upload that are read after its answer; an upload that is longer is cut off."""

_NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class Http(HttpToolsProtocol):
    """HTTP in which a client gets its answer although it was given before the upload had ended.

    Most clients send all before they read. If the connection ended with the answer, they would see it reset: by Envoy,
    which ends both sides when an answer is complete before its request, or by the kernel, which resets what is closed
    with unread data. So the rest of the upload is read and dropped, and the answer ends afterwards.
    """

    _answers: Gathering
    _has_body = False
    _dropped = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Called by the loop."""
        super().connection_made(transport)
        self._answers = Gathering(transport, self._awaits_body)

    def on_headers_complete(self) -> None:
        """Called by the parser."""
        self._has_body = False
        super().on_headers_complete()
        if self.cycle is not None:
            self.cycle.transport = self._answers  # type: ignore[assignment]  # as much of one as a response needs

    def on_body(self, body: bytes) -> None:
        """Called by the parser."""
        self._has_body = True
        super().on_body(body)
        if self._answers.is_held:
            self._dropped += len(body)
            if self._dropped > MOST:
                self._cut_off()

    def on_message_complete(self) -> None:
        """Called by the parser at the end of a request."""
        super().on_message_complete()
        if self._answers.is_held:
            self._answers.release()

    def on_response_complete(self) -> None:
        """Called by uvicorn when an application has answered."""
        is_early = self._awaits_body()
        super().on_response_complete()
        if is_early:
            self._answers.hold()
            self._dropped = 0
            self.loop.call_later(LOOK, self._look, self.cycle, 0, LONGEST)

    def _awaits_body(self) -> bool:
        """Return True if the request that is answered next is incomplete, and its client sends the rest unasked."""
        if self.cycle is None or self.pipeline or not self.cycle.more_body:
            return False
        return self._has_body or not self.expect_100_continue

    def _look(self, cycle: object, before: int, left: int) -> None:
        """Give an answer that is held to a client that has paused, or sends for too long."""
        if not self._answers.is_held or self.cycle is not cycle:
            return
        if self._dropped == before:
            self._answers.release()
        elif not left:
            self._cut_off()
        else:
            self.loop.call_later(LOOK, self._look, cycle, self._dropped, left - 1)

    def _cut_off(self) -> None:
        self._answers.release()
        self.transport.close()

    def shutdown(self) -> None:
        """Called by the server when it ends."""
        if self._answers.is_held:
            self._answers.close()
        else:
            self._answers.flush()
            super().shutdown()

    def send_400_response(self, msg: str) -> None:
        """Called for what is no HTTP: the answer to what was asked before it goes first."""
        self._answers.release()
        if not self.transport.is_closing():
            super().send_400_response(msg)


class LinkOrHttp(Http):
    """Hands its socket over when a link is asked for.

    Attributes:
        runtime: Who answers the calls.
    """

    runtime: ClassVar[Runtime]
    _is_leaving = False

    # ------------------------------------------------------------------------------------------------ links

    def _should_upgrade(self) -> bool:
        return self._asks_for_link() or super()._should_upgrade()

    def _asks_for_link(self) -> bool:
        return self._get_upgrade() == b"fissile" and self.url == PATH.encode()

    def handle_websocket_upgrade(self) -> None:
        """Called for every upgrade that `_should_upgrade` lets through."""
        if not self._asks_for_link():
            super().handle_websocket_upgrade()
            if self._is_leaving:
                self.loop.call_later(LAME_DUCK, self._end_websocket)
        elif not is_trusted(dict(self.scope), self.runtime):
            self.transport.write(_NOT_FOUND)
            self.transport.close()
        else:
            self._link()

    def _link(self) -> None:
        offered = dict(self.headers).get(b"fissile-versions", b"").decode("latin-1")
        accepted, head = answer_upgrade(offered)
        self.transport.write(head)
        if not accepted:
            self.transport.close()
            return
        self.connections.discard(self)  # uvicorn forgets it: the link drains itself
        connection = self.runtime.server.connection()
        connection.connection_made(self.transport)
        self.transport.set_protocol(connection)

    # -------------------------------------------------------------------------------------------------- end

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Called by the loop, also after the end has begun for what was accepted just before it."""
        super().connection_made(transport)
        if self.runtime.server.draining:
            self.shutdown()

    def shutdown(self) -> None:
        """Called by the server when it ends: what comes next on this connection is the last that it answers."""
        if self._answers.is_held or (self.config.timeout_graceful_shutdown or 0) < LAME_DUCK:
            super().shutdown()
            return
        self._answers.flush()
        self._is_leaving = True
        self.timeout_keep_alive = LAME_DUCK  # type: ignore[assignment]  # seconds, which need not be whole
        if self.cycle is None or self.cycle.response_complete:
            self._unset_keepalive_if_required()
            self.timeout_keep_alive_task = self.loop.call_later(LAME_DUCK, self.timeout_keep_alive_handler)
        elif not self.cycle.response_started:
            self.cycle.keep_alive = False

    def on_headers_complete(self) -> None:
        """Called by the parser."""
        super().on_headers_complete()
        if self.cycle is not None and self._is_leaving:
            self.cycle.keep_alive = False

    def _end_websocket(self) -> None:
        """Ends one that was opened after the others had been told to end."""
        protocol = self.transport.get_protocol()
        if protocol in self.connections:
            protocol.shutdown()
