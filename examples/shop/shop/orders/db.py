"""Where orders are kept."""

from sqlalchemy import BigInteger, Column, Integer, String, Table, select
from sqlalchemy.orm import registry

from fissile.data import Page, SqlRepository

from .domain import Order

mapping = registry()
metadata = mapping.metadata
# A supplier's id is no foreign key: the row it names is in a database that belongs to another component.
table = Table(
    "orders",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("supplier_id", BigInteger, nullable=False, index=True),
    Column("item", String(200), nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("status", String(20), nullable=False),
    sqlite_autoincrement=True,
)
mapping.map_imperatively(Order, table)


class OrderRepository(SqlRepository[Order, int]):
    """The orders in the database."""

    longest = 1_000  # as `Limit` has it for those who call

    async def of(self, supplier_id: int, after: int, limit: int) -> Page[Order, int]:
        """Up to `limit` orders of one supplier, whose ids follow `after`."""
        return await self.page(select(Order).where(table.c.supplier_id == supplier_id), after=after, limit=limit)
