"""What others may use of orders."""

from typing import Protocol

from fissile import Interface


class Orders(Interface, Protocol):
    """What others may ask of orders."""

    async def get(self, number: int) -> str:
        """One of them."""
        ...
