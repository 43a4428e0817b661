"""Its routes."""

from fastapi import APIRouter

from fissile import Provided

from ..suppliers.public import Suppliers

router = APIRouter()


@router.get("/{number}")
async def get(number: int, suppliers: Provided[Suppliers]) -> str:
    """Asks suppliers."""
    return await suppliers.get(number)
