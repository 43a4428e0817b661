"""Trust in the sender of a request: a socket of the private folder, or the secret of the links."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fissile.transports.link.upgrade import SECRET_HEADER

from .http.gateway import is_forwarded, is_private
from .secret import LOOPBACK, has_secret

if TYPE_CHECKING:
    from .wiring import Runtime

_SECRET = SECRET_HEADER.encode()


def is_trusted(scope: Mapping[str, Any], runtime: Runtime) -> bool:
    """Return True if the sender of a request may call components and see how this process is.

    Over a socket of the private folder it may, unless a gateway forwarded the request: a web page cannot connect to a
    Unix socket, and the folder admits this user alone. Over every other socket the sender shows the secret, from this
    machine.

    Args:
        scope: The request, as ASGI describes it.
        runtime: The process that was asked.
    """
    if is_private(scope, runtime.private):
        return not is_forwarded(scope)
    return has_secret(runtime.project, _host(scope), dict(scope["headers"]).get(_SECRET, b""))


def _host(scope: Mapping[str, Any]) -> str | None:
    """The sender's address; over a Unix socket it has none, and is on this machine."""
    server, client = scope.get("server"), scope.get("client")
    if client is not None:
        return str(client[0])
    return LOOPBACK[0] if server is not None and server[1] is None else None
