"""Letters: the component beside."""

from fastapi import APIRouter

from fissile import Component

router = APIRouter()


@router.get("")
@router.get("/{rest:path}")
async def say(rest: str = "") -> dict[str, str]:
    """Says who answers."""
    return {"by": "letters", "path": rest}


component = Component(api=router)
