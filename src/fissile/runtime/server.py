"""uvicorn, answering HTTP and links on the same port.

`Upgrade: fissile` is answered as uvicorn answers WebSockets: its protocol hands the socket over, and from then on our
frames travel on it. So one port serves both, also behind a Kubernetes Service, and every worker of a process can
answer.
"""

from __future__ import annotations

import asyncio
import socket
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn

from .http.gateway import BehindGateway
from .lifecycle import DRAIN
from .protocol import Http, LinkOrHttp

if TYPE_CHECKING:
    from .app import App
    from .wiring import Runtime

KEEP_ALIVE = 75
"""Seconds that a connection is kept without a request: longer than a gateway does, which is then who closes it."""


def config(
    app: App,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    uds: str | None = None,
    links: bool = False,
    private: Path | None = None,
    drain: float = DRAIN,
    log_level: str = "info",
) -> uvicorn.Config:
    """uvicorn's configuration for an application.

    Args:
        app: The application.
        host: The address to listen on.
        port: The port; 0 for any free one.
        uds: A Unix socket to listen on instead.
        links: Whether other processes call the components of this one, and a gateway sends it its requests.
        private: The private folder of the sockets: what arrives on those in it is trusted, on any other socket only
            what shows the secret.
        drain: Seconds that requests in flight get to finish at the end.
        log_level: uvicorn's.
    """
    if links:
        app.runtime.private = str(private) if private is not None else None
    return (_BehindGateway if links else uvicorn.Config)(
        app,
        host=host,
        port=port,
        uds=uds,
        http=_with_links(app.runtime) if links else Http,
        timeout_keep_alive=KEEP_ALIVE if links else 5,
        timeout_graceful_shutdown=round(drain),
        log_config=None,  # whoever starts the process says where its log goes
        log_level=log_level,
        lifespan="on",
    )


class Server(uvicorn.Server):
    """uvicorn, at whose end calls over links finish beside the requests."""

    async def listen_also(self, listener: socket.socket) -> None:
        """Accept connections on another socket, too."""
        protocol, state = self.config.http_protocol_class, self.lifespan.state
        make = partial(protocol, config=self.config, server_state=self.server_state, app_state=state)  # type: ignore[call-arg]  # as uvicorn does
        loop = asyncio.get_running_loop()
        self.servers.append(await loop.create_server(make, sock=listener, backlog=self.config.backlog))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Called by uvicorn: nobody is let in from then on, and what is in flight finishes."""
        protocol = self.config.http_protocol_class
        if issubclass(protocol, LinkOrHttp):
            protocol.runtime.server.leave(self.config.timeout_graceful_shutdown or 0)
        await super().shutdown(sockets)


class _BehindGateway(uvicorn.Config):
    """uvicorn's configuration for a process that the gateway sends requests to."""

    def load(self) -> None:
        """Looks at the gateway's header before uvicorn looks at those of other proxies."""
        super().load()
        protocol = self.http_protocol_class
        assert issubclass(protocol, LinkOrHttp)
        self.loaded_app = BehindGateway(self.loaded_app, protocol.runtime.private)


def _with_links(runtime: Runtime) -> type[LinkOrHttp]:
    return type("LinkOrHttp", (LinkOrHttp,), {"runtime": runtime})
