"""Takes orders."""

from fissile import Component

from .public import NewOrder, Order, Page, Prices


class PriceService(Prices):
    """Takes orders."""

    async def order(self, new: NewOrder) -> Order:
        """The order."""
        return Order(id=7, item=new.item, quantity=new.quantity)

    async def page(self, page: Page) -> Page:
        """The same page."""
        return page


component = Component(provides={Prices: PriceService})
