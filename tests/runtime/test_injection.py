"""Constructor injection: what is found by its type, how long it lives, and what cannot be found."""

from pathlib import Path

import pytest

from fissile import App, ConfigurationError
from tests.runtime.projects import written

PUBLIC = """
from typing import Protocol

from fissile import Interface

class Shop(Interface, Protocol):
    async def ask(self) -> tuple[str, ...]:
        ...
"""

LEDGER = """
from typing import Protocol

from fissile import Component, Interface

from .public import Ledger

class Book(Ledger):
    async def total(self) -> int:
        return 7

component = Component(provides={Ledger: Book})
"""

LEDGER_PUBLIC = """
from typing import Protocol

from fissile import Interface

class Ledger(Interface, Protocol):
    async def total(self) -> int:
        ...
"""

HEAD = """
import abc
import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Protocol

from fissile import Component, Database
from pydantic_settings import BaseSettings
from sqlalchemy import Column, Integer, MetaData, Table
from sqlalchemy.ext.asyncio import AsyncSession

from .public import Shop
from ..ledger.public import Ledger

events: list[str] = []
metadata = MetaData()
rows = Table("rows", metadata, Column("id", Integer, primary_key=True))
"""


def files(component: str) -> dict[str, str]:
    """An application with this text in its shop's component.py, and a ledger beside it."""
    return {
        "shop/public.py": PUBLIC,
        "shop/component.py": HEAD + component,
        "ledger/public.py": LEDGER_PUBLIC,
        "ledger/component.py": LEDGER,
    }


async def answers(folder: Path, component: str, times: int = 1) -> list[tuple[str, ...]]:
    """What the shop answers, and at the very end what happened when the application ended."""
    with written(folder, files(component)) as package:
        app = App(package)
        async with app.caller():
            live = app.runtime.live["shop"]
            asked = app.runtime.stub(next(iter(live.declaration.provides)))
            found = [await asked.ask() for _ in range(times)]  # type: ignore[attr-defined]  # made at run time
            events = __import__(f"{package}.shop.component", fromlist=["events"]).events
        return [*found, tuple(events)]


async def test_everything_that_a_constructor_may_ask_for(tmp_path: Path) -> None:
    """Classes of its own with what they ask for, its settings, its session, others' interfaces and its own."""
    text = """
class Wishes(BaseSettings):
    colour: str = "red"

class Rows:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

class Prices:
    def __init__(self, rows: Rows, wishes: Wishes) -> None:
        self.rows, self.wishes = rows, wishes

class Service(Shop):
    def __init__(self, prices: Prices, rows: Rows, session: AsyncSession, ledger: Ledger, own: Shop) -> None:
        self.all = prices, rows, session, ledger, own

    async def ask(self) -> tuple[str, ...]:
        prices, rows, session, ledger, own = self.all
        one = prices.rows is rows and rows.session is session
        return str(one), prices.wishes.colour, str(await ledger.total()), type(own).__name__

component = Component(
    provides={Shop: Service}, needs=[Ledger], settings=Wishes, database=Database(metadata)
)
"""
    assert [("True", "red", "7", "ShopStub"), ()] == await answers(tmp_path, text)


async def test_what_a_unit_of_work_makes_is_its_own(tmp_path: Path) -> None:
    """A class of the component's own is made for each call, a port once for all of them."""
    text = """
class Port:
    pass

class Own:
    pass

class Service(Shop):
    def __init__(self, own: Own, port: Port) -> None:
        events.append(f"service {id(own) in seen} {id(port) in seen}")
        kept.extend([own, port])
        seen.update({id(own), id(port)})

    async def ask(self) -> tuple[str, ...]:
        return ()

seen: set[int] = set()
kept: list[object] = []
component = Component(provides={Shop: Service}, binds={Port: Port})
"""
    found = await answers(tmp_path, text, 3)
    assert ("service False False", "service False True", "service False True") == found[-1]


SMTP = """
class Mailer(Protocol): ...

class Smtp:
    pass
"""

PORTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "class": ("made = Smtp", ()),
    "factory": (
        """
def made(wishes: Wishes) -> Mailer:
    events.append(wishes.colour)
    return Smtp()
""",
        ("red",),
    ),
    "async factory": (
        """
async def made() -> Mailer:
    await asyncio.sleep(0)
    events.append("awaited")
    return Smtp()
""",
        ("awaited",),
    ),
    "generator": (
        """
def made() -> Iterator[Mailer]:
    events.append("opened")
    yield Smtp()
    events.append("closed")
""",
        ("opened", "closed"),
    ),
    "async generator": (
        """
async def made(wishes: Wishes) -> AsyncIterator[Mailer]:
    events.append("opened")
    yield Smtp()
    events.append("closed")
""",
        ("opened", "closed"),
    ),
}
"""What may be bound, and what happens once."""


@pytest.mark.parametrize("port", PORTS)
async def test_a_port(tmp_path: Path, port: str) -> None:
    """It is made once, however many calls are made, with what it asks for, and closed with the application."""
    made, expected = PORTS[port]
    text = f"""
class Wishes(BaseSettings):
    colour: str = "red"

{SMTP}{made}

class Service(Shop):
    def __init__(self, mailer: Mailer) -> None:
        self.mailer = mailer

    async def ask(self) -> tuple[str, ...]:
        return (type(self.mailer).__name__,)

component = Component(provides={{Shop: Service}}, binds={{Mailer: made}}, settings=Wishes)
"""
    assert [("Smtp",), ("Smtp",), expected] == await answers(tmp_path, text, 2)


async def test_a_port_of_a_unit_of_work(tmp_path: Path) -> None:
    """One that asks for the session lives as long as that, and is closed with it."""
    text = """
class Outbox(Protocol): ...

async def outbox(session: AsyncSession) -> AsyncIterator[Outbox]:
    events.append("opened")
    yield session
    events.append("closed")

class Service(Shop):
    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox

    async def ask(self) -> tuple[str, ...]:
        return tuple(events)

component = Component(provides={Shop: Service}, binds={Outbox: outbox}, database=Database(metadata))
"""
    found = await answers(tmp_path, text, 2)
    assert [("opened",), ("opened", "closed", "opened"), ("opened", "closed", "opened", "closed")] == found


async def test_parameters_with_a_default(tmp_path: Path) -> None:
    """They keep it, unless they ask for something that is bound or given."""
    text = """
class Port:
    pass

class Unbound:
    pass

class Service(Shop):
    def __init__(
        self,
        count: int = 3,
        port: Port | None = None,
        bound: Port = None,
        unbound: Unbound = None,
        *more: str,
        **rest: int,
    ) -> None:
        self.seen = str(count), str(port), type(bound).__name__, str(unbound)

    async def ask(self) -> tuple[str, ...]:
        return self.seen

component = Component(provides={Shop: Service}, binds={Port: Port})
"""
    assert [("3", "None", "Port", "None"), ()] == await answers(tmp_path, text)


SETTINGS = "ask for the component's settings instead"
NEEDS = "write needs=[Ledger] in its component.py"
DATABASE = "write database=Database(metadata) in its component.py"

FAULTS = {
    "a cycle of classes": (
        "class A:\n    def __init__(self, b: 'B') -> None: ...\n"
        "class B:\n    def __init__(self, a: A) -> None: ...\n"
        "class Service(Shop):\n    def __init__(self, a: A) -> None: ...\n",
        [("A -> B -> A ask for each other", "break the cycle")],
    ),
    "a plain type": (
        "class Service(Shop):\n    def __init__(self, name: str, count: int) -> None: ...\n",
        [("Service(name) asks for str", SETTINGS), ("Service(count) asks for int", SETTINGS)],
    ),
    "no class": (
        "class Service(Shop):\n    def __init__(self, both: str | bytes, names: list[str]) -> None: ...\n",
        [
            ("Service(both) asks for str | bytes", "ask for a class"),
            ("Service(names) asks for list[str]", "ask for a class"),
        ],
    ),
    "no type": (
        "class Service(Shop):\n    def __init__(self, something) -> None: ...\n",
        [("Service(something) has no type", "annotate it")],
    ),
    "a name that is not there": (
        "if TYPE_CHECKING:\n    from nowhere import Missing\n"
        "class Service(Shop):\n    def __init__(self, missing: 'Missing') -> None: ...\n",
        [("the constructor of Service cannot be read", "import the name")],
    ),
    "a port that is not bound": (
        "class Mailer(Protocol): ...\nclass Store(abc.ABC):\n    @abc.abstractmethod\n    def keep(self) -> None: ...\n"
        "class Service(Shop):\n    def __init__(self, mailer: Mailer, store: Store) -> None: ...\n",
        [
            ("Service(mailer) asks for Mailer", "write binds={Mailer: ...} in component.py"),
            ("Service(store) asks for Store", "write binds={Store: ...} in component.py"),
        ],
    ),
    "a need that is not declared": (
        "class Deep:\n    def __init__(self, ledger: Ledger) -> None: ...\n"
        "class Service(Shop):\n    def __init__(self, deep: Deep) -> None: ...\n",
        [("Deep(ledger) asks for Ledger", NEEDS)],
    ),
    "a session without a database": (
        "class Service(Shop):\n    def __init__(self, session: AsyncSession) -> None: ...\n",
        [("Service(session) asks for AsyncSession", DATABASE)],
    ),
    "several at once": (
        "class A:\n    def __init__(self, b: 'B', name: str) -> None: ...\n"
        "class B:\n    def __init__(self, a: A) -> None: ...\n"
        "class Service(Shop):\n    def __init__(self, a: A, session: AsyncSession, ledger: Ledger) -> None: ...\n",
        [
            ("A -> B -> A ask for each other", "break the cycle"),
            ("A(name) asks for str", SETTINGS),
            ("Service(session) asks for AsyncSession", DATABASE),
            ("Service(ledger) asks for Ledger", NEEDS),
        ],
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_cannot_be_made(tmp_path: Path, name: str) -> None:
    """One clear fault each, all at once, before anything starts."""
    text, expected = FAULTS[name]
    text += "    async def ask(self) -> tuple[str, ...]:\n        return ()\n"
    text += "component = Component(provides={Shop: Service})\n"
    with written(tmp_path, files(text)) as package, pytest.raises(ConfigurationError) as raised:
        App(package).assemble()
    assert expected == [(fault.what, fault.fix) for fault in raised.value.faults]
    for fault in raised.value.faults:
        assert "component.py:" in fault.where
        assert fault.why


def test_a_port_that_nobody_asks_for_is_checked_too(tmp_path: Path) -> None:
    """Its faults would show on the day when somebody does."""
    text = """
class Service(Shop):
    async def ask(self) -> tuple[str, ...]:
        return ()

class Mailer(Protocol): ...

def mailer(host: str) -> Mailer: ...

component = Component(provides={Shop: Service}, binds={Mailer: mailer})
"""
    with written(tmp_path, files(text)) as package, pytest.raises(ConfigurationError) as raised:
        App(package).assemble()
    assert ["mailer(host) asks for str"] == [fault.what for fault in raised.value.faults]
