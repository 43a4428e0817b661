"""Where suppliers are kept."""

from sqlalchemy import BigInteger, Column, Integer, String, Table
from sqlalchemy.orm import registry

from fissile.data import SqlRepository

from .domain import Supplier

mapping = registry()
metadata = mapping.metadata
# An id is never given twice, so that an order cannot come to name another supplier than the one it was placed with.
table = Table(
    "suppliers",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("city", String(200), nullable=False),
    sqlite_autoincrement=True,
)
mapping.map_imperatively(Supplier, table)


class SupplierRepository(SqlRepository[Supplier, int]):
    """The suppliers in the database."""

    longest = 1_000  # as `Limit` has it for those who call
