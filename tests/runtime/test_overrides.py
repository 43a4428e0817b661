"""Fakes in the place of interfaces, ports and settings, through FastAPI's own `dependency_overrides`."""

from collections.abc import AsyncIterator, Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from fissile import App, CallError, ComponentError
from fissile.errors import CallFailed
from fissile.project import View
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
        app.view = View(wire=request.param)
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


async def test_a_class_is_made_for_each_call(shop: Shop) -> None:
    """As a component's own class is."""
    made: list[object] = []

    class Counted(Fake):
        def __init__(self) -> None:
            super().__init__(40)
            made.append(self)

    shop.app.dependency_overrides[shop.stock_interface] = Counted
    assert [40, 40] == [await shop.orders.left("a"), await shop.orders.left("a")]
    assert 2 == len(made)


async def test_a_fake_of_the_class_that_implements_an_interface(shop: Shop) -> None:
    """It is called instead of it."""
    (implementation,) = shop.app.runtime.live["stock"].declaration.provides.values()
    shop.app.dependency_overrides[implementation] = Fake
    assert 40 == await shop.orders.left("a")
    shop.app.dependency_overrides.clear()
    assert 1 == await shop.orders.left("a")


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


PAY_PUBLIC = """
from typing import Protocol

from fissile import Interface, readonly

class Pay(Interface, Protocol):
    async def pay(self, fail: bool = False) -> list[str]:
        ...

    @readonly
    async def paid(self) -> int:
        ...
"""

PAY = """
from collections.abc import AsyncIterator
from itertools import count
from typing import Protocol

from fissile import Component, Database
from pydantic_settings import BaseSettings
from sqlalchemy import Column, Integer, MetaData, Table, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from .public import Pay

events: list[str] = []
metadata = MetaData()
rows = Table("rows", metadata, Column("id", Integer, primary_key=True))

class Wishes(BaseSettings):
    shop: str = "real shop"

class Gateway(Protocol):
    async def charge(self) -> str: ...

class Journal:
    def __init__(self) -> None:
        events.append("opened")
        self.numbers = count(1)

class Mail(Protocol):
    gateway: Gateway

class Letters:
    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway

class RealGateway:
    def __init__(self, wishes: Wishes) -> None:
        events.append("connected")
        self.shop = wishes.shop

    async def charge(self) -> str:
        return f"charged for {self.shop}"

async def journal(wishes: Wishes) -> AsyncIterator[Journal]:
    yield Journal()
    events.append("closed")

class Counter(Protocol):
    async def counted(self) -> int: ...

class SessionCounter:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def counted(self) -> int:
        return (await self.session.scalars(select(func.count()).select_from(rows))).one()

class Rows:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def add(self) -> None:
        await self.session.execute(insert(rows))

class Service(Pay):
    def __init__(self, rows: Rows, counter: Counter, mail: Mail, journal: Journal, wishes: Wishes) -> None:
        self.rows, self.counter, self.mail, self.journal, self.wishes = rows, counter, mail, journal, wishes

    async def pay(self, fail: bool = False) -> list[str]:
        await self.rows.add()
        charged = await self.mail.gateway.charge()
        if fail:
            raise ValueError("no")
        return [charged, self.wishes.shop, str(next(self.journal.numbers))]

    async def paid(self) -> int:
        return await self.counter.counted()

component = Component(
    provides={Pay: Service},
    binds={Gateway: RealGateway, Mail: Letters, Journal: journal, Counter: SessionCounter},
    settings=Wishes,
    database=Database(metadata),
)
"""


class Payment:
    """The application, its one interface, and the module of its component."""

    def __init__(self, app: App, package: str) -> None:
        self.app = app
        self.component: Any = import_module(f"{package}.pay.component")
        self.pay: Any = app.runtime.stub(import_module(f"{package}.pay.public").Pay)


@pytest.fixture(params=[False, True], ids=["together", "wire"])
async def payment(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Payment]:
    """A component with ports, settings and a database, in both placements of one process."""
    with written(tmp_path, {"pay/public.py": PAY_PUBLIC, "pay/component.py": PAY}) as package:
        app = App(package)
        app.view = View(wire=request.param)
        async with app.caller():
            yield Payment(app, package)


class FakeGateway:
    """Charges nobody, and counts."""

    def __init__(self, name: str = "a class") -> None:
        self.name = name
        self.charged = 0

    async def charge(self) -> str:
        self.charged += 1
        return f"{self.name}, {self.charged}"


REAL = ["charged for real shop", "real shop"]


@pytest.mark.parametrize(
    ("fake", "expected"),
    [
        (lambda: FakeGateway("an object"), "an object"),
        (lambda: FakeGateway, "a class"),
        (lambda: lambda: FakeGateway("a factory"), "a factory"),
        (lambda: partial(FakeGateway, "a partial"), "a partial"),
    ],
    ids=["object", "class", "factory", "partial"],
)
async def test_a_fake_of_a_port(payment: Payment, fake: Callable[[], Any], expected: str) -> None:
    """The component and its other ports are given it, one for as long as it is there; the real one is not made."""
    payment.app.dependency_overrides[payment.component.Gateway] = fake()
    assert [f"{expected}, 1", "real shop", "1"] == await payment.pay.pay()
    assert [f"{expected}, 2", "real shop", "2"] == await payment.pay.pay()
    assert ["opened"] == payment.component.events
    del payment.app.dependency_overrides[payment.component.Gateway]
    assert [*REAL, "3"] == await payment.pay.pay()
    assert ["opened", "connected"] == payment.component.events


async def test_a_fake_of_a_port_after_the_real_one(payment: Payment) -> None:
    """It does not matter that the real one was called before."""
    assert [*REAL, "1"] == await payment.pay.pay()
    payment.app.dependency_overrides = {payment.component.Gateway: FakeGateway}
    assert ["a class, 1", "real shop", "2"] == await payment.pay.pay()
    payment.app.dependency_overrides = {payment.component.Gateway: lambda: FakeGateway("other")}
    assert ["other, 1", "real shop", "3"] == await payment.pay.pay()
    payment.app.dependency_overrides = {}
    assert [*REAL, "4"] == await payment.pay.pay()


async def test_fakes_of_settings(payment: Payment) -> None:
    """Whatever is made of settings is made of these: an object, a class, or what a factory makes."""
    wishes = payment.component.Wishes
    for fake in (wishes(shop="fake"), type("Fake", (wishes,), {"shop": "fake", "__annotations__": {"shop": str}})):
        payment.app.dependency_overrides[wishes] = fake
        assert ["charged for fake", "fake"] == (await payment.pay.pay())[:2]
    payment.app.dependency_overrides[wishes] = lambda: wishes(shop="other")
    assert ["charged for other", "other"] == (await payment.pay.pay())[:2]
    payment.app.dependency_overrides[payment.component.Gateway] = FakeGateway
    assert ["a class, 1", "other"] == (await payment.pay.pay())[:2]
    payment.app.dependency_overrides.clear()
    assert REAL == (await payment.pay.pay())[:2]


async def test_a_fake_of_a_class_of_the_component(payment: Payment) -> None:
    """What a constructor asks for can be faked even if it is no port."""

    class NoRows:
        async def add(self) -> None:
            pass

    payment.app.dependency_overrides[payment.component.Rows] = NoRows
    await payment.pay.pay()
    assert 0 == await payment.pay.paid()


async def test_the_unit_of_work_around_a_fake(payment: Payment) -> None:
    """It is committed and rolled back as ever."""
    payment.app.dependency_overrides[payment.component.Gateway] = FakeGateway
    await payment.pay.pay()
    with pytest.raises(CallFailed):
        await payment.pay.pay(fail=True)
    assert 1 == await payment.pay.paid()
    payment.app.dependency_overrides.clear()
    assert 1 == await payment.pay.paid()


async def test_a_fake_that_cannot_be_made(payment: Payment) -> None:
    """The caller is told why, and the component has not run."""

    def broken() -> object:
        raise ValueError("no gateway today")

    payment.app.dependency_overrides[payment.component.Gateway] = broken
    with pytest.raises(CallFailed, match="a fake for pay could not be made: ValueError: no gateway today") as caught:
        await payment.pay.pay()
    assert not caught.value.may_have_run
    payment.app.dependency_overrides.clear()
    assert [*REAL, "1"] == await payment.pay.pay()


async def test_the_end_of_an_application_with_fakes(tmp_path: Path) -> None:
    """What was made around fakes ends with it; a fake that was made of a class is made anew the next time."""
    with written(tmp_path, {"pay/public.py": PAY_PUBLIC, "pay/component.py": PAY}) as package:
        app, events = App(package), []
        for _ in range(2):
            async with app.caller():
                payment = Payment(app, package)
                events = payment.component.events
                app.dependency_overrides = {payment.component.Gateway: FakeGateway}
                assert ["a class, 1", "real shop", "1"] == await payment.pay.pay()
                app.dependency_overrides[payment.component.Wishes] = payment.component.Wishes(shop="fake")
                assert ["a class, 1", "fake", "1"] == await payment.pay.pay()
    assert 2 * ["opened", "opened", "closed", "closed"] == events
