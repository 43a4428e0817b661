"""Its routes."""

from fastapi import APIRouter

router = APIRouter()


@router.get("")
async def index() -> str:
    """Says who answered."""
    return __name__
