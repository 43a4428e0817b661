"""What billing does."""

from .public import Billing


class BillingService(Billing):
    """Does it."""

    async def get(self, number: int) -> str:
        """One of them."""
        return str(number)
