"""The orders over HTTP."""

import asyncio
from collections.abc import AsyncIterable
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.sse import EventSourceResponse

from fissile import Provided, requires
from shop.paging import Cursor, Limit, Page, page_of
from shop.suppliers.public import SupplierId

from .public import NewOrder, Order, OrderId, Orders

router = APIRouter(tags=["orders"])


@router.post("", status_code=201, dependencies=[requires("orders:write")])
async def place_order(new: NewOrder, orders: Provided[Orders]) -> Order:
    """Order something from a supplier."""
    return await orders.place(new)


@router.get("")
async def list_orders(
    orders: Provided[Orders], cursor: Cursor, supplier_id: SupplierId | None = None, limit: Limit = 50
) -> Page[Order]:
    """All orders, or those of one supplier, page by page."""
    return page_of(await orders.page(supplier_id, after=cursor, limit=limit + 1), limit)


@router.get("/{order_id}")
async def get_order(order_id: OrderId, orders: Provided[Orders]) -> Order:
    """One order."""
    return await orders.get(order_id)


@router.post("/{order_id}/cancel", dependencies=[requires("orders:write")])
async def cancel_order(order_id: OrderId, orders: Provided[Orders]) -> Order:
    """Cancel an order; one that is cancelled stays as it is."""
    return await orders.cancel(order_id)


@router.get("/{order_id}/live", response_class=EventSourceResponse)
async def watch_order(order: Annotated[Order, Depends(get_order)], orders: Provided[Orders]) -> AsyncIterable[Order]:
    """The order now, then each change of it, until its status is final.

    It looks twice a second, because another process may make the change. A stream ends after five minutes at the
    latest; browsers open it again by themselves.
    """
    yield order
    for _ in range(600):
        if order.status == "cancelled":
            return
        await asyncio.sleep(0.5)
        latest = await orders.get(order.id)
        if latest != order:
            yield (order := latest)
