"""What orders does."""

from .public import Orders


class OrderService(Orders):
    """Does it."""

    def count(self) -> int:
        """How many there are."""
        return 0
