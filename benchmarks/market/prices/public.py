"""What others may ask of prices."""

from typing import Protocol

from fissile import Interface, Value, readonly


class NewOrder(Value):
    """What is ordered."""

    item: str
    quantity: int


class Order(Value):
    """What was ordered."""

    id: int
    item: str
    quantity: int


class Page(Value):
    """About one KB."""

    text: str
    orders: tuple[Order, ...]


class Prices(Interface, Protocol):
    """Takes orders."""

    @readonly
    async def order(self, new: NewOrder) -> Order:
        """The order."""
        ...

    @readonly
    async def page(self, page: Page) -> Page:
        """The same page."""
        ...
