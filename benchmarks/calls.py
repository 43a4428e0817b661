"""What a call costs, local and remote.

Every peer is a process of its own; this process asks all of them in turn, in rounds, so that the machine's moods hit
every side alike. Repeat with ``make bench`` or ``python benchmarks/calls.py [--json]``.
"""

from __future__ import annotations

import asyncio
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

import uvloop

sys.path.insert(0, str(Path(__file__).parents[1]))
os.environ["FISSILE_MODE"] = "production"  # development also measures every message against the limit of a link

import grpc
import httpx
import httpx2

from benchmarks._report import Row, at_least, at_most, report
from benchmarks.market.main import app
from benchmarks.market.prices.component import PriceService
from benchmarks.market.prices.public import NewOrder, Order, Page, Prices
from fissile.project import Peer, View
from fissile.runtime.caller import Caller

ROUNDS = 7
CALLERS = 16
NEW = NewOrder(item="bolt", quantity=3)
BODY = NEW.model_dump_json().encode()
Ask = Callable[[], Awaitable[object]]

CAVEATS = """\
Medians over rounds in which the sides alternate; calls/s with 16 callers on one connection or one client; client and
server are a process each on one machine, uvloop on both sides. HTTP goes over TCP with keep-alive, as its users run
it; the link and gRPC over Unix sockets, the echo over TCP. gRPC carries bytes that nobody parses; the link checks and
copies typed values on both sides. httpx is slow at 16 callers by its own making, so that its ratio says as much about
httpx as about the link; httpx2 stands beside it. FISSILE_MODE=production: in development every local call is measured
against the message limit as well."""


@contextmanager
def peer(kind: str, at: str) -> Iterator[str]:
    """One of the servers."""
    command = [sys.executable, "-m", "benchmarks._peers", kind, at]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[1])
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == b"listening\n", f"{kind} did not start"
        yield at
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        assert process.stdin is not None
        process.stdin.close()


def free_port() -> str:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return str(found.getsockname()[1])


async def throughput(ask: Ask, calls: int) -> float:
    """Calls per second with all callers."""

    async def many() -> None:
        for _ in range(calls // CALLERS):
            await ask()

    start = time.perf_counter()
    await asyncio.gather(*(many() for _ in range(CALLERS)))
    return calls // CALLERS * CALLERS / (time.perf_counter() - start)


async def latency(ask: Ask, calls: int) -> float:
    """The median of one caller, in seconds."""
    times = []
    for _ in range(calls):
        start = time.perf_counter()
        await ask()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


class EchoClient(asyncio.Protocol):
    """Sends bytes and waits for as many."""

    def __init__(self) -> None:
        self.answer: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Called by the loop."""
        if self.answer is not None:
            self.answer.set_result(None)

    async def ask(self) -> None:
        """One round trip."""
        self.answer = asyncio.get_running_loop().create_future()
        self.transport.write(BODY)  # type: ignore[attr-defined]  # uvloop's transport is no subclass of asyncio's
        await self.answer


async def remote() -> list[Row]:
    """The rows of remote calls."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="fissile-"))
        at = stack.enter_context(peer("link", f"{folder}/link.sock"))
        http = f"http://127.0.0.1:{stack.enter_context(peer('fastapi', free_port()))}/orders"
        rpc = stack.enter_context(peer("grpc", f"{folder}/grpc.sock"))
        echo_port = int(stack.enter_context(peer("echo", free_port())))

        app.view = View("apart", live=frozenset({"desk"}), peers={"prices": Peer("prices", (f"unix:{at}",))})
        call: Caller = await stack.enter_async_context(app.caller())
        prices = call(Prices)
        old = await stack.enter_async_context(httpx.AsyncClient())
        new = await stack.enter_async_context(httpx2.AsyncClient())
        channel = await stack.enter_async_context(grpc.aio.insecure_channel(f"unix:{rpc}"))
        order: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary("/Prices/Order")
        _, echo = await asyncio.get_running_loop().create_connection(EchoClient, "127.0.0.1", echo_port)

        async def by_link() -> None:
            assert (await prices.order(NEW)).id == 7

        async def by_httpx() -> None:
            assert Order.model_validate_json((await old.post(http, json=NEW.model_dump())).content).id == 7

        async def by_httpx2() -> None:
            assert Order.model_validate_json((await new.post(http, json=NEW.model_dump())).content).id == 7

        async def by_grpc() -> None:
            await order(BODY)

        sides: dict[str, tuple[Ask, int]] = {
            "link": (by_link, 16_000),
            "httpx": (by_httpx, 800),
            "httpx2": (by_httpx2, 1_600),
            "grpc": (by_grpc, 4_800),
        }
        for ask, calls in sides.values():
            await throughput(ask, calls // 4)
        ratios: dict[str, list[float]] = {name: [] for name in sides}
        medians: list[float] = []
        speeds: list[float] = []
        for _ in range(ROUNDS):
            found = {name: await throughput(ask, calls) for name, (ask, calls) in sides.items()}
            for name in sides:
                ratios[name].append(found["link"] / found[name])
            speeds.append(found["link"])
            medians.append(await latency(by_link, 3_000) / await latency(echo.ask, 3_000))
        link_speed = statistics.median(speeds)
        return [
            Row("remote typed call", round(link_speed), "calls/s", "for scale", True),
            at_least("remote call over FastAPI + httpx, 16 callers", statistics.median(ratios["httpx"]), "times", 40),
            Row(
                "remote call over FastAPI + httpx2, 16 callers",
                round(statistics.median(ratios["httpx2"]), 1),
                "times",
                "for scale",
                True,
            ),
            at_least("remote call over grpc.aio with raw bytes", statistics.median(ratios["grpc"]), "times", 10),
            at_most("remote call's median over a TCP echo's", statistics.median(medians), "times", 2.5),
        ]


async def local() -> list[Row]:
    """The row of local calls."""
    runtime = app.runtime
    service = PriceService()
    orders = tuple(Order(id=number, item="bolt", quantity=number) for number in range(12))
    page = Page(text="x" * 500, orders=orders)
    stub = Caller(runtime)(Prices)
    extra = []
    for _ in range(ROUNDS * 3):
        through = await _each(stub.page, page)
        extra.append(through - await _each(service.page, page))
    return [at_most("local call of 1 KB over calling the object", statistics.median(extra) * 1e6, "us", 10)]


async def _each(ask: Callable[[Page], Awaitable[Page]], page: Page, calls: int = 4_000) -> float:
    start = time.perf_counter()
    for _ in range(calls):
        await ask(page)
    return (time.perf_counter() - start) / calls


def main() -> None:
    """Measures and prints."""
    if "--local" in sys.argv:
        report(uvloop.run(local()), CAVEATS)
        return
    rows = uvloop.run(remote())
    # The application is placed once a process: the local row has one of its own.
    done = subprocess.run(
        [sys.executable, __file__, "--local", "--json"], check=True, capture_output=True, text=True, env=os.environ
    )
    import json

    report([*rows, *(Row(**row) for row in json.loads(done.stdout))], CAVEATS)


if __name__ == "__main__":
    main()
