"""What orders does."""

from datetime import date

from .public import Order, Orders


class OrderService(Orders):
    """Does it."""

    async def get(self, number: int) -> Order:
        """One of them."""
        return Order(number=number, items=[])

    async def find(self, when: str | date, what: object) -> None:
        """Whatever was ordered then."""
