"""The stock."""

from fastapi import APIRouter

from fissile import Component, Database, Provided

from .public import Item, Stock
from .service import StockService, metadata

router = APIRouter()


@router.get("/{item_id}")
async def get(item_id: int, stock: Provided[Stock]) -> Item:
    """One item."""
    return await stock.get(item_id)


component = Component(provides={Stock: StockService}, api=router, database=Database(metadata))
