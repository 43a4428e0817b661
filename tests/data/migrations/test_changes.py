"""Changes of what a table has: each is written and applied, or named as one that is to be written by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
import sqlalchemy as sa
from sqlalchemy import Column, Integer, MetaData, String, Table
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import SchemaItem

from fissile.data.migrations import Migrations
from fissile.data.migrations.checking import check, described
from fissile.data.migrations.comparing import changes
from fissile.data.migrations.writing import write
from fissile.errors import ConfigurationError

from .orders import Orders, revisions

Items = Callable[[], Sequence[SchemaItem]]

NUMBER: Items = lambda: [Column("n", Integer)]  # noqa: E731  # one of many in the table below
WORD: Items = lambda: [Column("w", String(20))]  # noqa: E731  # one of many alike


def of(items: Items, *more: Callable[[], SchemaItem]) -> Items:
    """Return items with others."""
    return lambda: [*items(), *(each() for each in more)]


def code(orders: Orders, items: Items) -> Migrations:
    """Return a component whose table has these items."""
    metadata = MetaData()
    Table("orders", metadata, Column("id", Integer, primary_key=True), *items())
    return Migrations("orders", metadata, orders.folder)


def applied(orders: Orders, items: Items, message: str) -> str:
    """Write a revision and apply it; return its text."""
    made = revisions(code(orders, items), orders.address, message)
    write(made)
    code(orders, items).upgrade(orders.address, contract=True, force=True)
    return "\n".join(one.text for one in made)


def index(expression: str, *, unique: bool = False, where: str | None = None) -> Callable[[], SchemaItem]:
    """Return an index of an expression."""
    condition = None if where is None else sa.text(where)
    return lambda: sa.Index(
        "ix", sa.text(expression), unique=unique, sqlite_where=condition, postgresql_where=condition
    )


WRITTEN: dict[str, tuple[Items, Items, str]] = {
    "an index of an expression": (WORD, of(WORD, index("lower(w)", unique=True)), "create the index ix"),
    "another expression": (of(WORD, index("lower(w)")), of(WORD, index("upper(w)")), "drop the index ix"),
    "an index that goes": (of(WORD, index("lower(w)")), WORD, "drop the index ix"),
    "another condition": (
        of(NUMBER, index("n", where="n > 1")),
        of(NUMBER, index("n", where="n > 2")),
        "drop the index ix",
    ),
    "no condition": (of(NUMBER, index("n", where="n > 1")), of(NUMBER, index("n")), "drop the index ix"),
    "a check": (
        NUMBER,
        of(NUMBER, lambda: sa.CheckConstraint("n > 0", name="positive")),
        "create the constraint positive of orders",
    ),
    "another check": (
        of(NUMBER, lambda: sa.CheckConstraint("n > 0", name="positive")),
        of(NUMBER, lambda: sa.CheckConstraint("n > 1", name="positive")),
        "drop the constraint positive of orders",
    ),
    "a check that goes": (
        of(NUMBER, lambda: sa.CheckConstraint("n > 0", name="positive")),
        NUMBER,
        "drop the constraint positive of orders",
    ),
    "a check without a name": (
        NUMBER,
        of(NUMBER, lambda: sa.CheckConstraint("n > 0")),
        "create the constraint orders_n_check of orders",
    ),
    "another default": (
        lambda: [Column("w", String(20), server_default=sa.func.lower("A"))],
        lambda: [Column("w", String(20), server_default=sa.func.upper("a"))],
        "change orders.w",
    ),
    "a value of a type": (
        lambda: [Column("k", sa.Enum("a", "c", name="kind"))],
        lambda: [Column("k", sa.Enum("a", "b", "c", "d", name="kind"))],
        "add 'b' to the type kind",
    ),
    "a value of a check": (
        lambda: [Column("k", sa.Enum("a", name="kind", native_enum=False, create_constraint=True))],
        lambda: [Column("k", sa.Enum("a", "b", name="kind", native_enum=False, create_constraint=True))],
        "drop the constraint kind of orders",
    ),
    "a type that goes": (lambda: [Column("k", sa.Enum("a", name="kind"))], list, "drop the type kind"),
    "a sequence": (list, lambda: [Column("s", Integer, sa.Sequence("counted"))], "create the sequence counted"),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_what_is_written(orders: Orders, name: str) -> None:
    """A change is found, written and applied, and nothing is left of it; taken back, it is found again."""
    before, after, expected = WRITTEN[name]
    applied(orders, before, "start")
    found = changes(code(orders, after), orders.address)
    assert expected in described(found)
    applied(orders, after, "change")
    assert [] == check(code(orders, after), orders.address, "").faults
    migrations = code(orders, after)
    migrations.downgrade(orders.address, migrations.history.find("1"))
    migrations.upgrade(orders.address, contract=True, force=True)
    assert [] == check(code(orders, after), orders.address, "").faults


BY_HAND: dict[str, tuple[Items, Items, str]] = {
    "another expression of a column": (
        of(NUMBER, lambda: Column("c", Integer, sa.Computed("n + 1", persisted=True))),
        of(NUMBER, lambda: Column("c", Integer, sa.Computed("n + 2", persisted=True))),
        "change the expression of orders.c",
    ),
    "an expression of a column": (
        of(NUMBER, lambda: Column("c", Integer)),
        of(NUMBER, lambda: Column("c", Integer, sa.Computed("n + 2", persisted=True))),
        "change the expression of orders.c",
    ),
    "a value that goes": (
        lambda: [Column("k", sa.Enum("a", "b", name="kind"))],
        lambda: [Column("k", sa.Enum("a", name="kind"))],
        "the type kind has no b any more",
    ),
    "another order": (
        lambda: [Column("k", sa.Enum("a", "b", name="kind"))],
        lambda: [Column("k", sa.Enum("b", "a", name="kind"))],
        "the type kind has its values in another order",
    ),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_what_is_to_be_written_by_hand(orders: Orders, name: str) -> None:
    """It is named by both commands, and no revision is written that would leave it out."""
    before, after, expected = BY_HAND[name]
    applied(orders, before, "start")
    with pytest.raises(ConfigurationError) as refused:
        revisions(code(orders, after), orders.address, "change")
    assert expected in refused.value.faults[0].what
    assert expected in check(code(orders, after), orders.address, "").faults[0].what


def test_an_identity_that_changes(on_postgres: Orders) -> None:
    """It is named, and a further revision can be written."""
    identity: Items = lambda: [Column("n", Integer, sa.Identity(start=5))]  # noqa: E731  # one of many alike
    applied(on_postgres, identity, "start")
    assert not changes(code(on_postgres, identity), on_postgres.address)
    found = changes(code(on_postgres, lambda: [Column("n", Integer, sa.Identity(start=7))]), on_postgres.address)
    assert ["change the identity of orders.n"] == described(found)


def test_an_index_of_an_expression_stays(orders: Orders) -> None:
    """SQLite loses it where it makes the table anew, so it is made again."""
    unique = index("lower(w)", unique=True)
    applied(orders, of(WORD, unique), "start")
    applied(orders, of(lambda: [Column("w", String(30))], unique), "longer")
    assert [] == check(code(orders, of(lambda: [Column("w", String(30))], unique)), orders.address, "").faults
    orders.execute("INSERT INTO orders (w) VALUES ('a')")
    with pytest.raises(IntegrityError):
        orders.execute("INSERT INTO orders (w) VALUES ('A')")


def test_a_type_in_postgresql_alone(on_sqlite: Orders) -> None:
    """A component in SQLite finds what changes in PostgreSQL by the SQL that its revisions print."""
    json: Items = lambda: [Column("j", sa.JSON())]  # noqa: E731  # one of many alike
    binary: Items = lambda: [  # noqa: E731  # one of many alike
        Column("j", sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"))
    ]
    applied(on_sqlite, json, "start")
    assert ["change orders.j"] == described(changes(code(on_sqlite, binary), on_sqlite.address))
    assert "postgresql.JSONB(astext_type=sa.Text())" in applied(on_sqlite, binary, "binary")
    assert not changes(code(on_sqlite, binary), on_sqlite.address)


def test_what_is_not_compared(on_sqlite: Orders) -> None:
    """It is named, and never passed over."""
    metadata = MetaData()
    table = Table("orders", metadata, Column("id", Integer, primary_key=True, comment="its number"), sqlite_strict=True)
    view = sa.DDL("CREATE VIEW seen AS SELECT id FROM orders")  # type: ignore[no-untyped-call]  # as SQLAlchemy has it
    sa.event.listen(table, "after_create", view)
    migrations = Migrations("orders", metadata, on_sqlite.folder)
    write(revisions(migrations, on_sqlite.address, "start"))
    found = check(Migrations("orders", metadata, on_sqlite.folder), on_sqlite.address, "")
    assert [] == found.faults
    assert [
        "the comments of orders",
        "what is executed after the tables are made: CREATE VIEW seen AS SELECT id FROM orders",
        "sqlite_strict of orders",
    ] == found.not_compared
