"""Calls to others, over HTTP."""

from fastapi import APIRouter, Request, WebSocket

from fissile import Provided
from shop.orders.public import NewOrder, Order, Orders
from shop.suppliers.public import Supplier, Suppliers, UnknownSupplier

from ..desk.public import Clock, Desk
from ..terms import pid
from .public import NothingLeft

router = APIRouter(tags=["kiosk"])


@router.get("/greeting")
async def greeting(desk: Provided[Desk]) -> str:
    """A greeting in a language that travels with the call."""
    return await desk.greet()


@router.get("/clock")
async def read_clock(clock: Provided[Clock]) -> str:
    """A call to another component, which `main.py` has overridden."""
    return await clock.now()


@router.post("/orders", status_code=201)
async def order(new: NewOrder, orders: Provided[Orders]) -> Order:
    """A call that makes a call."""
    return await orders.place(new)


@router.get("/suppliers/{supplier_id}")
async def supplier(supplier_id: int, suppliers: Provided[Suppliers]) -> Supplier:
    """Turns another component's error into its own."""
    try:
        return await suppliers.get(supplier_id)
    except UnknownSupplier as error:
        raise NothingLeft(supplier_id=supplier_id) from error


@router.get("/escapes")
async def escapes(suppliers: Provided[Suppliers]) -> Supplier:
    """Lets another component's error pass."""
    return await suppliers.get(999)


@router.get("/closed")
async def closed(desk: Provided[Desk]) -> None:
    """Lets another error of another component pass."""
    await desk.close(9)


@router.get("/fails")
async def fails(desk: Provided[Desk]) -> None:
    """A call that fails in a way that nobody has declared."""
    await desk.fail()


@router.get("/waits")
async def waits(desk: Provided[Desk]) -> None:
    """A call whose time is up before it ends."""
    await desk.wait()


@router.get("/large/{size}")
async def large(size: int, desk: Provided[Desk]) -> int:
    """A call with a long message."""
    return await desk.measure("x" * size)


@router.get("/elsewhere")
async def elsewhere(request: Request) -> str:
    """The URL of another component's route, by its name."""
    return str(request.url_for("get_supplier", supplier_id=1))


@router.websocket("/socket")
async def socket(websocket: WebSocket, suppliers: Provided[Suppliers]) -> None:
    """Names suppliers, one call each."""
    await websocket.accept()
    while (said := await websocket.receive_text()) != "close":
        await websocket.send_text((await suppliers.get(int(said))).name)
    await websocket.close()


router.add_api_route("/pid", pid, include_in_schema=False)
