"""What others may use of the stock."""

from typing import Protocol

from fissile import ComponentError, Interface, Value, idempotent, raises, readonly


class Item(Value):
    """Something that lies in the depot."""

    id: int
    name: str


class UnknownItem(ComponentError):
    """Nothing in the depot has this id."""

    status = 404
    id: int


class Stock(Interface, Protocol):
    """What may be asked of the stock."""

    async def add(self, name: str) -> Item:
        """Put something in."""
        ...

    @readonly
    @raises(UnknownItem)
    async def get(self, id: int) -> Item:  # noqa: A002  # it is called that
        """One item."""
        ...

    @readonly
    async def count(self) -> int:
        """How many items there are."""
        ...

    @idempotent
    async def rename(self, id: int, name: str) -> None:  # noqa: A002  # it is called that
        """Call an item something else."""
        ...

    async def count_runs(self) -> int:
        """How often `get` and `rename` ran since this was asked last."""
        ...
