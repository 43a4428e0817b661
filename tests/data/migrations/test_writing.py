"""What `revision` writes: what has changed, split into what older code does not notice and what it does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Enum,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
    true,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import SchemaItem
from sqlalchemy.types import TypeEngine

from fissile.data.migrations import Migrations
from fissile.data.migrations.checking import check
from fissile.data.migrations.comparing import changes
from fissile.data.migrations.layout import WIDTH
from fissile.data.migrations.writing import Written, write
from fissile.errors import ConfigurationError

from .orders import Orders, revisions


def code(orders: Orders, *columns: SchemaItem, kept: Mapping[str, str] | None = None) -> Migrations:
    """A component whose orders have these columns, beside their id."""
    metadata = MetaData(naming_convention=kept)
    Table("suppliers", metadata, Column("id", Integer, primary_key=True))
    Table("orders", metadata, Column("id", Integer, primary_key=True), *columns, sqlite_autoincrement=True)
    return Migrations("orders", metadata, orders.folder)


def written(orders: Orders, migrations: Migrations, message: str = "change") -> list[Written]:
    """Writes what has changed, and applies it, in development."""
    made = revisions(migrations, orders.address, message)
    write(made)
    fresh = Migrations("orders", migrations.metadata, orders.folder)
    fresh.prepare(orders.address, apply=True)
    assert [] == check(fresh, orders.address, "").faults
    return made


def names(made: list[Written]) -> list[tuple[str, str]]:
    """Files and kinds."""
    return [(one.file.name, one.kind) for one in made]


def upgrade(one: Written) -> str:
    """The body of what it does."""
    return one.text.partition("def upgrade() -> None:\n")[2].partition("\n\n\ndef downgrade")[0]


def test_the_first_one(orders: Orders) -> None:
    """It is named by its number and its message, and laid out as formatters do it."""
    (made,) = written(orders, code(orders, Column("item", String(20), index=True)), "Start: all tables.")
    assert ("0001_start_all_tables.py", "expand") == (made.file.name, made.kind)
    assert made.file.read_text() == made.text
    assert made.text.startswith(
        '"""Start: all tables."""\n\nimport sqlalchemy as sa\nfrom alembic import op\n\nrevision'
    )
    assert (
        """\
    op.create_table(
        "orders",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item", sa.String(length=20), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_orders_item"), "orders", ["item"], unique=False)
"""
        in made.text
    )


def test_a_column_that_must_have_a_value(orders: Orders) -> None:
    """Older code does not fill it: it is added without being demanded, and demanded when older code has ended."""
    written(orders, code(orders), "start")
    orders.execute("INSERT INTO orders (id) VALUES (1)")
    made = revisions(code(orders, Column("city", String(20), nullable=False)), orders.address, "add city")
    assert [("0002_add_city.py", "expand"), ("0003_add_city_contract.py", "contract")] == names(made)
    assert 'add_column(sa.Column("city", sa.String(length=20), nullable=True))' in made[0].text
    reminder = 'Rows of older code have no city: fill them first, with op.execute("UPDATE orders SET ...").'
    assert reminder in made[1].text
    write(made)
    code(orders).upgrade(orders.address)
    with pytest.raises(ConfigurationError, match="0003_add_city_contract of orders failed"):
        code(orders).upgrade(orders.address, contract=True)
    orders.execute("UPDATE orders SET city = 'Bonn'")
    code(orders).upgrade(orders.address, contract=True)
    assert ["0001_start", "0002_add_city", "0003_add_city_contract"] == orders.applied()


def test_a_column_with_a_default_is_demanded_at_once(orders: Orders) -> None:
    """The database fills it for older code."""
    written(orders, code(orders), "start")
    (made,) = written(orders, code(orders, Column("n", Integer, nullable=False, server_default="0")))
    assert "expand" == made.kind


def test_a_column_that_goes(orders: Orders) -> None:
    """Newer code does not fill it: first it is not demanded, and it goes when older code has ended."""
    written(orders, code(orders, Column("item", String(20), nullable=False)), "start")
    made = written(orders, code(orders), "drop item")
    assert [("0002_drop_item.py", "expand"), ("0003_drop_item_contract.py", "contract")] == names(made)
    assert ("nullable=True" in upgrade(made[0]), 'drop_column("item")' in upgrade(made[1])) == (True, True)


def test_what_older_code_does_not_survive(orders: Orders) -> None:
    """Types, unique constraints, foreign keys, and what must have a value from now on."""
    before = Column("a", String(20)), Column("b", String(20)), Column("c", Integer), Column("d", Integer)
    written(orders, code(orders, *before), "start")
    after: tuple[SchemaItem, ...] = (
        Column("a", String(30)),
        Column("b", String(20), unique=True),
        Column("c", ForeignKey("suppliers.id")),
        Column("d", Integer, nullable=False),
    )
    (made,) = written(orders, code(orders, *after))
    assert "contract" == made.kind


def test_constraints_can_be_dropped_again(orders: Orders) -> None:
    """Also those that have no name in the code, and those that were made without one."""
    start = 'op.create_table("suppliers", sa.Column("id", sa.Integer, primary_key=True))\n'
    columns = 'sa.Column("id", sa.Integer, primary_key=True), sa.Column("a", sa.Integer, sa.ForeignKey("suppliers.id"))'
    start += f'op.create_table("orders", {columns}, sa.Column("b", sa.Integer, unique=True), sqlite_autoincrement=True)'
    orders.write(1, "by_hand", start)
    code(orders).upgrade(orders.address)
    (dropped,) = written(orders, code(orders, Column("a", Integer), Column("b", Integer)), "none")
    assert "expand" == dropped.kind
    (again,) = written(orders, code(orders, Column("a", ForeignKey("suppliers.id")), Column("b", Integer, unique=True)))
    assert "contract" == again.kind
    (dropped,) = written(orders, code(orders, Column("a", Integer), Column("b", Integer)), "none again")
    assert "orders_b_key" in dropped.text
    code(orders).downgrade(orders.address, code(orders).history.find("1"))
    code(orders).prepare(orders.address, apply=True)


def test_constraints_of_tables_that_were_there_before(on_sqlite: Orders) -> None:
    """They have no names in the file, and are dropped nonetheless."""
    before = code(on_sqlite, Column("a", ForeignKey("suppliers.id")), Column("b", Integer, unique=True))
    engine = on_sqlite.address.blocking_engine()
    before.metadata.create_all(engine)
    written(on_sqlite, before, "start")
    (dropped,) = written(on_sqlite, code(on_sqlite, Column("a", Integer), Column("b", Integer)))
    assert ("orders_b_key" in dropped.text, "orders_a_fkey" in dropped.text) == (True, True)
    on_sqlite.execute("INSERT INTO orders (b) VALUES (1)", "INSERT INTO orders (b) VALUES (1)")


def test_a_convention_of_the_users_own(orders: Orders) -> None:
    """Its names are kept."""
    kept = {"uq": "uq_%(table_name)s_%(column_0_name)s"}
    (made,) = written(orders, code(orders, Column("a", Integer, unique=True), kept=kept), "start")
    assert 'name=op.f("uq_orders_a")' in made.text
    (dropped,) = written(orders, code(orders, Column("a", Integer), kept=kept))
    assert 'batch_op.f("uq_orders_a")' in dropped.text


def test_indexes_of_tables_in_use(orders: Orders) -> None:
    """They are made without locking anybody out, in revisions of their own; a unique one after older code."""
    written(orders, code(orders, Column("a", Integer, index=True), Column("b", Integer, index=True)), "start")
    after = Column("a", Integer), Column("b", Integer, index=True, unique=True), Column("c", Integer, index=True)
    made = written(orders, code(orders, *after))
    assert [
        ("0002_change.py", "expand"),
        ("0003_change_index.py", "expand"),
        ("0004_change_contract.py", "contract"),
        ("0005_change_index_contract.py", "contract"),
    ] == names(made)
    assert "autocommit_block" in upgrade(made[1])
    assert 'op.drop_index(op.f("ix_orders_a"), table_name="orders")' in upgrade(made[2])
    assert "unique=True" in upgrade(made[3])
    code(orders).downgrade(orders.address, None)
    code(orders).prepare(orders.address, apply=True)


def test_ids_are_not_given_twice_after_a_change(on_sqlite: Orders) -> None:
    """SQLite makes the table anew, and keeps that its ids are not given again."""
    written(on_sqlite, code(on_sqlite, Column("a", Integer)), "start")
    on_sqlite.execute("INSERT INTO orders (a) VALUES (1), (2)", "DELETE FROM orders WHERE id = 2")
    written(on_sqlite, code(on_sqlite, Column("a", Integer, nullable=False)))
    on_sqlite.execute("INSERT INTO orders (a) VALUES (3)", "DELETE FROM orders")
    assert [(3,)] == on_sqlite.rows("SELECT seq FROM sqlite_sequence WHERE name = 'orders'")
    written(on_sqlite, code(on_sqlite, Column("a", Integer)))
    on_sqlite.execute("INSERT INTO orders (a) VALUES (4)")
    assert [(4,)] == on_sqlite.rows("SELECT id FROM orders")


def test_checks_are_kept(orders: Orders) -> None:
    """Those that have no name too, which SQLite's new table would not have by itself."""

    def checked(*, nullable: bool) -> Migrations:
        a = Column("a", Integer, nullable=nullable)
        return code(orders, a, CheckConstraint("a > 0"), CheckConstraint(a < 9, name="small"))

    written(orders, checked(nullable=True), "start")
    written(orders, checked(nullable=False))
    for wrong in (0, 9):
        with pytest.raises(IntegrityError):
            orders.execute(f"INSERT INTO orders (a) VALUES ({wrong})")
    orders.execute("INSERT INTO orders (a) VALUES (8)")


TYPES: list[TypeEngine[Any]] = [
    BigInteger().with_variant(Integer(), "sqlite"),
    Boolean(),
    DateTime(timezone=True),
    Enum("a", "b", name="ab", native_enum=False),
    Float(),
    JSON(),
    LargeBinary(),
    Numeric(10, 2),
    Text(),
    Uuid(),
]


def every_kind() -> Iterator[SchemaItem]:
    """Columns of every type, and with every kind of default."""
    for number, kind in enumerate(TYPES):
        yield Column(f"c{number}", kind)
    yield Column("now", DateTime(timezone=True), server_default=func.now())
    yield Column("word", String(20), server_default="it's")
    yield Column("number", Integer, server_default="0")
    yield Column("minus", Integer, server_default=text("-1"))
    yield Column("yes", Boolean, server_default=true())
    yield Column("json", JSON, server_default="{}")
    yield Column("expression", String(20), server_default=text("(lower('A'))"))
    yield UniqueConstraint("c0", "word")


def test_what_has_not_changed_is_not_found(orders: Orders) -> None:
    """The database's own words for types and defaults are no changes."""
    written(orders, code(orders, *every_kind()), "start")
    fresh = code(orders, *every_kind())
    assert not changes(fresh, orders.address)
    with pytest.raises(ConfigurationError, match="the tables of orders are as its migrations make them"):
        revisions(fresh, orders.address, "nothing")


@pytest.mark.parametrize(("before", "after"), [("1", "2"), (None, "1"), ("1", None), ("it's", "it"), ("a", func.now())])
def test_a_default_that_has_changed(orders: Orders, before: str | None, after: Any) -> None:
    """Older code does not notice, also if it becomes an expression."""
    written(orders, code(orders, Column("n", String(20), server_default=before)), "start")
    changed = code(orders, Column("n", String(20), server_default=after))
    (made,) = written(orders, changed)
    assert "expand" == made.kind


def test_an_empty_one(orders: Orders) -> None:
    """It is for changes of rows, needs no changes of tables, and can be applied as it is."""
    (made,) = revisions(code(orders), orders.address, "fill cities", empty=True)
    assert '"""fill cities."""\n\nfrom alembic import op\n\nrevision = "' == made.text[: made.text.index('"', 30) + 1]
    assert ("    pass", "expand") == (upgrade(made), made.kind)
    write([made])
    code(orders).upgrade(orders.address)
    assert ["0001_fill_cities"] == orders.applied()


@pytest.mark.parametrize("message", ["", "  ", "...", "ж", "two\nlines", 'a "quote"', "back\\slash", "bell\a"])
def test_messages_that_are_refused(on_sqlite: Orders, message: str) -> None:
    """They would name no file, or break it."""
    with pytest.raises(ConfigurationError, match="the message"):
        revisions(code(on_sqlite), on_sqlite.address, message, empty=True)


def test_nothing_is_overwritten(on_sqlite: Orders) -> None:
    """All files are written or none."""
    made = revisions(code(on_sqlite, Column("a", Integer)), on_sqlite.address, "start")
    more = [*made, *revisions(code(on_sqlite), on_sqlite.address, "other", empty=True)]
    more[1].file.parent.mkdir(parents=True)
    more[1].file.write_text("mine")
    with pytest.raises(ConfigurationError, match="it cannot be written: File exists"):
        write(more)
    assert ["mine"] == [file.read_text() for file in more[1].file.parent.iterdir()]


def test_a_server_that_is_not_up_to_date(on_postgres: Orders) -> None:
    """What is to be compared with must be; the command is named."""
    written(on_postgres, code(on_postgres), "start")
    write(revisions(code(on_postgres), on_postgres.address, "fill", empty=True))
    with pytest.raises(ConfigurationError) as refused:
        revisions(code(on_postgres, Column("a", Integer)), on_postgres.address, "add a")
    (fault,) = refused.value.faults
    assert "the database of orders has not 0002_fill yet" == fault.what
    assert "fissile db upgrade orders --contract" == fault.fix


def test_a_file_does_not_matter(on_sqlite: Orders) -> None:
    """In SQLite the tables are compared with what the migrations make."""
    write(revisions(code(on_sqlite, Column("a", Integer)), on_sqlite.address, "start"))
    (made,) = revisions(code(on_sqlite, Column("a", Integer), Column("b", Integer)), on_sqlite.address, "add b")
    assert 'add_column(sa.Column("b", sa.Integer(), nullable=True))' in made.text
    assert not on_sqlite.address.file.exists()


def test_lines_are_as_long_as_formatters_have_them(orders: Orders) -> None:
    """Whatever can be broken is."""
    columns: list[SchemaItem] = [
        Column(f"a_column_with_a_name_{number}", String(20), unique=True) for number in range(3)
    ]
    (made,) = written(orders, code(orders, *columns), "start")
    long = [line for line in made.text.splitlines() if len(line) > WIDTH]
    assert [] == long


def test_a_foreign_key_to_another_component(on_sqlite: Orders) -> None:
    """No revision is written for what may not be."""
    with pytest.raises(ConfigurationError, match="refers to users, which is none of its tables"):
        revisions(code(on_sqlite, Column("supplier_id", Integer, ForeignKey("users.id"))), on_sqlite.address, "start")


def test_a_default_that_goes(on_sqlite: Orders) -> None:
    """Older code may leave the column out, which it could not any more: that is a contraction."""
    before = code(on_sqlite, Column("city", String(20), nullable=False, server_default=""))
    write(revisions(before, on_sqlite.address, "start"))
    made = revisions(code(on_sqlite, Column("city", String(20), nullable=False)), on_sqlite.address, "no default")
    assert ["contract"] == [one.kind for one in made]
