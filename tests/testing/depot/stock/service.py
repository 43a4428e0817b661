"""What can be done with the stock."""

from sqlalchemy import Column, Integer, MetaData, String, Table, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from .public import Item, Stock, UnknownItem

metadata = MetaData()
items = Table(
    "items", metadata, Column("id", Integer, primary_key=True), Column("name", String), sqlite_autoincrement=True
)
runs: list[str] = []


class StockService(Stock):
    """The stock, in a database."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, name: str) -> Item:
        """Put something in."""
        made = await self._session.execute(insert(items).values(name=name).returning(items.c.id))
        return Item(id=made.scalar_one(), name=name)

    async def get(self, id: int) -> Item:  # noqa: A002  # as in the interface
        """One item."""
        runs.append("get")
        found = (await self._session.execute(select(items.c.name).where(items.c.id == id))).scalar_one_or_none()
        if found is None:
            raise UnknownItem(id=id)
        return Item(id=id, name=found)

    async def count(self) -> int:
        """How many items there are."""
        counted = await self._session.scalar(select(func.count()).select_from(items))
        assert counted is not None
        return counted

    async def rename(self, id: int, name: str) -> None:  # noqa: A002  # as in the interface
        """Call an item something else."""
        runs.append("rename")
        await self._session.execute(update(items).where(items.c.id == id).values(name=name))

    async def count_runs(self) -> int:
        """How often `get` and `rename` ran since this was asked last."""
        counted = len(runs)
        runs.clear()
        return counted
