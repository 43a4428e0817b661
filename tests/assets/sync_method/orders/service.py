"""What orders does."""

from .public import Orders


class OrderService(Orders):
    """Does it."""

    def get(self, number: int) -> str:
        """One of them."""
        return str(number)
