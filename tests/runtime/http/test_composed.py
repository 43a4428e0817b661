"""One document in every placement, of projects on disk, as it is served over HTTP."""

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from httpx2 import ASGITransport, AsyncClient, Response

from fissile import App, ConfigurationError
from fissile.generate.openapi import Description, compose, render
from fissile.project import Peer, View
from fissile.project.secrets import create_secret
from tests.partitions import partitions
from tests.runtime.projects import written

SHOP = Path(__file__).parents[3] / "examples" / "shop"

MAIN = """
from enum import Enum

from fastapi import Depends
from pydantic import BaseModel

from fissile import App

from .orders.public import Order
from .shared import bearer

app = App(
    __package__,
    title="Bazaar",
    description="All of it.",
    version="2",
    servers=[{"url": "https://bazaar.test"}],
    openapi_tags=[{"name": "common", "description": "Said by main.py."}],
    openapi_external_docs={"url": "https://bazaar.test/docs"},
    license_info={"name": "MIT"},
    dependencies=[Depends(bearer)],
    responses={418: {"description": "Teapot"}},
)

@app.get("/list")
async def list() -> Order: ...

@app.webhooks.post("paid")
async def paid(order: Order) -> None: ...
"""

SHARED = """
from typing import Generic, TypeVar

from fastapi.security import APIKeyHeader, OAuth2PasswordBearer
from pydantic import BaseModel, computed_field

bearer = OAuth2PasswordBearer(tokenUrl="token", auto_error=False)
Item = TypeVar("Item")

class Page(BaseModel, Generic[Item]):
    items: tuple[Item, ...]

    @computed_field
    def size(self) -> int:
        return len(self.items)

class Filters(BaseModel):
    colours: set[str] = {"red", "green", "blue", "black", "white"}
    sizes: frozenset[str] = frozenset({"large", "small", "medium", "huge"})

def page_of(field: str) -> type[BaseModel]:
    class Rows(BaseModel):
        __annotations__ = {field: int}

    return Rows
"""

PUBLIC = """
from pydantic import BaseModel

class Order(BaseModel):
    id: int
    parts: tuple["Order", ...] = ()
"""

ORDERS = """
from typing import Annotated

from fastapi import APIRouter, Body, Form, Query, Security

from fissile import Component

from ..shared import APIKeyHeader, Filters, Page, bearer, page_of
from .public import Order

router = APIRouter(tags=["common", "orders"])
Rows = page_of("orders")
key = APIKeyHeader(name="x-orders")

@router.get("")
async def list(filters: Annotated[Filters, Query()]) -> Page[Order]: ...

@router.get("/rows", operation_id="rows", dependencies=[Security(key)])
async def rows() -> Rows: ...

@router.api_route("/both", methods=["PUT", "POST", "PATCH", "DELETE"], responses={409: {"model": tuple[Order, ...]}})
async def both(a: Annotated[int, Body()], b: Annotated[int, Body()]) -> tuple[Order, ...]: ...

@router.post("/form")
async def form(a: Annotated[str, Form()]) -> Filters: ...

component = Component(api=router)
"""

STOCK = """
from fastapi import APIRouter, Security

from fissile import Component

from ..orders.public import Order
from ..shared import APIKeyHeader, Filters, Page, bearer, page_of

first, second = APIRouter(tags=["common"]), APIRouter(dependencies=[Security(bearer, scopes=["stock"])])
Rows = page_of("stock")
key = APIKeyHeader(name="x-stock")

@first.get("")
async def list(found: set[str] = {"red", "green", "blue", "black"}) -> Page[Page[Order]]: ...

@first.post("/filters")
async def filtered(filters: Filters) -> Filters: ...

@second.get("/rows", operation_id="rows", dependencies=[Security(key)])
async def rows() -> Rows: ...

component = Component(api={"v1": first, "v2": second})
"""

LEGACY = """
from fastapi import Depends, FastAPI
from pydantic import BaseModel

from fissile import Component

from ..shared import Filters, bearer

app = FastAPI(openapi_tags=[{"name": "common", "description": "Said by legacy."}, {"name": "old"}])

class Order(BaseModel):
    legacy: bool

@app.get("/", dependencies=[Depends(bearer)])
async def list() -> Order: ...

@app.post("/filters")
async def filtered(filters: Filters) -> Order: ...

@app.webhooks.post("paid")
async def paid(order: Order) -> None: ...

component = Component(api=app)
"""

BAZAAR = {
    "main.py": MAIN,
    "shared.py": SHARED,
    "orders/public.py": PUBLIC,
    "orders/component.py": ORDERS,
    "stock/component.py": STOCK,
    "legacy/component.py": LEGACY,
}

DESCRIBE = """
import json, sys
from importlib import import_module
from pathlib import Path
package, file = sys.argv[1:]
Path(file).write_text(json.dumps(import_module(package + ".main").app.describe()))
"""


@pytest.fixture
def bazaar(tmp_path: Path) -> Iterator[str]:
    """A project in whose components everything goes by the same names."""
    with written(tmp_path, BAZAAR) as package:
        yield package


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The example, imported for this test alone: its own tests have another."""
    monkeypatch.syspath_prepend(str(SHOP))
    monkeypatch.setenv("FISSILE_STATE", str(tmp_path))
    before = forgotten("shop")
    yield "shop"
    forgotten("shop")
    sys.modules.update(before)


def forgotten(package: str) -> dict[str, ModuleType]:
    """The modules of a package, which are imported anew from now on."""
    return {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] == package}


def placed(package: str, *live: str) -> App:
    """The application with some of its components; without any the whole of it."""
    module = importlib.reload(importlib.import_module(f"{package}.main"))
    app: App = module.app
    if live:
        others = {"users", "suppliers", "orders"} - {*live}
        app.view = View("apart", live=frozenset(live), peers={name: Peer(name, ("unix:/nowhere",)) for name in others})
    return app


def described(app: App) -> Description:
    """What a process says, after its way through JSON."""
    said: Description = json.loads(json.dumps(app.describe()))
    return said


async def get(app: App, path: str = "/openapi.json", **headers: str) -> Response:
    """Asks an application."""
    async with AsyncClient(transport=ASGITransport(app), base_url="http://test", headers=headers) as client:
        return await client.get(path)


def test_the_shop_describes_itself_the_same_in_every_placement(shop: str) -> None:
    """Whichever processes its three components are put into."""
    expected = render(placed(shop).openapi())
    for processes in partitions(["users", "suppliers", "orders"]):
        assert expected == render(compose([described(placed(shop, *process)) for process in processes])), processes


def test_names_that_collide_are_the_same_in_every_placement(bazaar: str) -> None:
    """Operations, tags, schemas and security schemes of one name in several components."""
    whole = placed(bazaar).openapi()
    for processes in partitions(["orders", "stock", "legacy"]):
        parts = [described(placed(bazaar, *process)) for process in processes]
        assert render(whole) == render(compose(parts)), processes
    assert {"list_list_get", "list_orders_get", "list_stock_v1_get", "rows", "stock_rows"} <= ids(whole)
    assert ["common", "old"] == [tag["name"] for tag in whole["tags"]]
    rows = [name for name in whole["components"]["schemas"] if name.endswith("Rows")]
    assert ["shared.page_of._locals_.Rows", "stock.shared.page_of._locals_.Rows"] == rows
    schemes = ["APIKeyHeader", "OAuth2PasswordBearer", "legacy.OAuth2PasswordBearer", "stock.APIKeyHeader"]
    assert schemes == list(whole["components"]["securitySchemes"])


def ids(whole: dict[str, dict[str, dict[str, dict[str, str]]]]) -> set[str]:
    """The operation ids of a document."""
    return {operation["operationId"] for item in whole["paths"].values() for operation in item.values()}


def test_the_order_of_sets_does_not_show(bazaar: str, tmp_path: Path) -> None:
    """It is another one in each process: that of methods, and of defaults."""
    running = []
    for seed in ("0", "1"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(tmp_path)}
        command = [sys.executable, "-c", DESCRIBE, bazaar, str(tmp_path / seed)]
        running.append(subprocess.Popen(command, env=environment, cwd=tmp_path))
    assert [0, 0] == [process.wait(60) for process in running]
    assert (tmp_path / "0").read_bytes() == (tmp_path / "1").read_bytes()


async def test_a_process_says_what_it_serves(bazaar: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a reserved path, to trusted senders alone."""
    create_secret(tmp_path / "link", "s3cret")
    monkeypatch.setenv("FISSILE_SECRETS", str(tmp_path))
    app, secret = placed(bazaar, "orders", "stock"), {"fissile-secret": "s3cret"}
    assert 404 == (await get(app, "/-/openapi")).status_code
    answer = await get(app, "/-/openapi", **secret)
    said = answer.json()
    assert (200, "application/json") == (answer.status_code, answer.headers["content-type"])
    assert {"format": 1, "parts": ["", "orders", "stock"]} == {
        "format": said["format"],
        "parts": [part["owner"] for part in said["parts"]],
    }
    assert 404 == (await get(app, "/-/openapi", forwarded="for=somebody", **secret)).status_code
    assert not any(path.startswith("/-") for part in said["parts"] for path in part["document"]["paths"])


async def test_the_front_serves_what_was_composed(bazaar: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The response is the one that a single process gives; before that it says when to come again."""
    file = tmp_path / "openapi.json"
    monkeypatch.setenv("FISSILE_OPENAPI", str(file))
    expected = await get(placed(bazaar))
    parts = [described(placed(bazaar, name)) for name in ("orders", "stock", "legacy")]
    front = placed(bazaar, "orders")

    early = await get(front)
    assert (503, "application/problem+json", "1") == (
        early.status_code,
        early.headers["content-type"],
        early.headers["retry-after"],
    )
    replace(file, render(compose(parts)))
    answer = await get(front)
    assert (200, expected.headers, expected.content) == (answer.status_code, answer.headers, answer.content)
    assert (await get(placed(bazaar), "/docs")).content == (await get(front, "/docs")).content

    replace(file, b'{"openapi":"3.1.0"}')
    assert b'{"openapi":"3.1.0"}' == (await get(front)).content


async def test_the_front_says_below_what_path_it_is(
    bazaar: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``root_path`` is among the servers, as FastAPI has it."""
    monkeypatch.setenv("FISSILE_OPENAPI", str(tmp_path / "openapi.json"))
    whole = placed(bazaar)
    (tmp_path / "openapi.json").write_bytes(render(whole.openapi()))
    answers = []
    for app in (whole, placed(bazaar, "orders")):
        app.root_path = "/below"
        answers.append(await get(app))
    assert answers[0].content == answers[1].content
    assert [{"url": "/below"}, {"url": "https://bazaar.test"}] == answers[1].json()["servers"]


async def test_a_packaged_document_stands_in(bazaar: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody composes one, and until somebody has; one process that runs everything needs none."""
    packaged = tmp_path / bazaar / "openapi.json"
    app = placed(bazaar, "orders")
    assert compose([described(app)]) == app.openapi()
    packaged.write_text('{"info": "packaged"}')
    assert {"info": "packaged"} == app.openapi()
    monkeypatch.setenv("FISSILE_OPENAPI", str(tmp_path / "openapi.json"))
    assert {"info": "packaged"} == app.openapi()
    replace(tmp_path / "openapi.json", b'{"info": "composed"}')
    assert {"info": "composed"} == app.openapi()
    assert "paths" in placed(bazaar).openapi()


def test_a_packaged_document_that_is_none(bazaar: str, tmp_path: Path) -> None:
    """It is said which file it is, and how it is made."""
    (tmp_path / bazaar / "openapi.json").write_text("openapi: 3.1.0")
    with pytest.raises(ConfigurationError) as raised:
        placed(bazaar, "orders").openapi()
    (fault,) = raised.value.faults
    assert fault.where.endswith(f"{bazaar}/openapi.json")
    assert f"fissile openapi --output {fault.where}" == fault.fix


def replace(file: Path, content: bytes) -> None:
    """Writes a file as the supervisor does."""
    unfinished = file.with_suffix(".unfinished")
    unfinished.write_bytes(content)
    unfinished.replace(file)
