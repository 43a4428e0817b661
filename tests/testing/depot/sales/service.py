"""What can be done in sales."""

from ..stock.public import Stock, UnknownItem
from .public import Sales


class SalesService(Sales):
    """The sales, which keep nothing themselves."""

    def __init__(self, stock: Stock) -> None:
        self._stock = stock

    async def label(self, item_id: int) -> str:
        """What is written beside an item."""
        try:
            return (await self._stock.get(item_id)).name
        except UnknownItem:
            return "sold out"

    async def buy(self, name: str) -> int:
        """Get something for the stock."""
        return (await self._stock.add(name)).id
