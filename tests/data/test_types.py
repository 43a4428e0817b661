"""Columns that are the same in SQLite and PostgreSQL."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import BigInteger, Column, Insert, Integer, MetaData, Row, Select, Table, func, insert, select
from sqlalchemy.exc import StatementError

from fissile.data import Exact, Instant, Store, begin

from .conftest import StoreOf

metadata = MetaData()
table = Table(
    "rows",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("price", Exact(12, 2)),
    Column("at", Instant),
)

PRICES = [Decimal(text) for text in ("-10.00", "-0.01", "0.00", "0.10", "9.90", "10.00", "9999999999.99")]
NOON = datetime(2026, 7, 1, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=2)))


@pytest.fixture
async def store(store_of: StoreOf) -> AsyncIterator[Store]:
    """An open database."""
    store = store_of(metadata)
    await store.open_once()
    yield store
    await store.close()


async def done(store: Store, *statements: Insert | Select[Any]) -> list[Sequence[Row[Any]]]:
    """What each statement gives, all in one unit of work."""
    work = await begin(store, False, False)
    try:
        results = [await work.session().execute(statement) for statement in statements]
        found = [
            result.all() if isinstance(statement, Select) else ()
            for statement, result in zip(statements, results, strict=True)
        ]
    except BaseException:
        await work.rollback()
        raise
    await work.commit()
    return found


async def test_exact(store: Store) -> None:
    """Exact numbers come back with all their digits, sort by their value, add up, and compare."""
    kept = insert(table).values([{"price": price} for price in reversed(PRICES)])
    _, ordered, total, cheap = await done(
        store,
        kept,
        select(table.c.price).order_by(table.c.price),
        select(func.sum(table.c.price)).where(table.c.price < Decimal("100")),
        select(table.c.price).where(table.c.price.between(Decimal("0.1"), Decimal("9.90"))).order_by(table.c.price),
    )
    assert [str(price) for price in PRICES] == [str(price) for (price,) in ordered]
    assert Decimal("9.99") == total[0][0]
    assert [Decimal("0.10"), Decimal("9.90")] == [price for (price,) in cheap]


@pytest.mark.parametrize("price", ["0.001", "10000000000.00", "NaN", "Infinity"])
async def test_not_exact(store: Store, price: str) -> None:
    """A number that does not fit is refused instead of being rounded."""
    with pytest.raises(StatementError, match="does not fit into Exact"):
        await done(store, insert(table).values(price=Decimal(price)))


async def test_nothing(store: Store) -> None:
    """Where a column may be empty, nothing stays nothing."""
    _, found = await done(store, insert(table).values(price=None, at=None), select(table.c.price, table.c.at))
    assert [(None, None)] == [tuple(row) for row in found]


async def test_instants(store: Store) -> None:
    """A moment comes back in UTC, to the microsecond, and sorts by time and not by its text."""
    earlier = datetime(2026, 7, 1, 11, 0, tzinfo=timezone(timedelta(hours=14)))
    kept = insert(table).values([{"at": NOON}, {"at": earlier}])
    _, found, since = await done(
        store, kept, select(table.c.at).order_by(table.c.at), select(table.c.at).where(table.c.at >= NOON)
    )
    assert [earlier, NOON] == [at for (at,) in found]
    assert {UTC.utcoffset(None)} == {at.utcoffset() for (at,) in found}
    assert [(NOON,)] == [tuple(row) for row in since]


async def test_no_zone(store: Store) -> None:
    """A time without a zone is no moment."""
    with pytest.raises(StatementError, match="has no time zone"):
        await done(store, insert(table).values(at=NOON.replace(tzinfo=None)))


@pytest.mark.parametrize(("precision", "scale"), [(19, 2), (2, 3), (5, -1)])
def test_too_many_digits(precision: int, scale: int) -> None:
    """An integer of 64 bits holds 18 digits."""
    with pytest.raises(ValueError, match="18 digits"):
        Exact(precision, scale)
