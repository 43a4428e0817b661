"""FastAPI's partial update, with a call between the route and what is updated."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from httpx2 import AsyncClient

from fissile import App
from fissile.project import Peer, View
from tests.runtime.projects import written
from tests.runtime.sockets import behind_uvicorn

PUBLIC = """
from typing import Protocol

from fissile import Interface, Value

class Place(Value):
    city: str | None = None
    street: str | None = None

class Change(Value):
    name: str | None = None
    place: Place = Place()

class Shops(Interface, Protocol):
    async def change(self, change: Change) -> dict[str, str | None]:
        ...
"""

SHOPS = """
from fissile import Component

from .public import Change, Shops

class ShopService(Shops):
    async def change(self, change: Change) -> dict[str, str | None]:
        row = {"name": "Bolts", "city": "Delft", "street": "Oude Delft"}
        given = change.model_dump(exclude_unset=True)
        return row | given.pop("place", {}) | given

component = Component(provides={Shops: ShopService})
"""

DESK = """
from fastapi import APIRouter
from fissile import Component, Provided

from ..shops.public import Change, Shops

router = APIRouter()

@router.patch("")
async def change(change: Change, shops: Provided[Shops]) -> dict[str, str | None]:
    return await shops.change(change)

component = Component(needs=[Shops], api=router)
"""

FILES = {"shops/public.py": PUBLIC, "shops/component.py": SHOPS, "desk/component.py": DESK}


@pytest.fixture
def package(tmp_path: Path) -> Iterator[str]:
    """A desk, whose route is asked for a change, and shops, which make it."""
    with written(tmp_path, FILES) as package:
        yield package


@pytest.fixture(params=["together", "wire", "apart"])
async def client(package: str, request: pytest.FixtureRequest) -> AsyncIterator[AsyncClient]:
    """A client of the desk."""
    async with AsyncExitStack() as stack:
        app = App(package)
        app.view = View("wire", wire=True) if request.param == "wire" else View("together")
        if request.param == "apart":
            path = Path(stack.enter_context(TemporaryDirectory(prefix="f-"))) / "shops.sock"
            other = App(package)
            other.view = View("apart", live=frozenset({"shops"}))
            await stack.enter_async_context(behind_uvicorn(other, path))
            peers = {"shops": Peer("shops", (f"unix:{path}",))}
            app.view = View("apart", live=frozenset({"desk"}), peers=peers)
        yield (await stack.enter_async_context(behind_uvicorn(app)))[0]


CHANGES: list[tuple[dict[str, object], dict[str, str | None]]] = [
    ({}, {}),
    ({"name": "Nuts"}, {"name": "Nuts"}),
    ({"name": None}, {"name": None}),
    ({"place": {"city": None}}, {"city": None}),
    ({"place": {"street": "Markt", "city": "Gouda"}}, {"street": "Markt", "city": "Gouda"}),
    ({"name": "Nuts", "_set": []}, {"name": "Nuts"}),
]


async def test_what_is_left_out_stays(client: AsyncClient) -> None:
    """What the body does not set is not overwritten, together, over the wire and apart; null is set."""
    row = {"name": "Bolts", "city": "Delft", "street": "Oude Delft"}
    for body, expected in CHANGES:
        changed = await client.patch("/desk", json=body)
        assert (200, row | expected) == (changed.status_code, changed.json()), body
