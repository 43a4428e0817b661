"""An order, and the rules it obeys."""

from dataclasses import dataclass, field
from typing import Literal


class QuantityTooLarge(Exception):
    """The shop does not order so much at once."""


@dataclass(eq=False)
class Order:
    """What the shop ordered from a supplier; the id is the database's to give."""

    supplier_id: int
    item: str
    quantity: int
    status: Literal["open", "cancelled"] = "open"
    id: int = field(init=False)

    @classmethod
    def place(cls, supplier_id: int, item: str, quantity: int, maximum: int) -> "Order":
        """A new order, of `maximum` pieces at most."""
        if quantity > maximum:
            raise QuantityTooLarge
        return cls(supplier_id, item, quantity)

    def cancel(self) -> None:
        """End the order; whoever cancels twice wanted it once."""
        self.status = "cancelled"
