"""What can be done with suppliers."""

from fissile.data import Conflict

from . import domain
from .db import SupplierRepository
from .public import NewSupplier, Supplier, Suppliers, UnknownSupplier


class SupplierService(Suppliers):
    """The suppliers, for everyone who may ask."""

    def __init__(self, suppliers: SupplierRepository) -> None:
        self._suppliers = suppliers

    async def add(self, new: NewSupplier) -> Supplier:
        """Add a supplier."""
        supplier = domain.Supplier(new.name, new.city)
        await self._suppliers.add(supplier)
        return _to_public(supplier)

    async def get(self, supplier_id: int) -> Supplier:
        """One supplier."""
        return _to_public(await self._known(supplier_id))

    async def page(self, after: int = 0, limit: int = 50) -> tuple[Supplier, ...]:
        """Up to `limit` suppliers whose ids follow `after`."""
        return tuple(map(_to_public, (await self._suppliers.list(after=after, limit=limit)).items))

    async def remove(self, supplier_id: int) -> None:
        """Buy from this supplier no longer."""
        try:
            await self._suppliers.remove(await self._known(supplier_id))
        except Conflict as error:
            raise UnknownSupplier(supplier_id=supplier_id) from error

    async def _known(self, supplier_id: int) -> domain.Supplier:
        supplier = await self._suppliers.get(supplier_id)
        if supplier is None:
            raise UnknownSupplier(supplier_id=supplier_id)
        return supplier


def _to_public(supplier: domain.Supplier) -> Supplier:
    return Supplier(id=supplier.id, name=supplier.name, city=supplier.city)
