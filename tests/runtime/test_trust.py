"""Which doors of a process open: for each kind of socket, with and without the secret, forwarded and not."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import uvicorn
from httpx2 import ASGITransport, AsyncClient, AsyncHTTPTransport

from fissile import App
from fissile.generate.gateway import CLIENT
from fissile.project.secrets import create_secret
from fissile.runtime.server import config
from tests.runtime.projects import written

PUBLIC = """
from typing import Protocol

from fissile import Interface

class Stock(Interface, Protocol):
    async def count(self) -> int:
        ...
"""

COMPONENT = """
from fastapi import APIRouter, Request

from fissile import Component

from .public import Stock

class StockService(Stock):
    async def count(self) -> int:
        return 7

router = APIRouter()

@router.get("/client")
async def client(request: Request) -> str | None:
    return request.client.host if request.client else None

component = Component(provides={Stock: StockService}, api=router)
"""

SECRET = "s3cret"
UPGRADE = {"connection": "Upgrade", "upgrade": "fissile", "fissile-versions": "1"}
FORWARDED = ("x-forwarded-for", "x-forwarded-proto", "forwarded", "via", CLIENT)
WAYS = ("private", "other", "tcp", "together over a socket", "together over tcp")
DETAILS = {"status": "ready", "components": {"stock": "ready"}, "links": {}}


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    """An application of one component; its operator has made a secret."""
    create_secret(tmp_path / "link", SECRET)
    monkeypatch.setenv("FISSILE_SECRETS", str(tmp_path))
    with written(tmp_path, {"stock/public.py": PUBLIC, "stock/component.py": COMPONENT}) as package:
        yield App(package)


@asynccontextmanager
async def reached(app: App, way: str) -> AsyncIterator[AsyncClient]:
    """A client of the process over one kind of socket."""
    with TemporaryDirectory(prefix="f-") as folder:
        (private := Path(folder) / "private").mkdir(mode=0o700)
        path = (private if way == "private" else Path(folder)) / "s"
        if "tcp" in way:
            listener = socket.create_server(("127.0.0.1", 0))
            url, transport = f"http://127.0.0.1:{listener.getsockname()[1]}", AsyncHTTPTransport()
        else:
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(str(path))
            url, transport = "http://stock.test", AsyncHTTPTransport(uds=str(path))
        links = "together" not in way
        server = uvicorn.Server(config(app, links=links, private=private, drain=0, log_level="critical"))
        serving = asyncio.create_task(server.serve([listener]))
        try:
            async with asyncio.timeout(20):
                while not server.started:
                    await asyncio.sleep(0.005)
            async with AsyncClient(base_url=url, transport=transport) as client:
                yield client
        finally:
            server.should_exit = True
            await serving


async def doors(client: AsyncClient, headers: Mapping[str, str]) -> dict[str, object]:
    """What opens, by the name of the door."""
    ready = await client.get("/-/ready", headers=headers)
    return {
        "call": (await client.post("/-/call/stock.count", json={}, headers=headers)).status_code,
        "openapi": (await client.get("/-/openapi", headers=headers)).status_code,
        "ready": ready.json() if ready.status_code == 200 else ready.status_code,
        "live": (await client.get("/-/live", headers=headers)).status_code,
        "metrics": (await client.get("/-/metrics", headers=headers)).status_code,
        "link": (await client.get("/-/link", headers={**headers, **UPGRADE})).status_code,
    }


def expected(*, trusted: bool, links: bool = True) -> dict[str, object]:
    """What opens to a trusted sender, and to a stranger."""
    return {
        "call": 200 if trusted else 404,
        "openapi": 200 if trusted else 404,
        "ready": DETAILS if trusted else {"status": "ready"},
        "live": 200,
        "metrics": 404,
        "link": 101 if trusted and links else 404,
    }


SHUT = dict.fromkeys(("call", "openapi", "ready", "live", "metrics"), 404)


@pytest.mark.parametrize("way", WAYS)
async def test_what_opens(app: App, way: str) -> None:
    """The private folder's sockets open everything, every other socket opens it to the secret alone."""
    async with reached(app, way) as client:
        for shown in (None, "", SECRET, SECRET[:-1], f"{SECRET}s"):
            headers = {} if shown is None else {"fissile-secret": shown}
            trusted = way == "private" or shown == SECRET
            assert expected(trusted=trusted, links="together" not in way) == await doors(client, headers)


@pytest.mark.parametrize("way", WAYS)
async def test_what_opens_to_what_was_forwarded(app: App, way: str) -> None:
    """Nothing does; a link comes through what ends TLS in front of the process, and shows the secret."""
    async with reached(app, way) as client:
        for header in FORWARDED:
            forwarded = {header: "127.0.0.1:1 127.0.0.1:2"}
            assert {**SHUT, "link": 404} == await doors(client, forwarded)
            link = 101 if way in ("other", "tcp") else 404
            assert {**SHUT, "link": link} == await doors(client, {**forwarded, "fissile-secret": SECRET})


@pytest.mark.parametrize("way", WAYS)
async def test_whom_a_process_takes_for_its_client(app: App, way: str) -> None:
    """The gateway's header is believed over the private folder's sockets alone, and is the application's elsewhere."""
    async with reached(app, way) as client:
        told = {CLIENT: "192.0.2.7:1 192.0.2.8:2"}
        believed = (await client.get("/stock/client", headers=told)).json()
        bare = (await client.get("/stock/client")).json()
    alone = "together over a socket"  # as under uvicorn
    assert ("192.0.2.7" if way == "private" else None if way == alone else "127.0.0.1") == believed
    assert (None if way in ("private", alone) else "127.0.0.1") == bare


async def test_a_proxy_on_this_machine_names_its_client(app: App) -> None:
    """Over a Unix socket as over the loopback interface: uvicorn believes what is on this machine."""
    for way in ("other", "tcp"):
        async with reached(app, way) as client:
            told = await client.get("/stock/client", headers={"x-forwarded-for": "192.0.2.7"})
        assert "192.0.2.7" == told.json()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "10.0.0.7"])
async def test_the_secret_opens_nothing_from_elsewhere(app: App, host: str) -> None:
    """A stranger on another machine learns that the process is ready, and no more, with the secret too."""
    async with app.caller():
        transport = ASGITransport(app, client=(host, 4242))
        async with AsyncClient(transport=transport, base_url="http://evil.test") as client:
            found = await doors(client, {"fissile-secret": SECRET})
    assert expected(trusted=host != "10.0.0.7", links=False) == found
