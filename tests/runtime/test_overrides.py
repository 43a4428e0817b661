"""Fakes in the place of interfaces, through FastAPI's own `dependency_overrides`."""

from collections.abc import AsyncIterator, Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from fissile import App, CallError, ComponentError
from fissile.project import Placement
from tests.runtime.projects import written

PUBLIC = """
from typing import Protocol

from fissile import ComponentError, Interface, raises

class SoldOut(ComponentError):
    item: str

class Stock(Interface, Protocol):
    @raises(SoldOut)
    async def count(self, item: str) -> int:
        ...
"""

STOCK = """
from fissile import Component

from .public import Stock

class Service(Stock):
    async def count(self, item: str) -> int:
        return 1

component = Component(provides={Stock: Service})
"""

ORDERS_PUBLIC = """
from typing import Protocol

from fissile import Interface

class Orders(Interface, Protocol):
    async def left(self, item: str) -> int:
        ...
"""

ORDERS = """
from fissile import Component

from ..stock.public import Stock
from .public import Orders

class Service(Orders):
    def __init__(self, stock: Stock) -> None:
        self.stock = stock

    async def left(self, item: str) -> int:
        return await self.stock.count(item)

component = Component(provides={Orders: Service}, needs=[Stock])
"""


class Shop:
    """The application, its interfaces and its error."""

    def __init__(self, app: App, package: str) -> None:
        self.app = app
        stock, orders = import_module(f"{package}.stock.public"), import_module(f"{package}.orders.public")
        self.stock_interface: Callable[..., Any] = stock.Stock
        self.sold_out: type[ComponentError] = stock.SoldOut
        self.stock: Any = app.runtime.stub(stock.Stock)
        self.orders: Any = app.runtime.stub(orders.Orders)


@pytest.fixture(params=[False, True], ids=["together", "wire"])
async def shop(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Shop]:
    """Two components that call each other, in both placements of one process."""
    files = {
        "stock/public.py": PUBLIC,
        "stock/component.py": STOCK,
        "orders/public.py": ORDERS_PUBLIC,
        "orders/component.py": ORDERS,
    }
    with written(tmp_path, files) as package:
        app = App(package)
        app.placement = Placement(wire=request.param)
        async with app.caller():
            yield Shop(app, package)


class Fake:
    """Has as many as it was told."""

    def __init__(self, many: object = 40) -> None:
        self.many = many

    async def count(self, item: str) -> int:
        if isinstance(self.many, BaseException):
            raise self.many
        return self.many  # type: ignore[return-value]  # also what is no number


@pytest.mark.parametrize(
    ("fake", "expected"),
    [(Fake(41), 41), (Fake, 40), (lambda: Fake(42), 42)],
    ids=["object", "class", "factory"],
)
async def test_a_fake(shop: Shop, fake: object, expected: int) -> None:
    """It is called by whoever calls the interface, components that need it included, until it is taken away."""
    shop.app.dependency_overrides[shop.stock_interface] = fake  # type: ignore[assignment]  # FastAPI types them as callables
    assert (expected, expected) == (await shop.stock.count("a"), await shop.orders.left("a"))
    del shop.app.dependency_overrides[shop.stock_interface]
    assert (1, 1) == (await shop.stock.count("a"), await shop.orders.left("a"))


async def test_overrides_that_are_replaced_as_a_whole(shop: Shop) -> None:
    """Tests of FastAPI applications do so."""
    shop.app.dependency_overrides = {shop.stock_interface: Fake}
    assert 40 == await shop.orders.left("a")
    shop.app.dependency_overrides = {shop.stock_interface: lambda: Fake(41)}
    assert 41 == await shop.orders.left("a")
    shop.app.dependency_overrides = {}
    assert 1 == await shop.orders.left("a")


async def test_overrides_of_something_else(shop: Shop) -> None:
    """They are FastAPI's business."""
    shop.app.dependency_overrides = {print: Fake}
    assert 1 == await shop.orders.left("a")


async def test_a_fake_of_the_interface_itself(shop: Shop) -> None:
    """One that extends the interface works too, with state that the test reads afterwards."""
    kind = shop.stock_interface
    asked: list[str] = []

    async def count(self: object, item: str) -> int:
        asked.append(item)
        return 2

    fake = type("FakeStock", (kind,), {"count": count})  # type: ignore[arg-type]  # FastAPI's keys are callables
    shop.app.dependency_overrides[kind] = fake()
    assert 2 == await shop.orders.left("bolt")
    assert ["bolt"] == asked


async def test_what_a_fake_raises(shop: Shop) -> None:
    """A declared error reaches the caller; anything else is a failure of the call, as of a real provider."""
    shop.app.dependency_overrides[shop.stock_interface] = Fake(shop.sold_out(item="a"))  # type: ignore[assignment]  # an object
    with pytest.raises(shop.sold_out):
        await shop.stock.count("a")
    for wrong in (ValueError("no"), "many", KeyError("a")):
        shop.app.dependency_overrides[shop.stock_interface] = Fake(wrong)  # type: ignore[assignment]  # as above
        with pytest.raises(CallError, match="Stock") as caught:
            await shop.stock.count("a")
        assert ("call_failed", True) == (caught.value.code, caught.value.may_have_run)
