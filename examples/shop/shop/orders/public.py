"""What other components may use of orders."""

from typing import Annotated, Literal, Protocol

from pydantic import Field, StringConstraints

from fissile import ComponentError, Event, Interface, Value, idempotent, raises, readonly
from shop.suppliers.public import SupplierId

OrderId = Annotated[int, Field(ge=0, lt=2**63)]
Item = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Quantity = Annotated[int, Field(ge=1, lt=2**31)]
Limit = Annotated[int, Field(ge=1, le=1_000)]


class NewOrder(Value):
    """An order to be placed."""

    supplier_id: SupplierId
    item: Item
    quantity: Quantity


class Order(Value):
    """What the shop ordered from a supplier."""

    id: OrderId
    supplier_id: SupplierId
    item: Item
    quantity: Quantity
    status: Literal["open", "cancelled"]


class OrderPlaced(Event):
    """An order was placed."""

    order_id: OrderId


class UnknownOrder(ComponentError):
    """No order has this id."""

    status = 404
    order_id: OrderId


class NoSuchSupplier(ComponentError):
    """The order names a supplier that does not exist."""

    status = 422
    supplier_id: SupplierId


class QuantityTooLarge(ComponentError):
    """The shop does not order so much at once."""

    status = 422
    quantity: Quantity
    maximum: Quantity


class Orders(Interface, Protocol):
    """What may be asked of orders."""

    @raises(NoSuchSupplier, QuantityTooLarge)
    async def place(self, new: NewOrder) -> Order:
        """Order something from a supplier."""
        ...

    @readonly
    @raises(UnknownOrder)
    async def get(self, order_id: OrderId) -> Order:
        """One order."""
        ...

    @readonly
    async def page(
        self, supplier_id: SupplierId | None = None, after: OrderId = 0, limit: Limit = 50
    ) -> tuple[Order, ...]:
        """Up to `limit` orders whose ids follow `after`, in the order of their ids; of one supplier or of all."""
        ...

    @idempotent
    @raises(UnknownOrder)
    async def cancel(self, order_id: OrderId) -> Order:
        """Cancel an order; one that is cancelled stays as it is."""
        ...
