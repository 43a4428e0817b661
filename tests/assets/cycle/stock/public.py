"""What others may use of stock."""

from typing import Protocol

from fissile import Interface


class Stock(Interface, Protocol):
    """What others may ask of stock."""

    async def get(self, number: int) -> str:
        """One of them."""
        ...
