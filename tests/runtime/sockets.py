"""An application behind uvicorn, on real sockets, in the loop of the test."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import uvicorn
from httpx2 import AsyncClient, AsyncHTTPTransport

from fissile import App
from fissile.runtime.server import config


@asynccontextmanager
async def behind_uvicorn(app: App, at: Path | None = None) -> AsyncIterator[tuple[AsyncClient, AsyncClient]]:
    """Serves an application, links included.

    Args:
        app: The application.
        at: The path of its Unix socket, if another process has to know it.

    Yields:
        A client over TCP on the loopback interface, and one over a Unix socket.
    """
    with TemporaryDirectory(prefix="fissile-") as folder:  # a short path
        path = str(at or Path(folder) / "s")
        tcp, unix = socket.create_server(("127.0.0.1", 0)), socket.socket(socket.AF_UNIX)
        unix.bind(path)
        server = uvicorn.Server(config(app, links=True, private=Path(path).parent, drain=1, log_level="critical"))
        serving = asyncio.create_task(server.serve([tcp, unix]))
        try:
            async with asyncio.timeout(20):
                while not server.started:
                    await asyncio.sleep(0.005)
            url = f"http://127.0.0.1:{tcp.getsockname()[1]}"
            over_unix = AsyncHTTPTransport(uds=path)
            async with AsyncClient(base_url=url) as one, AsyncClient(base_url=url, transport=over_unix) as other:
                yield one, other
        finally:
            server.should_exit = True
            await serving
