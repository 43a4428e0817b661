"""The time in which an answer has to begin."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest
from httpx2 import ASGITransport, AsyncClient

from fissile import App
from tests.runtime.projects import written

PLACEMENTS = '[defaults]\nanswer = "200ms"\n'

COMPONENT = '''
"""Takes its time."""
import asyncio
from collections.abc import AsyncIterator
from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from fissile import Component
from tests.runtime.http import test_in_time as test

router = APIRouter()

@router.get("/quick")
async def quick() -> str:
    return "here"

@router.get("/slow")
async def slow() -> None:
    try:
        await asyncio.Event().wait()
    finally:
        test.CANCELLED.append("slow")

@router.get("/stubborn")
async def stubborn() -> str:
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        return "too late"

@router.get("/thread")
def thread() -> str:
    test.GO_ON.wait()
    return "too late"

@router.get("/stream")
async def stream() -> StreamingResponse:
    async def parts() -> AsyncIterator[bytes]:
        yield b"begun, "
        await asyncio.sleep(0.5)
        yield b"ended"
    return StreamingResponse(parts())

@router.post("/upload")
async def upload(request: Request) -> int:
    return len(await request.body())

component = Component(api=router)
'''

CANCELLED: list[str] = []
GO_ON = threading.Event()


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """An application whose answers begin within 200 ms."""
    CANCELLED.clear()
    GO_ON.clear()
    with written(tmp_path, {"clock/component.py": COMPONENT, "placements.toml": PLACEMENTS}) as package:
        yield App(package)


def client(app: App) -> AsyncClient:
    """A client of it."""
    return AsyncClient(transport=ASGITransport(app), base_url="http://test")


async def test_what_takes_too_long_is_answered_for(app: App) -> None:
    """504 as a problem document, and its work is cancelled, also if it does not want that."""
    async with client(app) as asking:
        assert (200, "here") == ((quick := await asking.get("/clock/quick")).status_code, quick.json())
        for path in ("slow", "stubborn"):
            late = await asking.get(f"/clock/{path}")
            said = (late.status_code, late.json()["code"], late.headers["content-type"])
            assert (504, "deadline_exceeded", "application/problem+json") == said
    assert ["slow"] == CANCELLED


async def test_a_thread_that_takes_too_long(app: App) -> None:
    """It is answered for although nothing can end it, and what it returns later goes nowhere."""
    answered: list[int] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            answered.append(message["status"])
        elif not message.get("more_body"):
            GO_ON.set()

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {"type": "http", "method": "GET", "path": "/clock/thread", "headers": [], "query_string": b""}
    more = {
        "http_version": "1.1",
        "scheme": "http",
        "server": ("test", 80),
        "client": ("127.0.0.1", 1),
        "root_path": "",
    }
    await app({**scope, **more}, receive, send)
    assert [504] == answered


async def test_an_answer_that_has_begun_may_last(app: App) -> None:
    """Longer than the time in which it had to begin."""
    async with client(app) as asking:
        assert "begun, ended" == (await asking.get("/clock/stream")).text


async def test_the_time_of_the_client_does_not_count(app: App) -> None:
    """An upload may take longer."""

    async def body() -> AsyncIterator[bytes]:
        for _ in range(4):
            await asyncio.sleep(0.1)
            yield b"x"

    async with client(app) as asking:
        assert 4 == (await asking.post("/clock/upload", content=body())).json()


async def test_a_cancellation_from_outside(app: App) -> None:
    """It is one, as without a time."""
    async with client(app) as asking:
        task = asyncio.create_task(asking.get("/clock/slow"))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
