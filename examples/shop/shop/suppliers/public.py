"""What other components may use of suppliers."""

from typing import Annotated, Protocol

from pydantic import Field, StringConstraints

from fissile import ComponentError, Event, Interface, Value, raises, readonly

SupplierId = Annotated[int, Field(ge=0, lt=2**63)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Limit = Annotated[int, Field(ge=1, le=1_000)]


class NewSupplier(Value):
    """A supplier to be added."""

    name: Name
    city: Name


class Supplier(Value):
    """Somebody from whom the shop buys."""

    id: SupplierId
    name: Name
    city: Name


class SupplierRemoved(Event):
    """The shop no longer buys from this supplier."""

    supplier_id: SupplierId


class UnknownSupplier(ComponentError):
    """No supplier has this id."""

    status = 404
    supplier_id: SupplierId


class Suppliers(Interface, Protocol):
    """What may be asked of suppliers."""

    async def add(self, new: NewSupplier) -> Supplier:
        """Add a supplier."""
        ...

    @readonly
    @raises(UnknownSupplier)
    async def get(self, supplier_id: SupplierId) -> Supplier:
        """One supplier."""
        ...

    @readonly
    async def page(self, after: SupplierId = 0, limit: Limit = 50) -> tuple[Supplier, ...]:
        """Up to `limit` suppliers whose ids follow `after`, in the order of their ids."""
        ...

    @raises(UnknownSupplier)
    async def remove(self, supplier_id: SupplierId) -> None:
        """Buy from this supplier no longer."""
        ...
