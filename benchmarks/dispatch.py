"""What it costs a request that it is answered by a component.

In one process and one run, without a network: each side gets the same ASGI request, in alternating rounds, and the
numbers are the medians of the rounds' ratios. Repeat with ``make bench`` or ``python benchmarks/dispatch.py [--json]``.
"""

from __future__ import annotations

import gc
import importlib
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import uvloop
from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Scope

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks._report import Row, at_least, report  # run as a script, this file has no package

ROUNDS = 61
REQUESTS = 300  # a round: long against the clock's resolution, short against the noise of a shared machine

CAVEATS = (
    "Requests per second through the whole ASGI application, no socket and no server: a server adds the same to both\n"
    "sides and would hide the difference. Ratios; 1 is as fast, larger is faster."
)

COMPONENT = '''
"""A component that was made for a benchmark."""

from typing import Protocol

from fastapi import APIRouter

from fissile import Component, Interface, Provided, readonly


class Numbers(Interface, Protocol):
    """Something to ask for."""

    @readonly
    async def get(self, number: int) -> int:
        """The number."""
        ...


class Service(Numbers):
    """What is asked."""

    async def get(self, number: int) -> int:
        """The number."""
        return number


router = APIRouter()


@router.get("/first")
async def first() -> dict[str, str]:
    """A route before the one that is asked."""
    return {}


@router.post("/items")
async def add() -> dict[str, str]:
    """Another one."""
    return {}


@router.get("/items/{number}")
async def item(number: int) -> dict[str, int]:
    """What is asked."""
    return {"number": number}


@router.get("/provided/{number}")
async def provided(number: int, numbers: Provided[Numbers]) -> dict[str, int]:
    """The same with an interface."""
    return {"number": number}


component = Component(provides={Numbers: Service}, api=router)
'''


def application(folder: Path, components: int) -> FastAPI:
    """An application of as many components, through the public API."""
    package = f"bench_{components}"
    for number in range(components):
        component = folder / package / f"part_{number:02}"
        component.mkdir(parents=True)
        (component / "__init__.py").touch()
        (component / "component.py").write_text(COMPONENT, encoding="utf-8")
    (folder / package / "__init__.py").touch()
    (folder / package / "main.py").write_text("from fissile import App\n\napp = App(__package__)\n", encoding="utf-8")
    app = importlib.import_module(f"{package}.main").app
    assert isinstance(app, FastAPI)
    return app


def alone() -> FastAPI:
    """The same routes, declared on a FastAPI application of their own."""
    app = FastAPI()

    @app.get("/part-00/first")
    async def first() -> dict[str, str]:
        return {}

    @app.post("/part-00/items")
    async def add() -> dict[str, str]:
        return {}

    @app.get("/part-00/items/{number}")
    async def item(number: int) -> dict[str, int]:
        return {"number": number}

    return app


def scope(path: str) -> Scope:
    """A GET as uvicorn gives it."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"bench.test"), (b"user-agent", b"bench"), (b"accept", b"*/*")],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }


async def receive() -> Message:
    """An empty body."""
    return {"type": "http.request", "body": b"", "more_body": False}


async def answer(app: ASGIApp, path: str) -> bytes:
    """The body that comes back, to see that both sides do the same."""
    parts: list[bytes] = []

    async def send(message: Message) -> None:
        parts.append(message.get("body", b""))
        assert message.get("status", 200) == 200, message

    await app(scope(path), receive, send)
    return b"".join(parts)


async def discard(message: Message) -> None:
    """Takes what is sent."""


async def seconds(app: ASGIApp, path: str) -> float:
    """The processor time of one round: what else runs on the machine is not counted."""
    scopes = [scope(path) for _ in range(REQUESTS)]
    started = time.process_time()
    for each in scopes:
        await app(each, receive, discard)
    return time.process_time() - started


async def ratio(base: ASGIApp, base_path: str, ours: ASGIApp, our_path: str) -> float:
    """How many requests ours answers for each of the base, in the median round."""
    assert await answer(base, base_path) == await answer(ours, our_path)
    ratios = []
    for round_ in range(ROUNDS):
        gc.collect()
        if round_ % 2:
            ours_took = await seconds(ours, our_path)
            base_took = await seconds(base, base_path)
        else:
            base_took = await seconds(base, base_path)
            ours_took = await seconds(ours, our_path)
        ratios.append(base_took / ours_took)
    return statistics.median(ratios[1:])


async def measure(folder: Path) -> Sequence[Row]:
    """All rows."""
    one, fifty, base = application(folder, 1), application(folder, 50), alone()
    items, provided = "/part-00/items/7", "/part-00/provided/7"
    last = "/part-49/items/7"
    return [
        at_least(
            "a component inside App, 1 component, over FastAPI alone", await ratio(base, items, one, items), "x", 0.97
        ),
        at_least(
            "a component inside App, 50 components, over FastAPI alone",
            await ratio(base, items, fifty, last),
            "x",
            0.97,
        ),
        at_least("a route with Provided over the same without", await ratio(one, items, one, provided), "x", 0.85),
    ]


def main() -> None:
    """Measures and prints."""
    with tempfile.TemporaryDirectory() as folder:
        sys.path.insert(0, folder)
        report(uvloop.run(measure(Path(folder))), CAVEATS)


if __name__ == "__main__":
    main()
