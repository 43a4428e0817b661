"""The sales."""

from fastapi import APIRouter

from fissile import Component, Provided

from ..stock.public import Stock
from .public import Sales
from .service import SalesService

router = APIRouter()


@router.get("/{item_id}/label")
async def label(item_id: int, sales: Provided[Sales]) -> str:
    """What is written beside an item."""
    return await sales.label(item_id)


@router.post("")
async def buy(name: str, sales: Provided[Sales]) -> int:
    """Get something for the stock."""
    return await sales.buy(name)


@router.get("/broken")
async def broken() -> str:
    """Nothing good."""
    raise RuntimeError("the depot burns")


component = Component(provides={Sales: SalesService}, needs=[Stock], api=router)
