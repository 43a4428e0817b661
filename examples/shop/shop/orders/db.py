"""Where orders are kept."""

from collections.abc import Sequence

from sqlalchemy import BigInteger, Column, Integer, String, Table, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import registry

from .domain import Order

mapping = registry()
metadata = mapping.metadata
# A supplier's id is no foreign key: the row it names is in a database that belongs to another component.
table = Table(
    "orders",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("supplier_id", BigInteger, nullable=False, index=True),
    Column("item", String(200), nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("status", String(20), nullable=False),
    sqlite_autoincrement=True,
)
mapping.map_imperatively(Order, table)


class OrderRepository:
    """The orders in the database."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, order: Order) -> None:
        """Keep a new order, which gets its id."""
        self._session.add(order)
        await self._session.flush()

    async def get(self, order_id: int) -> Order | None:
        """The order with this id, if there is one."""
        return await self._session.get(Order, order_id)

    async def page(self, supplier_id: int | None, after: int, limit: int) -> Sequence[Order]:
        """Up to `limit` orders whose ids follow `after`, of one supplier or of all."""
        query = select(Order).where(table.c.id > after).order_by(table.c.id).limit(limit)
        if supplier_id is not None:
            query = query.where(table.c.supplier_id == supplier_id)
        return (await self._session.scalars(query)).all()
