# ruff: noqa: ANN001, ANN201 - the missing annotations are what is tested
"""What orders does."""

from .public import Orders


class OrderService(Orders):
    """Does it."""

    async def get(self, number, *names: str):
        """One of them."""
        return str(number)
