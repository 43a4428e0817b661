"""What others may use of suppliers."""

from typing import Protocol

from fissile import Interface


class Suppliers(Interface, Protocol):
    """What others may ask of suppliers."""

    async def get(self, number: int) -> str:
        """One of them."""
        ...
