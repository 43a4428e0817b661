"""What can be done with orders."""

from shop.suppliers.public import Suppliers, UnknownSupplier

from . import domain
from .db import OrderRepository
from .public import NewOrder, NoSuchSupplier, Order, Orders, QuantityTooLarge, UnknownOrder
from .settings import OrderSettings


class OrderService(Orders):
    """The orders, for everyone who may ask."""

    def __init__(self, orders: OrderRepository, suppliers: Suppliers, settings: OrderSettings) -> None:
        self._orders = orders
        self._suppliers = suppliers
        self._maximum = settings.maximum_quantity

    async def place(self, new: NewOrder) -> Order:
        """Order something from a supplier: the call comes before the write, so that no transaction waits for it."""
        try:
            await self._suppliers.get(new.supplier_id)
            order = domain.Order.place(new.supplier_id, new.item, new.quantity, self._maximum)
        except UnknownSupplier as error:
            raise NoSuchSupplier(supplier_id=new.supplier_id) from error
        except domain.QuantityTooLarge as error:
            raise QuantityTooLarge(quantity=new.quantity, maximum=self._maximum) from error
        await self._orders.add(order)
        return _to_public(order)

    async def get(self, order_id: int) -> Order:
        """One order."""
        return _to_public(await self._known(order_id))

    async def page(self, supplier_id: int | None = None, after: int = 0, limit: int = 50) -> tuple[Order, ...]:
        """Up to `limit` orders whose ids follow `after`, of one supplier or of all."""
        if supplier_id is None:
            page = await self._orders.list(after=after, limit=limit)
        else:
            page = await self._orders.of(supplier_id, after, limit)
        return tuple(map(_to_public, page.items))

    async def cancel(self, order_id: int) -> Order:
        """Cancel an order; one that is cancelled stays as it is."""
        order = await self._known(order_id)
        order.cancel()
        await self._orders.save(order)
        return _to_public(order)

    async def _known(self, order_id: int) -> domain.Order:
        order = await self._orders.get(order_id)
        if order is None:
            raise UnknownOrder(order_id=order_id)
        return order


def _to_public(order: domain.Order) -> Order:
    return Order(
        id=order.id,
        supplier_id=order.supplier_id,
        item=order.item,
        quantity=order.quantity,
        status=order.status,
    )
