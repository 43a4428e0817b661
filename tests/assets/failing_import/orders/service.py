"""What orders does."""

import no_such_payment_library

from .public import Orders


class OrderService(Orders):
    """Does it."""

    async def get(self, number: int) -> str:
        """One of them."""
        return str(no_such_payment_library.pay(number))
