"""Its routes."""

from fastapi import APIRouter

router = APIRouter()


@router.get("")
async def index() -> str:
    """Says who answered."""
    return __name__


@router.get("/orders/open")
async def hidden() -> str:
    """Would never answer."""
    return __name__


@router.get("/orders-open")
async def reachable() -> str:
    """Lies beside the prefix of orders."""
    return __name__
