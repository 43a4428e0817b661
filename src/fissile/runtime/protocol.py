"""uvicorn's protocol for HTTP, which also lets links in, and ends without a failed request behind a gateway."""

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

_NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class LinkOrHttp(HttpToolsProtocol):
    """Hands its socket over when a link is asked for.

    Attributes:
        runtime: Who answers the calls.
    """

    runtime: ClassVar[Runtime]
    _answers: Gathering
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
        self._answers = Gathering(transport)
        if self.runtime.server.draining:
            self.shutdown()

    def shutdown(self) -> None:
        """Called by the server when it ends: what comes next on this connection is the last that it answers."""
        self._answers.flush()
        if (self.config.timeout_graceful_shutdown or 0) < LAME_DUCK:
            super().shutdown()
            return
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
        if self.cycle is not None:
            self.cycle.transport = self._answers  # type: ignore[assignment]  # as much of one as a response needs
            if self._is_leaving:
                self.cycle.keep_alive = False

    def send_400_response(self, msg: str) -> None:
        """Called for what is no HTTP: the answer to what was asked before it goes first."""
        self._answers.flush()
        super().send_400_response(msg)

    def _end_websocket(self) -> None:
        """Ends one that was opened after the others had been told to end."""
        protocol = self.transport.get_protocol()
        if protocol in self.connections:
            protocol.shutdown()
