"""What others may use of billing."""

from typing import Protocol

from fissile import Interface


class Billing(Interface, Protocol):
    """What others may ask of billing."""

    async def get(self, number: int) -> str:
        """One of them."""
        ...
