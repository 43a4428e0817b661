"""uvicorn, answering HTTP and links on the same port.

`Upgrade: fissile` is answered as uvicorn answers WebSockets: its protocol hands the socket over, and from then on our
frames travel
on it. So one port serves both, also behind a Kubernetes Service, and every worker of a process can answer.
"""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ..transports.link import LinkServer
from ..transports.link.upgrade import PATH, answer_upgrade
from .lifecycle import DRAIN

if TYPE_CHECKING:
    from .app import App


def config(
    app: App,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    uds: str | None = None,
    links: bool = False,
    drain: float = DRAIN,
    log_level: str = "info",
) -> uvicorn.Config:
    """uvicorn's configuration for an application.

    Args:
        app: The application.
        host: The address to listen on.
        port: The port; 0 for any free one.
        uds: A Unix socket to listen on instead.
        links: Whether other processes call the components of this one.
        drain: Seconds that requests in flight get to finish at the end.
        log_level: uvicorn's.
    """
    if links:
        app.runtime.answers_links = True
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        uds=uds,
        http=_with_links(app.runtime.server) if links else "auto",
        timeout_graceful_shutdown=round(drain),
        log_config=None,  # whoever starts the process says where its log goes
        log_level=log_level,
        lifespan="on",
    )


def _with_links(server: LinkServer) -> type[asyncio.Protocol]:
    class LinkOrHttp(HttpToolsProtocol):
        """uvicorn's protocol, which hands its socket over when a link is asked for."""

        def _should_upgrade(self) -> bool:
            return self._asks_for_link() or super()._should_upgrade()

        def _asks_for_link(self) -> bool:
            return self._get_upgrade() == b"fissile" and self.url == PATH.encode()

        def handle_websocket_upgrade(self) -> None:
            if not self._asks_for_link():
                super().handle_websocket_upgrade()
                return
            if not _is_local(self.transport):
                self.transport.write(b"HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
                self.transport.close()
                return
            offered = dict(self.headers).get(b"fissile-versions", b"").decode("latin-1")
            accepted, head = answer_upgrade(offered)
            self.transport.write(head)
            if not accepted:
                self.transport.close()
                return
            self.connections.discard(self)  # uvicorn forgets it: the link drains itself
            connection = server.connection()
            connection.connection_made(self.transport)
            self.transport.set_protocol(connection)

    return LinkOrHttp


def _is_local(transport: asyncio.Transport) -> bool:
    """Whether a connection came over a Unix socket: a web page cannot, and its folder says who can."""
    found = transport.get_extra_info("socket")
    return found is not None and found.family == socket.AF_UNIX
