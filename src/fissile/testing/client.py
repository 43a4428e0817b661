"""Requests to the processes of a placement, each sent where the gateway would send it."""

from __future__ import annotations

from itertools import cycle
from urllib.parse import SplitResult, urlsplit

from httpx2 import AsyncBaseTransport, AsyncHTTPTransport, Request, Response

from ..generate.gateway import CLIENT, RESERVED, Gateway, unescaped

TESTER = "127.0.0.1:123"
"""Who asks; `httpx2.ASGITransport` calls itself so in one process."""


class GatewayTransport(AsyncBaseTransport):
    """Sends each request to the process that the gateway would choose; the reserved paths are the front's.

    Args:
        gateway: Which process gets which request.
    """

    def __init__(self, gateway: Gateway) -> None:
        self._front = gateway.front
        self._routes = sorted(gateway.routes.items(), key=lambda route: -len(route[0]))
        workers = {
            upstream.name: [_Worker(endpoint, upstream.is_elsewhere) for endpoint in upstream.endpoints]
            for upstream in gateway.upstreams
        }
        self._next = {name: cycle(several) for name, several in workers.items()}
        self._workers = [worker for several in workers.values() for worker in several]

    async def handle_async_request(self, request: Request) -> Response:
        """Sends one request; of several workers another one each time."""
        path = unescaped(request.url.raw_path.partition(b"?")[0]).decode("ascii")
        name = next((name for prefix, name in self._routes if _is_below(path, prefix)), self._front)
        return await next(self._next[name]).answer(request, is_reserved=_is_below(path, RESERVED))

    async def aclose(self) -> None:
        """Closes the connections."""
        for worker in self._workers:
            await worker.transport.aclose()


class _Worker:
    """Where one process listens.

    Args:
        endpoint: ``unix:/path``, ``http://host:port`` or ``https://host``.
        is_elsewhere: Whether the placement gives its address.
    """

    def __init__(self, endpoint: str, is_elsewhere: bool) -> None:
        self._is_elsewhere = is_elsewhere
        parts = urlsplit(endpoint)
        self._address: SplitResult | None = None if parts.scheme == "unix" else parts
        # To read all authorities of the system takes longer than many a test.
        self.transport = AsyncHTTPTransport() if self._address else AsyncHTTPTransport(uds=parts.path, verify=False)

    async def answer(self, request: Request, *, is_reserved: bool) -> Response:
        """Send it a request as the gateway does, which names the client over the sockets of the private folder."""
        url = request.url
        if self._address is not None:
            there = self._address
            request.url = url.copy_with(scheme=there.scheme, host=there.hostname, port=there.port)
        elif not (is_reserved or self._is_elsewhere):
            request.headers[CLIENT] = f"{TESTER} {url.host}:{url.port or 80}"
        return await self.transport.handle_async_request(request)


def _is_below(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(f"{prefix}/")
