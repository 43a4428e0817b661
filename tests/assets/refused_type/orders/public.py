"""What others may use of orders."""

from datetime import date
from typing import Protocol

from fissile import Interface, Value


class Order(Value):
    """An order, with a list that could be changed."""

    number: int
    items: list[str]


class Orders(Interface, Protocol):
    """What others may ask of orders."""

    async def get(self, number: int) -> Order:
        """One of them."""
        ...

    async def find(self, when: str | date, what: object) -> None:
        """Whatever was ordered then."""
        ...
