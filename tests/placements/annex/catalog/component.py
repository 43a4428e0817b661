"""The catalog: two versions of one API."""

from fastapi import APIRouter, Request

from fissile import Component

from ..terms import pid

v1 = APIRouter(tags=["catalog"])
v2 = APIRouter(tags=["catalog"])


@v1.get("/items/{number}")
async def old_item(number: int) -> str:
    """An item as it used to be."""
    return f"item {number}"


@v2.get("/items/{number}")
async def new_item(number: int, request: Request) -> dict[str, object]:
    """An item, and where it used to be."""
    return {"number": number, "before": str(request.url_for("old_item", number=number))}


v2.add_api_route("/pid", pid, include_in_schema=False)

component = Component(api={"v1": v1, "v2": v2})
