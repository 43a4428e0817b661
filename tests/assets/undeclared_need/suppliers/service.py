"""What suppliers does."""

from .public import Suppliers


class SupplierService(Suppliers):
    """Does it."""

    async def get(self, number: int) -> str:
        """One of them."""
        return str(number)
