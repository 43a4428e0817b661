"""`/-/call` for debuggers, `/-/link` for peers, and who may reach them."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from httpx2 import ASGITransport, AsyncClient

from fissile import App, ConfigurationError
from fissile.project.secrets import create_secret
from fissile.runtime.by_name import call_json, method_named
from tests.runtime.projects import written
from tests.runtime.sockets import behind_uvicorn

PUBLIC = """
from typing import Protocol

from fissile import ComponentError, Interface, Value, raises

class Item(Value):
    name: str
    count: int = 1

class SoldOut(ComponentError):
    status = 409
    item: str

class Stock(Interface, Protocol):
    async def take(self, item: Item, note: str | None = None) -> Item:
        ...

    @raises(SoldOut)
    async def refuse(self, item: str) -> None:
        ...

class Prices(Interface, Protocol):
    async def of(self, item: str) -> int:
        ...
"""

COMPONENT = """
from fissile import Component

from .public import Item, Prices, SoldOut, Stock

class StockService(Stock):
    async def take(self, item: Item, note: str | None = None) -> Item:
        return item

    async def refuse(self, item: str) -> None:
        raise SoldOut(item=item)

class PriceService(Prices):
    async def of(self, item: str) -> int:
        return len(item)

component = Component(provides={Stock: StockService, Prices: PriceService})
"""

SECRET = {"fissile-secret": "s3cret"}
TAKE = {"item": {"name": "bolt"}}


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """An application of one component with two interfaces."""
    with written(tmp_path, {"stock/public.py": PUBLIC, "stock/component.py": COMPONENT}) as package:
        yield App(package)


@pytest.fixture
async def clients(app: App) -> AsyncIterator[tuple[AsyncClient, AsyncClient]]:
    """Over TCP, and over a Unix socket."""
    async with behind_uvicorn(app) as clients:
        yield clients


@pytest.fixture
def secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator has made a secret."""
    create_secret(tmp_path / "link", "s3cret")
    monkeypatch.setenv("FISSILE_SECRETS", str(tmp_path))


async def test_over_a_unix_socket(clients: tuple[AsyncClient, AsyncClient]) -> None:
    """Arguments and results are JSON; what is left out has its default, and does not count as set."""
    _, unix = clients
    found = await unix.post("/-/call/stock.take", json=TAKE)
    assert (200, {"name": "bolt", "count": 1, "_set": ["name"]}) == (found.status_code, found.json())
    again = await unix.post("/-/call/stock.take", json={"item": found.json()})
    assert found.json() == again.json()
    assert "application/json" == found.headers["content-type"]
    full = await unix.post("/-/call/stock.Prices.of", content=b'{"item": "bolt"}')
    assert (200, "4") == (full.status_code, full.text)


async def test_a_declared_error(clients: tuple[AsyncClient, AsyncClient]) -> None:
    """It is a problem document with its status."""
    refused = await clients[1].post("/-/call/stock.refuse", json={"item": "bolt"})
    assert (409, "sold_out") == (refused.status_code, refused.json()["code"])


async def test_no_call_over_tcp_without_a_secret(clients: tuple[AsyncClient, AsyncClient]) -> None:
    """Any web page could post one; nothing says that there is something."""
    tcp, _ = clients
    for headers in ({}, SECRET, {"fissile-secret": ""}):
        assert 404 == (await tcp.post("/-/call/stock.take", json=TAKE, headers=headers)).status_code


@pytest.mark.usefixtures("secret")
async def test_a_call_on_the_loopback_interface_with_the_secret(clients: tuple[AsyncClient, AsyncClient]) -> None:
    """The whole secret, and no other one."""
    tcp, _ = clients
    assert 200 == (await tcp.post("/-/call/stock.take", json=TAKE, headers=SECRET)).status_code
    for wrong in ({}, {"fissile-secret": ""}, {"fissile-secret": "s3cre"}, {"fissile-secret": "s3cret2"}):
        assert 404 == (await tcp.post("/-/call/stock.take", json=TAKE, headers=wrong)).status_code


@pytest.mark.usefixtures("secret")
@pytest.mark.parametrize(("host", "status"), [("127.0.0.1", 200), ("::1", 200), ("10.0.0.7", 404)])
async def test_the_secret_opens_nothing_from_elsewhere(app: App, host: str, status: int) -> None:
    """Whoever has it must be on this machine as well."""
    transport = ASGITransport(app, client=(host, 4242))
    async with app.caller(), AsyncClient(transport=transport, base_url="http://test") as client:
        assert status == (await client.post("/-/call/stock.take", json=TAKE, headers=SECRET)).status_code


@pytest.mark.usefixtures("secret")
async def test_a_secret_header_that_is_no_text(clients: tuple[AsyncClient, AsyncClient]) -> None:
    """Is simply wrong."""
    headers = [(b"fissile-secret", b"\xff\xfe")]
    assert 404 == (await clients[0].post("/-/call/stock.take", json=TAKE, headers=headers)).status_code


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "JSON"),
        (b"[]", "object"),
        (b"", "item: Field required"),
        (b'{"item": {}}', "item.name: Field required"),
        (b'{"item": {"name": 7}}', "item.name"),
        (b"\xff", "JSON"),
        (b"[" * 100_000, "JSON"),
        (b'{"item":' * 100_000, "JSON"),
        (b'{"item": {"name": "bolt", "count": ' + b"9" * 5_000 + b"}}", "JSON"),
        (b'{"item": {"name": "bolt", "count": 1e999}}', "item.count"),
        (b'{"item": {"name": "\\ud800"}}', "JSON"),
        (b'{"\\udfff": 1}', "JSON"),
        (b'{"item": NaN}', "item"),
        (b"\xef\xbb\xbf{}", "JSON"),
        (b"\x00", "JSON"),
    ],
    ids=lambda value: str(value[:40]),
)
async def test_arguments_that_do_not_fit(clients: tuple[AsyncClient, AsyncClient], content: bytes, said: str) -> None:
    """They are the caller's mistake, and it says which."""
    found = await clients[1].post("/-/call/stock.take", content=content)
    assert 422 == found.status_code
    assert said in found.json()["detail"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("stock.tak", "did you mean stock.take?"),
        ("stock", "there are stock.of, stock.refuse, stock.take"),
        ("nothing.like.it", "run `fissile list`"),
        ("%ff", "run `fissile list`"),
        ("%ED%A0%80", "run `fissile list`"),
        ("stock%00.take", "did you mean stock.take?"),
        ("a" * 30_000, "run `fissile list`"),
    ],
    ids=lambda value: value[:40],
)
async def test_a_method_that_there_is_not(clients: tuple[AsyncClient, AsyncClient], name: str, said: str) -> None:
    """The nearest one is named."""
    found = await clients[1].post(f"/-/call/{name}", json={})
    assert 404 == found.status_code
    assert said in found.json()["detail"]


async def test_calls_by_name_in_the_process(app: App) -> None:
    """As the command line makes them."""
    async with app.caller():
        assert b"4" == await call_json(app.runtime, "stock.of", b'{"item": "bolt"}')
        assert "Stock.take" == str(method_named(app.runtime, "stock.Stock.take"))
        with pytest.raises(ConfigurationError, match="did you mean"):
            method_named(app.runtime, "stok.take")


def test_one_name_for_several_methods(tmp_path: Path) -> None:
    """The full names are told."""
    public = PUBLIC.replace("async def of(self, item: str) -> int", "async def refuse(self, item: str) -> None")
    component = COMPONENT.replace("async def of(self, item: str) -> int", "async def refuse(self, item: str) -> None")
    files = {"stock/public.py": public, "stock/component.py": component}
    both = r"they are stock\.\w+\.refuse, stock\.\w+\.refuse"
    with written(tmp_path, files) as package, pytest.raises(ConfigurationError, match=both):
        method_named(App(package).runtime, "stock.refuse")


UPGRADE = {"connection": "Upgrade", "upgrade": "fissile", "fissile-versions": "1"}


async def test_no_link_over_tcp(clients: tuple[AsyncClient, AsyncClient]) -> None:
    """Not with the upgrade, not without it, not with a secret."""
    tcp, _ = clients
    for headers in (UPGRADE, {}, UPGRADE | SECRET):
        assert 404 == (await tcp.get("/-/link", headers=headers)).status_code


async def test_a_link_over_a_unix_socket_wants_the_upgrade(clients: tuple[AsyncClient, AsyncClient]) -> None:
    """Without it there is nothing; with versions that nobody speaks the answer says which there are."""
    _, unix = clients
    assert 404 == (await unix.get("/-/link")).status_code
    assert 404 == (await unix.get("/-/links", headers=UPGRADE)).status_code
    refused = await unix.get("/-/link", headers=UPGRADE | {"fissile-versions": "9"})
    assert (426, "1") == (refused.status_code, refused.headers["fissile-versions"])
