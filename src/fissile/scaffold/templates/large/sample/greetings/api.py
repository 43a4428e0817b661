"""The greetings over HTTP."""

from fastapi import APIRouter
from fissile import Provided

from .public import Greetings, Hello, Name

router = APIRouter(tags=["greetings"])


@router.get("")
async def greet(greeter: Provided[Greetings], name: Name = "world") -> Hello:
    """Say hello."""
    return await greeter.greet(name)
