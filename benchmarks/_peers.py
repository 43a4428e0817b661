"""The other side of every comparison: one server a process, on uvloop, answering the same order.

``python -m benchmarks._peers KIND SOCKET_OR_PORT`` is one of them; it says ``listening`` once it does.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path

import uvicorn
import uvloop

from benchmarks.market.prices.public import NewOrder, Order


def _answer(new: NewOrder) -> Order:
    return Order(id=7, item=new.item, quantity=new.quantity)


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]  # only passed on
        await super().startup(sockets)  # type: ignore[arg-type]  # as above
        print("listening", flush=True)


async def link(at: str) -> None:
    """Fissile's own link: the component prices on a Unix socket."""
    from benchmarks.market.main import app
    from fissile.project import View
    from fissile.runtime.server import config

    app.view = View("apart", live=frozenset({"prices"}))
    await _Server(config(app, uds=at, links=True, private=Path(at).parent, log_level="error")).serve()


async def fastapi(at: str) -> None:
    """A FastAPI route on a TCP port, as a team would write it today."""
    from fastapi import FastAPI

    app = FastAPI()

    @app.post("/orders")
    async def order(new: NewOrder) -> Order:
        return _answer(new)

    settings = uvicorn.Config(app, port=int(at), log_level="error", access_log=False)
    await _Server(settings).serve()


async def grpc(at: str) -> None:
    """grpc.aio on a Unix socket, raw bytes in and out: no message is even parsed."""
    import grpc as library

    async def order(request: bytes, context: object) -> bytes:
        return request

    handlers: dict[str, library.RpcMethodHandler[bytes, bytes]] = {
        "Order": library.unary_unary_rpc_method_handler(order)
    }
    server = library.aio.server()
    server.add_generic_rpc_handlers((library.method_handlers_generic_handler("Prices", handlers),))
    server.add_insecure_port(f"unix:{at}")
    await server.start()
    print("listening", flush=True)
    await server.wait_for_termination()


class _Echo(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)  # type: ignore[attr-defined]  # uvloop's transport is no subclass of asyncio's


async def echo(at: str) -> None:
    """What a round trip costs at least: bytes on a TCP port, sent back as they are."""
    server = await asyncio.get_running_loop().create_server(_Echo, "127.0.0.1", int(at))
    print("listening", flush=True)
    await server.serve_forever()


PEERS: dict[str, Callable[[str], Coroutine[object, object, None]]] = {
    "link": link,
    "fastapi": fastapi,
    "grpc": grpc,
    "echo": echo,
}


def end_with_the_parent() -> None:
    """Ends this process when the one that started it is gone, however that went."""

    def wait() -> None:
        sys.stdin.read()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


if __name__ == "__main__":
    end_with_the_parent()
    uvloop.run(PEERS[sys.argv[1]](sys.argv[2]))
