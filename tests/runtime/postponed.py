"""A router whose annotations are text, as ``from __future__ import annotations`` leaves them."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import APIRouter
from pydantic import BaseModel

from fissile import Provided

router = APIRouter()


class Numbers:
    """Stands for an interface."""

    def next(self) -> int:
        """A number."""
        return 42


class Wanted(BaseModel):
    """A body."""

    times: int


@router.post("/times")
async def times(wanted: Wanted, numbers: Provided[Numbers]) -> list[int]:
    """A body beside an interface."""
    return [numbers.next()] * wanted.times


@router.get("/lines")
async def lines(numbers: Provided[Numbers]) -> AsyncIterator[Wanted]:
    """A stream whose items have a schema."""
    yield Wanted(times=numbers.next())
