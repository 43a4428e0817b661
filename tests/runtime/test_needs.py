"""Everything that main.py, components and shared dependencies ask for is in the graph, or refused at assembly."""

import importlib
from itertools import cycle, repeat
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from fissile import App, ConfigurationError
from fissile.project import MAIN, Peer, View, find, read_placements
from tests.runtime.projects import written

STOCK = {
    "stock/public.py": """
from typing import Protocol
from fissile import Interface

class Stock(Interface, Protocol):
    async def count(self) -> int: ...
""",
    "stock/component.py": """
from fissile import Component
from .public import Stock

class Service(Stock):
    async def count(self) -> int:
        return 7

component = Component(provides={Stock: Service})
""",
    "auth.py": """
from typing import Annotated
from fastapi import Depends
from fissile import Provided
from .stock.public import Stock

async def user(stock: Provided[Stock]) -> int:
    return await stock.count()

async def nested(found: Annotated[int, Depends(user)]) -> int:
    return found

class Checker:
    async def __call__(self, stock: Provided[Stock]) -> int:
        return await stock.count()

class Made:
    def __init__(self, stock: Provided[Stock]) -> None:
        self.stock = stock
""",
}

HEAD = """
from pathlib import Path
from typing import Annotated
from fastapi import APIRouter, Depends, FastAPI, WebSocket
from fissile import App, Component, Provided
from {dots}auth import Checker, Made, nested, user
from {dots}stock.public import Stock
"""

DOORS = {
    "parameter": '@api.get("/x")\nasync def x(found: Annotated[int, Depends(user)]) -> int:\n    return found\n',
    "nested": '@api.get("/x")\nasync def x(found: Annotated[int, Depends(nested)]) -> int:\n    return found\n',
    "route": '@api.get("/x", dependencies=[Depends(user)])\nasync def x() -> int:\n    return 7\n',
    "instance": '@api.get("/x", dependencies=[Depends(Checker())])\nasync def x() -> int:\n    return 7\n',
    "class": '@api.get("/x")\nasync def x(made: Annotated[Made, Depends()]) -> int:\n    return 7\n',
    "inclusion": """
inner = APIRouter()
@inner.get("/x")
async def x() -> int:
    return 7
api.include_router(inner, dependencies=[Depends(user)])
""",
    "socket": """
@api.get("/x")
async def x() -> int:
    return 7
@api.websocket("/socket")
async def socket(websocket: WebSocket, found: Annotated[int, Depends(user)]) -> None: ...
""",
    "mount": """
@api.get("/x")
async def x() -> int:
    return 7
inner = FastAPI()
@inner.get("/y")
async def y(stock: Provided[Stock]) -> int:
    return 7
api.mount("/inner", inner)
""",
}
"""Routes that ask for stock, each in another way."""

ROUTER_ALONE = {
    "router": """
api = APIRouter(dependencies=[Depends(user)])
@api.get("/x")
async def x() -> int:
    return 7
""",
    "frontend": """
@api.get("/x")
async def x() -> int:
    return 7
inner = APIRouter(dependencies=[Depends(user)])
inner.frontend("/pages", directory=Path(__file__).parent)
api.include_router(inner)
""",
}

TOP = {"top": '@api.get("/x")\nasync def x(stock: Provided[Stock]) -> int:\n    return await stock.count()\n'}


def component(kind: str, text: str, needs: str) -> str:
    """A component whose API asks for stock."""
    return f"{HEAD.format(dots='..')}\napi = {kind}()\n{text}\ncomponent = Component(needs=[{needs}], api=api)\n"


def main(text: str = "", needs: str = "", more: str = "") -> str:
    """A main.py."""
    return f"{HEAD.format(dots='.')}\napp = api = App(__package__, needs=[{needs}]{more})\n{text}"


VIEWS = {
    "together": View(),
    "wire": View(wire=True),
    "apart": View("apart", "orders", frozenset({"orders"}), {"stock": Peer("stock", ("unix:/nowhere",))}),
    "elsewhere": View(
        "apart", "orders", frozenset({"orders"}), {"stock": Peer("stock", ("unix:/nowhere",))}, front=False
    ),
}


def assembled(package: str, view: str) -> App:
    """The application of a project, in one process of a placement."""
    app: App = importlib.import_module(f"{package}.main").app
    app.view = VIEWS[view]
    app.assemble()
    return app


@pytest.mark.parametrize(
    ("kind", "door", "view"),
    [
        *zip(repeat("APIRouter"), [*DOORS, *ROUTER_ALONE], cycle(["together", "apart"])),
        *zip(repeat("FastAPI"), [*DOORS, *TOP], cycle(["apart", "together"])),
    ],
)
def test_a_component_needs_what_its_dependencies_ask_for(tmp_path: Path, kind: str, door: str, view: str) -> None:
    """What a component's routes reach through dependencies is refused unless it needs it, apart as together."""
    text = {**DOORS, **ROUTER_ALONE, **TOP}[door]
    with written(tmp_path, {**STOCK, "main.py": main(), "orders/component.py": component(kind, text, "")}) as package:
        with pytest.raises(ConfigurationError) as refused:
            assembled(package, view)
        [fault] = refused.value.faults
        assert "of orders depend, asks for Stock" in fault.what
        assert f"/{package}/" in f"/{fault.where}"
        assert fault.fix.startswith("write needs=[Stock] in ")
        assert fault.fix.endswith("orders/component.py:" + fault.fix.rpartition(":")[2])


@pytest.mark.parametrize("door", ["nested", "router"])
@pytest.mark.parametrize("kind", ["APIRouter", "FastAPI"])
def test_what_it_needs_it_gets(tmp_path: Path, kind: str, door: str) -> None:
    """With the need declared the same routes answer."""
    orders = component(kind, {**DOORS, **ROUTER_ALONE}[door], "Stock")
    if kind == "FastAPI":
        orders = orders.replace("api = APIRouter(dep", "api = FastAPI(dep")
    files = {**STOCK, "main.py": main(), "orders/component.py": orders}
    with written(tmp_path, files) as package, TestClient(assembled(package, "together")) as client:
        assert 7 == client.get("/orders/x").json()


EMPTY = {"orders/component.py": component("APIRouter", '@api.get("/x")\nasync def x() -> int:\n    return 7\n', "")}

FOR_ALL = ", dependencies=[Depends(nested)]"


@pytest.mark.parametrize(
    ("door", "view"), list(zip([*DOORS, *TOP, "for all"], cycle(["together", "apart", "elsewhere"]), strict=False))
)
def test_main_needs_what_it_asks_for(tmp_path: Path, door: str, view: str) -> None:
    """What main.py asks for is refused unless its App needs it, in every process."""
    text, more = ("", FOR_ALL) if door == "for all" else ({**DOORS, **TOP}[door], "")
    with written(tmp_path, {**STOCK, **EMPTY, "main.py": main(text, more=more)}) as package:
        with pytest.raises(ConfigurationError) as refused:
            assembled(package, view)
        [fault] = refused.value.faults
        assert "belongs to main.py, asks for Stock" in fault.what
        assert "write App(__package__, needs=[Stock])" == fault.fix


@pytest.mark.parametrize("view", ["together", "wire"])
def test_what_main_needs_it_gets(tmp_path: Path, view: str) -> None:
    """Its routes, and the routes of all behind its dependencies, call the provider."""
    files = {**STOCK, **EMPTY, "main.py": main(DOORS["nested"], "Stock", FOR_ALL)}
    with written(tmp_path, files) as package, TestClient(assembled(package, view)) as client:
        assert [7, 7] == [client.get(path).json() for path in ("/x", "/orders/x")]


@pytest.mark.parametrize(
    ("view", "more", "linked"),
    [
        ("apart", "", ["stock"]),
        ("elsewhere", "", []),
        ("elsewhere", FOR_ALL, ["stock"]),
        ("apart", FOR_ALL, ["stock"]),
        ("together", FOR_ALL, []),
    ],
)
def test_the_links_of_main(tmp_path: Path, view: str, more: str, linked: list[str]) -> None:
    """The front is linked to what main.py needs, every process to what its dependencies need, before it is ready."""
    with written(tmp_path, {**STOCK, **EMPTY, "main.py": main(TOP["top"], "Stock", more)}) as package:
        assert linked == [link.peer for link in assembled(package, view).runtime.peers()]


def test_what_nobody_provides(tmp_path: Path) -> None:
    """A need of main.py that no component meets is refused, read from the source and loaded."""
    files = {
        **STOCK,
        **EMPTY,
        "main.py": main("", "Stock"),
        "stock/component.py": "from fissile import Component\n\ncomponent = Component()\n",
    }
    with written(tmp_path, files) as package:
        with pytest.raises(ConfigurationError, match=r"main.py needs Stock, which nobody provides"):
            assembled(package, "together")
        [fault] = find(package).faults()
        assert "main.py needs Stock, which nobody provides" == fault.what


def test_the_graph_shows_main(tmp_path: Path) -> None:
    """The needs of main.py are edges of the graph, read without importing it."""
    with written(tmp_path, {**STOCK, **EMPTY, "main.py": main("", "Stock") + "raise SystemExit\n"}) as package:
        project = find(package)
        assert [(MAIN, "stock", f"{package}.stock.public.Stock")] == [
            (edge.consumer, edge.provider, edge.interface) for edge in project.graph()
        ]


def test_the_front_is_the_first_process(tmp_path: Path) -> None:
    """A process knows if it gets the requests that no component claims."""
    placements = '[apart]\nfirst = ["stock"]\nsecond = ["orders"]\n'
    with written(tmp_path, {**STOCK, **EMPTY, "main.py": main(), "placements.toml": placements}) as package:
        placement = read_placements(find(package)).named("apart")
        assert [True, False] == [placement.view(name, tmp_path).front for name in ("first", "second")]


def test_routes_that_come_later_are_checked(tmp_path: Path) -> None:
    """A route that main.py adds after it has read its routes is checked at the start."""
    text = f"known = [*app.routes]\n{TOP['top']}"
    with written(tmp_path, {**STOCK, **EMPTY, "main.py": main(text)}) as package:
        app: App = importlib.import_module(f"{package}.main").app
        with pytest.raises(ConfigurationError, match=r"x, which belongs to main.py, asks for Stock"), TestClient(app):
            pass
