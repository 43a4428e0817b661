"""The farewells of greetings over HTTP."""

from fastapi import APIRouter
from pydantic import BaseModel

router = APIRouter()


class Farewells(BaseModel):
    """All farewells."""

    items: tuple[str, ...]


@router.get("")
async def list_farewells() -> Farewells:
    """All of them; what the component knows is asked with `Provided`, as in its other routes."""
    return Farewells(items=())
