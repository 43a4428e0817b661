"""Where suppliers are kept."""

from collections.abc import Sequence

from sqlalchemy import Column, Integer, String, Table, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import registry

from .domain import Supplier

mapping = registry()
metadata = mapping.metadata
# An id is never given twice, so that an order cannot come to name another supplier than the one it was placed with.
table = Table(
    "suppliers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("city", String(200), nullable=False),
    sqlite_autoincrement=True,
)
mapping.map_imperatively(Supplier, table)


class SupplierRepository:
    """The suppliers in the database."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, supplier: Supplier) -> None:
        """Keep a new supplier, which gets its id."""
        self._session.add(supplier)
        await self._session.flush()

    async def get(self, supplier_id: int) -> Supplier | None:
        """The supplier with this id, if there is one."""
        return await self._session.get(Supplier, supplier_id)

    async def page(self, after: int, limit: int) -> Sequence[Supplier]:
        """Up to `limit` suppliers whose ids follow `after`."""
        query = select(Supplier).where(table.c.id > after).order_by(table.c.id).limit(limit)
        return (await self._session.scalars(query)).all()

    async def remove(self, supplier: Supplier) -> None:
        """Keep this supplier no longer."""
        await self._session.delete(supplier)
