"""What stock does."""

from .public import Stock


class StockService(Stock):
    """Does it."""

    async def get(self, number: int) -> str:
        """One of them."""
        return str(number)
