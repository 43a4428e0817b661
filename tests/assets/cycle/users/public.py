"""What others may use of users."""

from typing import Protocol

from fissile import Interface


class Users(Interface, Protocol):
    """What others may ask of users."""

    async def get(self, number: int) -> str:
        """One of them."""
        ...
