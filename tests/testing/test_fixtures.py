"""What the fixtures of the plugin give, in both placements."""

import asyncio

import pytest
from httpx2 import AsyncClient
from starlette.testclient import TestClient

from fissile import App, Provided
from fissile.runtime.caller import Caller

from .depot.sales.public import Sales
from .depot.stock.public import Item, Stock, UnknownItem

pytestmark = pytest.mark.parametrize("fissile_placement", ["together", "wire"], indirect=True)


class FakeStock:
    """A stock that has everything."""

    async def get(self, id: int) -> Item:  # noqa: A002  # as in the interface
        """Whatever is asked for."""
        return Item(id=id, name="fake")


@pytest.fixture
async def bolt(whatever: "Provided[Stock]") -> Item:
    """An item, from a stub whose annotation is a string."""
    return await whatever.add("bolt")


@pytest.fixture
def own() -> str:
    """A fixture of the project."""
    return "mine"


class TestMethods:
    """Test methods ask as functions do."""

    async def test_label(self, bolt: Item, selling: Provided[Sales]) -> None:
        """A stub is given to fixtures and to methods, under any name."""
        assert "bolt" == await selling.label(bolt.id)


async def test_a_fixture_of_the_project_goes_first(stock: Provided[Stock], own: Provided[Sales]) -> None:
    """A project may put something of its own in the place of a stub."""
    assert 0 == await stock.count()
    assert "mine" == str(own)


@pytest.mark.parametrize("time", [1, 2])
async def test_data_is_clean(stock: Provided[Stock], time: int) -> None:
    """Each test finds empty tables, and ids that begin at 1."""
    assert (0, 1, 2) == (await stock.count(), (await stock.add("bolt")).id, (await stock.add("nut")).id)


async def test_client(client: AsyncClient, bolt: Item) -> None:
    """The client reaches every component over HTTP; an error inside is a response."""
    assert bolt.model_dump() == (await client.get("/stock/1")).json()
    assert "bolt" == (await client.get("/sales/1/label")).json()
    assert 404 == (await client.get("/stock/2")).status_code
    assert 500 == (await client.get("/sales/broken")).status_code


async def test_call(app: App, call: Caller) -> None:
    """`call` gives any interface of the application, which runs meanwhile."""
    assert "sold out" == await call(Sales).label(1)
    assert app.runtime.running


def test_without_async(app: App, fissile_placement: str) -> None:
    """A test that is not async uses Starlette's client."""
    with TestClient(app) as client:
        assert "sold out" == client.get("/sales/1/label").json()


@pytest.mark.parametrize("fake", [FakeStock(), FakeStock, lambda: FakeStock()])
async def test_fake(app: App, client: AsyncClient, sales: Provided[Sales], fake: object) -> None:
    """A fake stands in for an interface, as an object, a class or a factory."""
    app.dependency_overrides[Stock] = fake  # type: ignore[assignment]  # FastAPI types them as callables
    assert "fake" == await sales.label(1)
    assert "fake" == (await client.get("/stock/1")).json()["name"]


@pytest.mark.parametrize("time", [1, 2])
async def test_fakes_are_taken_back(app: App, sales: Provided[Sales], time: int) -> None:
    """A fake does not outlive its test, not even one in overrides that were replaced as a whole."""
    assert "sold out" == await sales.label(1)
    app.dependency_overrides = {Stock: FakeStock}
    assert "fake" == await sales.label(1)


async def test_idempotent_calls_are_repeated_in_wire(stock: Provided[Stock], fissile_placement: str) -> None:
    """In `wire` every idempotent call runs twice; together, and where a method is not marked, once."""
    runs = {"together": 1, "wire": 2}[fissile_placement]
    await stock.count_runs()
    await stock.rename(1, "nut")
    assert runs == await stock.count_runs()
    with pytest.raises(UnknownItem):
        await stock.get(1)
    assert runs == await stock.count_runs()
    await stock.add("bolt")
    assert 1 == await stock.count()


async def test_asyncio(stock: Provided[Stock]) -> None:
    """Tests run on asyncio, for which Fissile is written."""
    assert asyncio.get_running_loop().is_running()
