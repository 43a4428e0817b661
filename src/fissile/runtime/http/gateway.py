"""Requests that came through the gateway: who asked, and that they did."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from fissile.generate.gateway import CLIENT, LIVE

THROUGH = "fissile.gateway"
"""The key of the scope that is there when the gateway sent a request."""

LOCAL = "127.0.0.1", 0
"""The address of a client that connected to a Unix socket outside the private folder."""

_CLIENT = CLIENT.encode()
_ADDED = (b"x-forwarded-proto", b"http")  # by Envoy, where the client sent none
_FORWARDED = frozenset({_CLIENT, b"forwarded", b"via", b"x-forwarded-for", b"x-forwarded-proto"})

# Where uvicorn says the same of a request without an answer.
_log = logging.getLogger("uvicorn.error")

Address = tuple[str, int]


class BehindGateway:
    """Gives a request the client and the server that it would have had without the gateway.

    The header is believed over sockets of the private folder alone, which only this user can reach. What connects to
    another Unix socket is on this machine, as what connects to the loopback interface is, and has its address: uvicorn
    then believes it as it believes every proxy there.

    What fails after its answer, as Starlette lets every error of the user's own, leaves the connection as it is:
    uvicorn would close it, while the gateway may have sent the next request on it already.

    Args:
        app: The application, with what believes proxies around it.
        private: The private folder of the sockets, if this process listens in it.
    """

    def __init__(self, app: ASGIApp, private: str | None = None) -> None:
        self.app = app
        self._private = private

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if is_private(scope, self._private):
            headers = scope["headers"]
            # The gateway adds its header behind those of the client.
            for index in range(len(headers) - 1, -1, -1):
                if headers[index][0] == _CLIENT:
                    scope["client"], scope["server"] = _ends(headers.pop(index)[1])
                    scope[THROUGH] = True
                    if index and headers[index - 1] == _ADDED:
                        del headers[index - 1]
                    break
            if scope["type"] == "http" and scope["path"] == LIVE and not is_forwarded(scope):
                await _answer_live(scope, receive, send)
                return
        elif scope.get("client") is None:
            scope["client"] = LOCAL
        try:
            await self.app(scope, receive, send)
        except Exception as error:
            if not _is_answered(send):
                raise
            _log.error("Exception in ASGI application\n", exc_info=error)


async def _answer_live(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer the gateway's health check, which reaches neither middleware of the user's own nor the log."""
    if (cycle := _cycle(send)) is not None:
        cycle.access_log = False
    await JSONResponse({"status": "live"})(scope, receive, send)


def _cycle(send: Send) -> Any:
    """uvicorn's request and its response, whose method `send` is; None for what wraps it."""
    return getattr(send, "__self__", None)


def _is_answered(send: Send) -> bool:
    """Whether the response has been sent, as uvicorn knows of every HTTP request."""
    return bool(getattr(_cycle(send), "response_complete", False))


@lru_cache(1024)
def _ends(told: bytes) -> tuple[Address, Address]:
    client, _, server = told.decode("latin-1").partition(" ")
    return _address(client), _address(server)


def _address(text: str) -> Address:
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def is_private(scope: Mapping[str, Any], folder: str | None) -> bool:
    """Return True if a request arrived on a Unix socket of the private folder.

    Args:
        scope: The request, as ASGI describes it.
        folder: The private folder of the sockets, if this process listens in it.
    """
    server = scope.get("server")
    return folder is not None and server is not None and server[1] is None and server[0].rpartition("/")[0] == folder


def is_forwarded(scope: Mapping[str, Any]) -> bool:
    """Whether a request came through a gateway, ours or any that says so."""
    return THROUGH in scope or any(name in _FORWARDED for name, _ in scope["headers"])
