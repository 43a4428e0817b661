"""Whether the process lives, whether it is ready, and what it says of its peers."""

import asyncio
import importlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from httpx2 import ASGITransport, AsyncClient

from fissile import App
from fissile.project import Peer, View
from fissile.project.secrets import create_secret
from fissile.transports.link import LinkServer
from tests.runtime.projects import written
from tests.transports.wire import contract_of, listening, served

SECRET = "s3cret"
PUBLIC = """
from typing import Protocol

from fissile import Interface

class Stock(Interface, Protocol):
    async def count(self, item: str) -> int:
        ...

    async def move(self, item: str) -> None:
        ...
"""

STOCK = """
from fissile import Component

from .public import Stock

class Service(Stock):
    async def count(self, item: str) -> int:
        return 1

    async def move(self, item: str) -> None: ...

component = Component(provides={Stock: Service})
"""

ORDERS = """
from fissile import Component

from ..stock.public import Stock

component = Component(needs=[Stock])
"""


@pytest.fixture(autouse=True)
def secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator has made a secret."""
    create_secret(tmp_path / "link", SECRET)
    monkeypatch.setenv("FISSILE_SECRETS", str(tmp_path))


class Older:
    """A provider of another version."""

    async def count(self, item: str) -> int:
        return 7


@dataclass
class Orders:
    """A process with orders alone, whose stock would be at a socket."""

    app: App
    socket: Path
    package: str

    async def ready(self) -> tuple[int, dict[str, object]]:
        """Its readiness, as a trusted sender sees it."""
        async with AsyncClient(transport=ASGITransport(self.app), base_url="http://test") as client:
            answer = await client.get("/-/ready", headers={"fissile-secret": SECRET})
            return answer.status_code, answer.json()

    async def until(self, condition: Callable[[int, dict[str, object]], object]) -> tuple[int, dict[str, object]]:
        """Waits for a readiness."""
        async with asyncio.timeout(20):
            while not condition(*(found := await self.ready())):
                await asyncio.sleep(0.005)
        return found

    @property
    def interface(self) -> type[object]:
        """What it needs."""
        (interface,) = self.app.runtime.channels
        return interface


@pytest.fixture
async def orders(tmp_path: Path) -> AsyncIterator[Orders]:
    """A process that is started."""
    files = {"stock/public.py": PUBLIC, "stock/component.py": STOCK, "orders/component.py": ORDERS}
    with written(tmp_path, files) as package, TemporaryDirectory(prefix="fissile-") as folder:
        app, socket = App(package), Path(folder) / "s"
        app.view = View("apart", "", frozenset({"orders"}), {"stock": Peer("stock", (f"unix:{socket}",))})
        async with app.caller():
            yield Orders(app, socket, package)


@asynccontextmanager
async def stock(orders: Orders, interface: type[object], versions: tuple[int, ...] = (1,)) -> AsyncIterator[None]:
    """The peer, with a version of the interface and of the link."""
    orders.socket.unlink(missing_ok=True)
    server = LinkServer({"stock.Stock": served(interface, Older())})
    async with listening(server, orders.socket, versions):
        yield


AWAY = {"status": "away", "incompatible": {}}
CONNECTED = {"status": "connected", "incompatible": {}}


async def test_a_process_lives_whoever_is_away(orders: Orders) -> None:
    """It is started, and says so: processes may need each other."""
    async with AsyncClient(transport=ASGITransport(orders.app), base_url="http://test") as client:
        assert {"status": "live"} == (await client.get("/-/live")).json()


async def test_an_absence_delays_the_first_readiness_alone(orders: Orders) -> None:
    """A process is ready once its peers have answered; when one goes later that is told, and it stays ready."""
    status, body = await orders.ready()
    assert (503, "not ready", {"orders": "ready"}, {"stock": AWAY}) == (
        status,
        body["status"],
        body["components"],
        body["links"],
    )
    async with stock(orders, orders.interface):
        status, body = await orders.until(lambda status, _: status == 200)
        assert ("ready", {"stock": CONNECTED}) == (body["status"], body["links"])
    status, body = await orders.until(lambda _, body: body["links"] == {"stock": AWAY})
    assert (200, "ready") == (status, body["status"])
    async with stock(orders, orders.interface):
        await orders.until(lambda _, body: body["links"] == {"stock": CONNECTED})


async def test_an_incompatible_method_is_told(orders: Orders) -> None:
    """With its reason, and the process is ready: the others work."""

    async def count(self: object, item: str, size: int) -> int: ...  # type: ignore[empty-body]  # a declaration

    other = type("Stock", (), {"count": count, "__module__": __name__})
    async with stock(orders, other):
        _, body = await orders.until(lambda status, _: status == 200)
    assert contract_of(other).methods.keys() == {"count"}
    reasons = {
        "Stock.count": "arguments.size: required, but not always sent",
        "Stock.move": "the provider does not have it",
    }
    assert {"stock": {"status": "connected", "incompatible": reasons}} == body["links"]


async def test_a_peer_that_speaks_another_version_is_told(orders: Orders) -> None:
    """Every method is incompatible then; it is there, so it delays nothing."""
    async with stock(orders, orders.interface, (3, 2)):
        _, body = await orders.until(lambda status, _: status == 200)
    links = body["links"]
    assert isinstance(links, dict)
    assert "refused" == links["stock"]["status"]
    assert "Fissile-Versions: 3, 2" in links["stock"]["incompatible"]["*"]


@pytest.mark.parametrize("wire", [False, True])
async def test_a_process_that_has_everything(tmp_path: Path, wire: bool) -> None:
    """It has no links, is ready while its lifespan runs, and not before or after."""
    files = {"stock/public.py": PUBLIC, "stock/component.py": STOCK, "orders/component.py": ORDERS}
    with written(tmp_path, files) as package:
        app = App(package)
        app.view = View(wire=wire)
        process = Orders(app, tmp_path, package)
        components = {"orders": "not ready", "stock": "not ready"}
        assert (503, {"status": "not ready", "components": components, "links": {}}) == await process.ready()
        async with app.caller():
            components = {"orders": "ready", "stock": "ready"}
            assert (200, {"status": "ready", "components": components, "links": {}}) == await process.ready()
        assert 503 == (await process.ready())[0]


async def test_main_may_call_what_no_component_here_needs(tmp_path: Path) -> None:
    """`app.caller()` gives any interface in every placement, wherever it is provided."""
    files = {"stock/public.py": PUBLIC, "stock/component.py": STOCK, "orders/component.py": ORDERS}
    files["idle/component.py"] = "from fissile import Component\n\ncomponent = Component()\n"
    with written(tmp_path, files) as package, TemporaryDirectory(prefix="fissile-") as folder:
        app, socket = App(package), Path(folder) / "s"
        elsewhere = Peer("stock", (f"unix:{socket}",))
        app.view = View("apart", "", frozenset({"idle"}), {"stock": elsewhere, "orders": elsewhere})
        stock = importlib.import_module(f"{package}.stock.public").Stock
        async with app.caller() as call, listening(LinkServer({"stock.Stock": served(stock, Older())}), socket):
            assert 7 == await call(stock).count("bolt")
