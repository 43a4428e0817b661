"""The shop as one process, as a process for each component, and as three services written by hand.

Every side is started afresh in every round, alone and with empty databases, filled, warmed up and asked; the sides
alternate. Repeat with ``make bench`` or ``python benchmarks/placements.py [--rounds N] [--seconds S] [--json]``.
"""

from __future__ import annotations

import argparse
import http.client
import json
import signal
import statistics
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import _nginx
from benchmarks._load import CONNECTIONS, Load, load, request
from benchmarks._processes import megabytes, processor_seconds
from benchmarks._report import Row, at_least, report
from benchmarks._sides import Side, behind_nginx, sides

SUPPLIERS = range(1, 101)
NOT_COMPARED = 4

CAVEATS = f"""\
Medians of the rounds; ratios are medians of each round's ratio. {CONNECTIONS} connections with keep-alive, in a
closed loop: an answer that is late delays its connection's next request, so p99 is kinder than to users who do not
wait for each other. The load comes from one process on the same machine and the same cores, and costs every side the
same. Together has no gateway, and one process; apart is three, Envoy and the supervisor; by hand it is three services
and nginx: what is spread over more processes can use more cores, so beside each rate stands the processor time of all
processes of the side for one request, in milliseconds (Linux). By hand: FastAPI with SQLAlchemy and aiosqlite, the
same tables, checks, pragmas and answers, a session for each request by `Depends`, one shared client with keep-alive;
uvicorn with uvloop and httptools. Services, client and nginx talk over Unix sockets, over which they take more orders
than over TCP; their pools are SQLAlchemy's own (smaller ones made p99 better and no more orders). httpx is slow at
many callers by its own making, so that its ratio says as much about httpx as about links; httpx2 stands beside it. No
side writes an access log; FISSILE_MODE=production. SQLite has one writer at a time, and WAL here no sync for each
commit: another database would add its own time to every side, and the ratios would be others. Envoy against nginx: in
front of the same processes, in the same round. Memory: all processes of a side after the load; pages that processes
share are split among them (Linux)."""


@dataclass(frozen=True)
class Ask:
    """What is asked.

    Attributes:
        what: What it is called.
        requests: The requests, in their order.
        status: How they are answered.
    """

    what: str
    requests: tuple[bytes, ...]
    status: int


def _order(supplier_id: int, quantity: int = 3) -> bytes:
    return json.dumps({"supplier_id": supplier_id, "item": "bolt", "quantity": quantity}).encode()


POST = Ask("POST /orders", tuple(request("POST", "/orders", _order(number)) for number in SUPPLIERS), 201)
GET = Ask("GET /suppliers/{id}", tuple(request("GET", f"/suppliers/{number}") for number in SUPPLIERS), 200)


@dataclass
class Found:
    """What came of one side, round by round.

    Attributes:
        loads: By what was asked.
        costs: Seconds of processor time for each request, by what was asked.
        memory: Megabytes.
    """

    loads: dict[str, list[Load]] = field(default_factory=lambda: {POST.what: [], GET.what: []})
    costs: dict[str, list[float]] = field(default_factory=lambda: {POST.what: [], GET.what: []})
    memory: list[float] = field(default_factory=list)

    def rates(self, ask: Ask) -> list[float]:
        """Requests per second."""
        return [each.rate for each in self.loads[ask.what]]


class Benchmark:
    """All sides, and what came of them.

    Args:
        nginx: The program; None where there is none.
        seconds: How long each load is.
    """

    def __init__(self, nginx: str | None, seconds: float) -> None:
        self.found = {name: Found() for name in sides(nginx)}
        self.gateways: list[float] = []
        self._nginx = nginx
        self._seconds = seconds

    def round(self) -> None:
        """Measures every side once."""
        for name, start in sides(self._nginx).items():
            with start() as side:
                fill(side.port)
                for ask in (POST, GET):
                    self._ask(side, ask, self.found[name])
                self.found[name].memory.append(megabytes(side.roots))
                if name == "apart" and self._nginx is not None:
                    self._compare_gateways(side, self._nginx)

    def _ask(self, side: Side, ask: Ask, found: Found) -> None:
        self._warm_up(side, ask)
        before = processor_seconds(side.roots)
        done = load(side.port, ask.requests, ask.status, self._seconds)
        found.costs[ask.what].append((processor_seconds(side.roots) - before) / done.requests)
        found.loads[ask.what].append(done)

    def _warm_up(self, side: Side, ask: Ask) -> None:
        load(side.port, ask.requests, ask.status, self._seconds / 3)

    def _compare_gateways(self, side: Side, nginx: str) -> None:
        """Envoy and nginx in turn, each of them first in every other round."""
        with behind_nginx(side, nginx) as other:
            both = [side, other] if len(self.gateways) % 2 else [other, side]
            rates = {}
            for each in both:
                self._warm_up(each, GET)
                rates[each.port] = load(each.port, GET.requests, GET.status, self._seconds).rate
            self.gateways.append(rates[side.port] / rates[other.port])

    def rows(self) -> list[Row]:
        """The goals, then what they are made of."""
        return [*self._goals(), *(row for name, found in self.found.items() for row in _scale(name, found))]

    def _goals(self) -> Iterable[Row]:
        if self._nginx is not None:
            yield at_least(
                "POST /orders: apart over by hand, httpx", self._ratio("apart", "by hand, httpx"), "times", 3
            )
        yield at_least("POST /orders: together over apart", self._ratio("together", "apart"), "times", 1.5)
        if self._nginx is not None:
            through = statistics.median(self.gateways)
            yield at_least("GET /suppliers/{id}: apart through Envoy over through nginx", through, "times", 0.85)
            httpx2 = self._ratio("apart", "by hand, httpx2")
            yield _for_scale("POST /orders: apart over by hand, httpx2", round(httpx2, 2), "times")

    def _ratio(self, ours: str, other: str) -> float:
        return _median_ratio(self.found[ours].rates(POST), self.found[other].rates(POST))


def _median_ratio(ours: Sequence[float], others: Sequence[float]) -> float:
    return statistics.median(mine / theirs for mine, theirs in zip(ours, others, strict=True))


def _scale(name: str, found: Found) -> Iterable[Row]:
    for what, loads in found.loads.items():
        yield _for_scale(f"{name}: {what}", round(statistics.median(each.rate for each in loads)), "req/s")
        yield _for_scale(f"{name}: {what}, median", _milliseconds(each.median for each in loads), "ms")
        yield _for_scale(f"{name}: {what}, p99", _milliseconds(each.p99 for each in loads), "ms")
        if any(found.costs[what]):
            yield _for_scale(f"{name}: {what}, processor time", _milliseconds(found.costs[what]), "ms")
    yield _for_scale(f"{name}: memory", round(statistics.median(found.memory), 1), "MB")


def _for_scale(what: str, measured: float, unit: str) -> Row:
    return Row(what, measured, unit, "for scale", True)


def _milliseconds(seconds: Iterable[float]) -> float:
    return round(1000 * statistics.median(seconds), 2)


def fill(port: int) -> None:
    """Adds the suppliers, and looks whether a side answers as the others do.

    Raises:
        AssertionError: It does not.
    """
    for number in SUPPLIERS:
        supplier = {"name": f"Supplier {number}", "city": "Bonn"}
        added = {"id": number, **supplier}
        assert (201, added) == _answer(port, "POST", "/suppliers", json.dumps(supplier).encode())
        assert (200, added) == _answer(port, "GET", f"/suppliers/{number}")
    order = {"id": 1, "supplier_id": 1, "item": "bolt", "quantity": 3, "status": "open"}
    assert (201, order) == _answer(port, "POST", "/orders", _order(1))
    refused = [_order(SUPPLIERS.stop), _order(1, 1_001), _order(1, 0), b"{"]
    assert [422] * 4 == [_answer(port, "POST", "/orders", body)[0] for body in refused]
    assert 404 == _answer(port, "GET", f"/suppliers/{SUPPLIERS.stop}")[0]


def _answer(port: int, method: str, path: str, body: bytes | None = None) -> tuple[int, object]:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="how often each side is started and asked (5)")
    parser.add_argument("--seconds", type=float, default=3, help="how long each load is (3)")
    parser.add_argument("--json", action="store_true", help="print the rows for programs")
    return parser.parse_args()


def main() -> None:
    """Measures and prints."""
    arguments = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that every side is ended
    nginx = _nginx.find()
    benchmark = Benchmark(nginx, arguments.seconds)
    try:
        for _ in range(arguments.rounds):
            benchmark.round()
    except KeyboardInterrupt:
        sys.exit(130)
    report(benchmark.rows(), CAVEATS)
    if nginx is None:
        print(_nginx.MISSING, file=sys.stderr)
        sys.exit(NOT_COMPARED)


if __name__ == "__main__":
    main()
