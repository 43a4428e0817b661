"""What others may use of orders."""

from typing import Protocol

from fissile import Interface


class Orders(Interface, Protocol):
    """What others may ask of orders."""

    async def get(self, number: int) -> str:
        """One of them."""
        ...

    async def count(self) -> int:
        """How many there are."""
        ...

    async def cancel(self, number: int, reason: str = "") -> None:
        """Ends one."""
        ...
