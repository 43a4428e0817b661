"""What others may use of the sales."""

from typing import Protocol

from fissile import Interface, readonly


class Sales(Interface, Protocol):
    """What may be asked of the sales."""

    @readonly
    async def label(self, item_id: int) -> str:
        """What is written beside an item."""
        ...

    async def buy(self, name: str) -> int:
        """Get something for the stock."""
        ...
