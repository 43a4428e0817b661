"""Using interfaces from routes and scripts, as a type checker sees it."""

from typing import assert_type

from fastapi import APIRouter, FastAPI, WebSocket

import fissile
from fissile import App, Provided
from tests.typing.declaring import Supplier, Suppliers

router = APIRouter()


class FakeSuppliers(Suppliers):
    """A fake is a class like any other that implements the interface."""

    async def get(self, supplier_id: int) -> Supplier:
        """One supplier."""
        return Supplier(id=supplier_id, name="fake")

    async def remove(self, supplier_id: int) -> None:
        """Nothing to forget."""

    async def add(self, name: str, city: str = "Bergen") -> Supplier:
        """Nothing is kept."""
        return Supplier(id=1, name=name, city=city)


@router.get("/{supplier_id}")
async def get(supplier_id: int, suppliers: Provided[Suppliers]) -> Supplier:
    """`Provided[T]` is a T."""
    assert_type(suppliers, Suppliers)
    supplier = await suppliers.get(supplier_id)
    assert_type(supplier, Supplier)
    await suppliers.get(str(supplier_id))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    return supplier


@router.websocket("/live")
async def live(socket: WebSocket, suppliers: Provided[Suppliers]) -> None:
    """In a WebSocket too."""
    await socket.send_json((await suppliers.get(1)).model_dump())


def application() -> None:
    """An `App` is a FastAPI application and takes what FastAPI takes."""
    app = App("shop", title="Shop", debug=True)
    fastapi: FastAPI = app
    fastapi.include_router(router)

    @app.get("/")
    async def hello() -> dict[str, str]:
        return {"hello": "world"}

    fissile.Appp  # type: ignore[attr-defined]  # noqa: B018 a misspelt name is refused, lazy loading or not  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    App(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def script(app: App) -> None:
    """Outside a request, `caller` gives the interfaces, each with its own type."""
    async with app.caller() as call:
        suppliers = call(Suppliers)
        assert_type(suppliers, Suppliers)
        assert_type(await suppliers.get(1), Supplier)


def overrides(app: App) -> None:
    """A fake takes the place of an interface as of any dependency: a class or a function that makes it."""
    app.dependency_overrides[Suppliers] = FakeSuppliers
    app.dependency_overrides[Suppliers] = lambda: FakeSuppliers()


def test_function(suppliers: Provided[Suppliers]) -> None:
    """A test asks for an interface by annotation, as a route does."""
    assert_type(suppliers, Suppliers)
