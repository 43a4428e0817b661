"""What others may use of orders."""

from collections.abc import AsyncIterator
from typing import Protocol

from fissile import Interface


class Orders(Interface, Protocol):
    """What others may ask of orders."""

    def get(self, number: int) -> str:
        """One of them, at once."""
        ...

    async def follow(self, number: int) -> AsyncIterator[str]:
        """Every change."""
        yield ""
