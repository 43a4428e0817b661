"""Exceptions that are not `Exception`s, and others that are hard to handle, wherever a component raises them."""

import signal
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from fissile import App
from fissile.errors import CallFailed
from fissile.project import View
from tests.runtime.projects import written
from tests.runtime.sockets import behind_uvicorn

PUBLIC = """
import asyncio
from typing import Protocol

from fissile import ComponentError, Interface, Value, raises
from pydantic import field_validator

class Own(BaseException):
    pass

class Unprintable(BaseException):
    def __str__(self) -> str:
        raise SystemExit
    __repr__ = __str__

KINDS = {
    "generator": GeneratorExit,
    "group": lambda: BaseExceptionGroup("g", [KeyboardInterrupt()]),
    "own": Own,
    "stop": StopIteration,
    "async stop": StopAsyncIteration,
    "interrupt": KeyboardInterrupt,
    "exit": SystemExit,
    "cancelled": asyncio.CancelledError,
    "cancelled group": lambda: BaseExceptionGroup("g", [asyncio.CancelledError()]),
    "unprintable": Unprintable,
}
failing: dict[str, str] = {}
before: dict[str, int] = {}

def at(place: str) -> None:
    if place in failing:
        before[place] -= 1
        if before[place] < 0:
            raise KINDS[failing.pop(place)]()

class Item(Value):
    name: str

    @field_validator("name")
    @classmethod
    def checked(cls, name: str) -> str:
        at(name)
        return name

class Refused(ComponentError):
    item: Item

    def __init__(self, **fields: object) -> None:
        at("error")
        super().__init__(**fields)

class Stock(Interface, Protocol):
    @raises(Refused)
    async def take(self, item: Item) -> Item: ...
    async def interrupted(self) -> None: ...
"""

STOCK = """
import asyncio
import signal
from collections.abc import AsyncIterator
from typing import Protocol

from fissile import Component

from .public import KINDS, Item, Refused, Stock, at, failing

class Port(Protocol):
    pass

class Short:
    pass

async def port(short: Short) -> AsyncIterator[Port]:
    at("port")
    yield Short()
    at("end of port")

class Service(Stock):
    def __init__(self, port: Port) -> None:
        at("constructor")

    async def take(self, item: Item) -> Item:
        at("method")
        # No future takes a StopIteration, and pytest would take the other one for a Ctrl-C.
        if failing.get("future", "stop") not in ("stop", "interrupt"):
            waiting = asyncio.get_running_loop().create_future()
            waiting.set_exception(KINDS[failing.pop("future")]())
            await waiting
        at("future")
        if "error" in failing:
            raise Refused(item=item)
        return Item(name="result")

    async def interrupted(self) -> None:
        signal.raise_signal(signal.SIGINT)

component = Component(provides={Stock: Service}, binds={Port: port})
"""

DESK = """
from fastapi import APIRouter
from fissile import Component, Provided

from ..stock.public import KINDS, Item, Stock, before, failing

router = APIRouter()

@router.get("/here/{kind}")
async def here(kind: str) -> None:
    raise KINDS[kind]()

@router.get("/thread/{kind}")
def thread(kind: str) -> None:
    raise KINDS[kind]()

@router.get("/call/{kind}")
async def call(kind: str, stock: Provided[Stock]) -> None:
    failing["method"], before["method"] = kind, 0
    await stock.take(Item(name="x"))

@router.get("/well")
async def well() -> str:
    return "well"

component = Component(needs=[Stock], api=router)
"""

MAIN = """
from fissile import App

app = App(__package__)

@app.middleware("http")
async def passed(request, call_next):
    return await call_next(request)
"""

FILES = {"stock/public.py": PUBLIC, "stock/component.py": STOCK, "desk/component.py": DESK, "main.py": MAIN}

KINDS = [
    *("generator", "group", "own", "stop", "async stop", "interrupt", "exit", "cancelled", "cancelled group"),
    "unprintable",
]
PLACES = [
    ("method", 0),
    ("future", 0),
    ("constructor", 0),
    ("port", 0),
    ("end of port", 0),
    ("result", 1),
    ("error", 1),
]
"""Where it is raised, and how often that place is passed before."""
ON_THE_WIRE = [("item", 2), ("result", 2), ("error", 2)]
"""What is read on the other side of a link."""


@pytest.fixture
def package(tmp_path: Path) -> Iterator[str]:
    """A stock that fails where a test says, and a desk with routes."""
    with written(tmp_path, FILES) as package:
        yield package


@pytest.fixture(params=["together", "wire"])
def app(package: str, request: pytest.FixtureRequest) -> App:
    """The application, with and without a link between its components."""
    app: App = import_module(f"{package}.main").app
    app.view = View(request.param, wire=request.param == "wire")
    return app


@pytest.fixture
def public(app: App, package: str) -> ModuleType:
    """The public module of the stock."""
    return import_module(f"{package}.stock.public")


async def test_a_call_fails_at_once(app: App, public: ModuleType) -> None:
    """Whatever is raised and wherever, the call is `CallFailed`, may have run, and the next one works."""
    assert app.view is not None
    async with app.caller() as call:
        stock = call(public.Stock)
        for place, before in [*PLACES, *(ON_THE_WIRE if app.view.wire else [])]:
            for kind in KINDS:
                public.failing[place], public.before[place] = kind, before
                with pytest.raises(CallFailed) as caught:
                    await stock.take(public.Item(name="item"))
                assert (True, {}) == (caught.value.may_have_run, public.failing), (place, kind)
                assert "result" == (await stock.take(public.Item(name="item"))).name


async def test_a_fake_fails_at_once(app: App, public: ModuleType) -> None:
    """So does a fake of an interface, and one that cannot be made."""

    class Fake:
        def __init__(self) -> None:
            public.at("fake")

        async def take(self, item: object) -> object:
            public.at("method")
            return item

    app.dependency_overrides[public.Stock] = Fake
    async with app.caller() as call:
        for place in ("fake", "method"):
            for kind in KINDS:
                public.failing[place], public.before[place] = kind, 0
                with pytest.raises(CallFailed) as caught:
                    await call(public.Stock).take(public.Item(name="item"))
                assert caught.value.may_have_run, (place, kind)


@pytest.mark.parametrize("outcome", [pytest.fail.Exception, pytest.skip.Exception])
async def test_the_outcome_of_a_test_passes(app: App, public: ModuleType, outcome: type[BaseException]) -> None:
    """A fake may end its test, as anything in a test may."""

    class Fake:
        async def take(self, item: object) -> object:
            raise outcome("must not be called")

    app.dependency_overrides[public.Stock] = Fake
    async with app.caller() as call:
        with pytest.raises(outcome):
            await call(public.Stock).take(public.Item(name="item"))


async def test_a_route_answers_500(app: App) -> None:
    """With a problem document, on a connection that stays, behind middleware that runs it in a task of its own."""
    async with behind_uvicorn(app) as (client, _):
        for where in ("here", "thread", "call"):
            for kind in KINDS if where != "thread" else KINDS[1:]:  # anyio closes what waits for a GeneratorExit
                answer = await client.get(f"/desk/{where}/{kind}")
                found = answer.status_code, answer.headers["content-type"], answer.headers.get("connection")
                assert (500, "application/problem+json", None) == found, (where, kind)
        assert "well" == (await client.get("/desk/well")).json()


@pytest.mark.parametrize("app", ["together"], indirect=True)
async def test_ctrl_c_passes(app: App, public: ModuleType) -> None:
    """A `KeyboardInterrupt` that a signal has raised while a method ran is meant for the process."""
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    async with app.caller() as call:
        with pytest.raises(KeyboardInterrupt):
            await call(public.Stock).interrupted()
