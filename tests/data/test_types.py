"""Columns that are the same in SQLite and PostgreSQL."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Insert,
    Integer,
    MetaData,
    Row,
    Select,
    Table,
    Update,
    case,
    cast,
    func,
    insert,
    select,
    type_coerce,
    update,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import StatementError

from fissile.data import Exact, Instant, Store, begin

from .conftest import StoreOf

metadata = MetaData()
table = Table(
    "rows",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("price", Exact(12, 2)),
    Column("off", Exact(4, 2)),
    Column("fee", Exact(12, 2), server_default="9.90"),
    Column("pieces", Integer),
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


async def done(store: Store, *statements: Insert | Update | Select[Any]) -> list[Sequence[Row[Any]]]:
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


@pytest.mark.parametrize(("precision", "scale"), [(16, 2), (2, 3), (5, -1)])
def test_too_many_digits(precision: int, scale: int) -> None:
    """A double holds 15 digits."""
    with pytest.raises(ValueError, match="15 digits"):
        Exact(precision, scale)


p, q = table.c.price, table.c.off

COMPUTED: list[tuple[ColumnElement[Any], str]] = [
    (p, "9.90"),
    (p * 2, "19.80"),
    (2 * p, "19.80"),
    (p * p, "98.0100"),
    (p * Decimal("1.005"), "9.94950"),
    (p * 1.1, "10.890"),
    (p * table.c.pieces, "29.70"),
    (table.c.pieces * p, "29.70"),
    (p * Decimal("1e12"), "9900000000000.00"),
    (p / 2, "4.95"),
    ((p * 0 + 10) / 4, "2.5"),
    (p / 3 * 3, "9.9"),
    (99 / p, "10"),
    (type_coerce(table.c.pieces, Exact(9, 0)) / (p + Decimal("2.1")), "0.25"),
    (type_coerce(table.c.pieces, Exact(9, 0)) / (p * 0 + 8), "0.375"),
    (p + q, "9.70"),
    (p - q, "10.10"),
    (p + q - q, "9.90"),
    (p - Decimal("9.80"), "0.10"),
    (Decimal("10") - p, "0.10"),
    (p + Decimal("0.001"), "9.901"),
    ((p + q) * 2 - p, "9.50"),
    (-p, "-9.90"),
    (q * 0, "0.00"),
    (cast(p, Exact(12, 1)), "9.9"),
    (cast(p * Decimal("1.005"), Exact(12, 2)), "9.95"),
    (cast("9.90", Exact(12, 2)), "9.90"),
    (func.sum(p), "9.90"),
    (func.max(p * q), "-1.9800"),
    (func.avg(p, type_=Exact(12, 2)), "9.90"),
    (func.round(p * Decimal("0.3"), 1, type_=Exact(12, 1)), "3.0"),
    (func.abs(q, type_=Exact(12, 2)), "0.20"),
    (func.coalesce(q, 0), "-0.20"),
    (case((p > 5, p), else_=q), "9.90"),
]
"""Where the price is 9.90, there are -0.20 off, and 3 pieces."""

TRUE: list[ColumnElement[bool]] = [
    p > Decimal("9.899"),
    p < Decimal("9.9000001"),
    p == 9.9,
    p >= 9.9,
    p < Decimal("1e12"),
    p > -1e12,
    p.in_([Decimal("9.90"), Decimal("0.12345")]),
    p.not_in([Decimal("9.899"), Decimal("1e20")]),
    p.between(Decimal("9.899"), Decimal("1e12")),
    func.round(p - q, 2) == Decimal("10.10"),
    p * 2 > Decimal("19.799"),
]


@pytest.fixture
async def sold(store: Store) -> Store:
    """A database with one row, for 9.90."""
    await done(store, insert(table).values(price=Decimal("9.90"), off=Decimal("-0.20"), pieces=3))
    return store


async def test_computed(sold: Store) -> None:
    """What SQL computes with exact numbers is the same number in both databases."""
    expressions = [expression for expression, _ in COMPUTED]
    found = await done(sold, *(select(expression).select_from(table) for expression in expressions))
    assert [(str(expression), Decimal(result)) for expression, result in COMPUTED] == [
        (str(expression), rows[0][0]) for expression, rows in zip(expressions, found, strict=True)
    ]


async def test_digits_of_computed(sold: Store) -> None:
    """Sums and products come with as many digits after the point in both databases, and nothing is below zero by -0."""
    chosen = select(p * 2, p * p, p + q, func.sum(p), p - p, q * 0, 2 * p)
    ((row,),) = await done(sold, chosen.group_by(table.c.id))
    assert ["19.80", "98.0100", "9.70", "9.90", "0.00", "0.00", "19.80"] == [str(number) for number in row]


async def test_compared(sold: Store) -> None:
    """A number that an exact one is compared with need not fit into its column."""
    found = await done(sold, *(select(table.c.id).where(condition) for condition in TRUE))
    assert [] == [str(condition) for condition, rows in zip(TRUE, found, strict=True) if len(rows) != 1]


async def test_rests(store: Store) -> None:
    """What binary floating point leaves of a sum that is zero is no part of it."""
    _, total = await done(
        store,
        insert(table).values([{"price": Decimal(text)} for text in ("1000000.10", "0.20", "-1000000.30")]),
        select(func.sum(p), func.sum(p) * 3),
    )
    assert ["0.00", "0.00"] == [str(number) for number in total[0]]


async def test_default(store: Store) -> None:
    """What the server puts into a column is the number that is written there."""
    _, found = await done(store, insert(table).values(pieces=1), select(table.c.fee))
    assert ["9.90"] == [str(fee) for (fee,) in found]


@pytest.mark.parametrize("scale", range(16))
def test_fifteen_digits(scale: int) -> None:
    """Each number of 15 digits is found again in the double that SQLite keeps."""
    kind, dialect = Exact(15, scale), sqlite.dialect()
    for digits in (999999999999999, 900719925474099, 123456789012345, 100000000000001, 1, -999999999999998):
        number = Decimal(digits).scaleb(-scale)
        kept = kind.process_bind_param(number, dialect)
        assert isinstance(kept, float)
        assert (number, -scale) == (
            found := kind.process_result_value(kept, dialect),
            found.as_tuple().exponent if found is not None else None,
        )


async def test_update(sold: Store) -> None:
    """A number that does not fit is refused in a change, too; what SQL computes is not."""
    with pytest.raises(StatementError, match="does not fit into Exact"):
        await done(sold, update(table).values(price=Decimal("9.999")))
    _, found = await done(sold, update(table).values(price=p * 2), select(p))
    assert ["19.80"] == [str(price) for (price,) in found]


async def test_durations(store: Store) -> None:
    """PostgreSQL computes with moments; SQLite says that it does not."""
    await done(store, insert(table).values(at=NOON))
    hour = timedelta(hours=1)
    later, since, before = select(table.c.at + hour), select(table.c.at - table.c.at), select(table.c.at - NOON)
    if not store.address.is_sqlite:
        assert [[(NOON + hour,)], [(timedelta(0),)], [(timedelta(0),)]] == await done(store, later, since, before)
        return
    for statement in (later, since, before):
        with pytest.raises((StatementError, ValueError), match="SQLite does not compute with moments"):
            await done(store, statement)
