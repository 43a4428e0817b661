"""What `check` finds: in the files, in the tables, in the database, and in the SQL."""

from __future__ import annotations

import pytest
from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table, UniqueConstraint

from fissile.data.migrations import Migrations, foreign_keys
from fissile.data.migrations.checking import check
from fissile.data.unmigrated import create_missing
from fissile.errors import ConfigurationError, Fault

from .orders import CITY, NO_ITEM, START, Orders

WHERE = "shop/orders/component.py:3"


def found(orders: Orders, migrations: Migrations | None = None) -> list[Fault]:
    """The faults."""
    return check(migrations or orders.migrations(), orders.address, WHERE).faults


def test_nothing_is_wrong(orders: Orders) -> None:
    """On a database that is up to date, and in SQLite also without any."""
    orders.write(1, "start", START)
    if orders.address.is_sqlite:
        assert [] == found(orders)
    orders.migrations().upgrade(orders.address)
    assert [] == found(orders)


def test_several_heads(on_sqlite: Orders) -> None:
    """Two branches were merged, and each had a revision."""
    on_sqlite.write(1, "start", START)
    on_sqlite.write(2, "mine", CITY)
    theirs = on_sqlite.write(3, "theirs", CITY, below=1)
    (fault,) = found(on_sqlite)
    assert "the migrations of orders have 2 heads: " in fault.what
    assert {"0002_mine", "0003_theirs"} == set(fault.what.partition("heads: ")[2].split(" and "))
    assert "let the one that no database has follow the other: write down_revision = " in fault.fix
    theirs.write_text(theirs.read_text().replace('down_revision = "r1"', 'down_revision = "r2"').replace(CITY, "pass"))
    assert ["no migration of orders says to drop orders.city"] == [each.what for each in found(on_sqlite)]


def test_a_revision_that_follows_several(on_sqlite: Orders) -> None:
    """It cannot be said what is applied before a contraction."""
    on_sqlite.write(1, "start", START)
    on_sqlite.write(2, "mine", CITY)
    on_sqlite.write(3, "theirs", "pass", below=1)
    merge = on_sqlite.write(4, "merge", "pass")
    merge.write_text(merge.read_text().replace('down_revision = "r3"', 'down_revision = ("r2", "r3")'))
    assert ["0004_merge of orders follows several others"] == [fault.what for fault in found(on_sqlite)]


@pytest.mark.parametrize(("before", "after"), [('"r2"', '"r1"'), ('down_revision = "r1"', 'down_revision = "r9"')])
def test_revisions_that_cannot_be_read(on_sqlite: Orders, before: str, after: str) -> None:
    """Two of one id, and one that follows what is not there."""
    on_sqlite.write(1, "start", START)
    file = on_sqlite.write(2, "add_city", CITY)
    file.write_text(file.read_text().replace(before, after))
    assert ["the migrations of orders cannot be read"] == [fault.what for fault in found(on_sqlite)]


@pytest.mark.parametrize("kind", ['kind = "expnad"', "kind = 1", ""])
def test_a_revision_that_does_not_say_what_it_is(on_sqlite: Orders, kind: str) -> None:
    """Each is named, with its line where it has one; nothing of the kind can be applied."""
    for number, what in ((1, START), (2, CITY)):
        file = on_sqlite.write(number, "wrong", what)
        file.write_text(file.read_text().replace('kind = "expand"', kind))
    faults = found(on_sqlite)
    assert ["0001_wrong does not say what it is to older code", "0002_wrong does not say what it is to older code"] == [
        fault.what for fault in faults
    ]
    assert bool(kind) == faults[0].where.endswith("0001_wrong.py:8")
    with pytest.raises(ConfigurationError, match="does not say what it is to older code"):
        on_sqlite.migrations().upgrade(on_sqlite.address)


def test_changes_that_no_migration_makes(orders: Orders) -> None:
    """They are told one by one, with the command."""
    orders.write(1, "start", START)
    orders.migrations().upgrade(orders.address)
    columns = {"item": Column("item", String(30)), "city": Column("city", String(20), index=True)}
    (fault,) = found(orders, orders.migrations("parts", columns=columns))
    assert (
        WHERE,
        {"create the table parts", "add orders.city", "change orders.item", "create the index ix_orders_city"},
        'fissile db revision orders -m "what has changed"',
    ) == (fault.where, set(fault.what.partition("says to ")[2].split(", ")), fault.fix)


def test_what_was_changed_by_hand(orders: Orders) -> None:
    """The database is not as the migrations, which are as the code."""
    orders.write(1, "start", START)
    orders.migrations().upgrade(orders.address)
    orders.execute("ALTER TABLE orders ADD COLUMN extra INTEGER")
    (fault,) = found(orders)
    assert fault.what.endswith(" drop orders.extra"), fault
    orders.execute("ALTER TABLE orders DROP COLUMN extra", "DROP TABLE orders")
    (fault,) = found(orders)
    assert fault.what.endswith(" create the table orders"), fault


def test_what_was_not_applied(orders: Orders) -> None:
    """It is named, with the command that applies it."""
    orders.write(1, "start", START)
    orders.migrations().upgrade(orders.address)
    orders.write(2, "add_city", CITY)
    columns = {"item": Column("item", String(20)), "city": Column("city", String(20))}
    (fault,) = found(orders, orders.migrations(columns=columns))
    assert ("the database of orders has not 0002_add_city yet", "fissile db upgrade orders") == (fault.what, fault.fix)


def test_tables_that_were_made_without_migrations(on_sqlite: Orders) -> None:
    """Their constraints have no names, and are the same."""
    metadata = MetaData()
    Table("orders", metadata, Column("id", Integer, primary_key=True), Column("item", String(20), unique=True))
    engine = on_sqlite.address.blocking_engine()
    with engine.begin() as connection:
        create_missing(connection, metadata, on_sqlite.address)
    on_sqlite.write(1, "start", START.replace("sa.String(20)", "sa.String(20), unique=True"))
    migrations = Migrations("orders", metadata, on_sqlite.folder)
    migrations.upgrade(on_sqlite.address)
    assert [] == found(on_sqlite, migrations)
    with_other = MetaData()
    Table("orders", with_other, Column("id", Integer, primary_key=True), Column("item", String(20)))
    unique = 'drop_constraint("orders_item_key", type_="unique")'
    convention = "naming_convention={'uq': '%(table_name)s_%(column_0_N_name)s_key'}"
    on_sqlite.write(2, "drop", f'with op.batch_alter_table("orders", {convention}) as table:\n    table.{unique}')
    Migrations("orders", with_other, on_sqlite.folder).upgrade(on_sqlite.address)
    on_sqlite.execute("INSERT INTO orders (item) VALUES ('a')", "INSERT INTO orders (item) VALUES ('a')")


def test_what_reaches_out_of_a_components_tables() -> None:
    """A foreign key to the table of another component, and a table in a schema; both are told."""
    metadata = MetaData()
    Table("orders", metadata, Column("id", Integer, primary_key=True), Column("supplier", ForeignKey("suppliers.id")))
    Table("parts", metadata, Column("order", ForeignKey("orders.id")), UniqueConstraint("order"))
    Table("log", metadata, Column("id", Integer, primary_key=True), schema="audit")
    faults = foreign_keys("orders", metadata, WHERE)
    assert [
        (WHERE, "orders.supplier of orders refers to suppliers, which is none of its tables"),
        (WHERE, "the table log of orders names the schema audit"),
    ] == [(fault.where, fault.what) for fault in faults]


def test_it_is_found_before_anything_else(on_sqlite: Orders) -> None:
    """Tables that refer to what is not there cannot be compared."""
    metadata = MetaData()
    Table("orders", metadata, Column("id", Integer, primary_key=True), Column("supplier", ForeignKey("suppliers.id")))
    on_sqlite.write(1, "start", START.replace("expand", "none"))
    (fault,) = found(on_sqlite, Migrations("orders", metadata, on_sqlite.folder))
    assert "orders.supplier of orders refers to suppliers, which is none of its tables" == fault.what


NOT_NULL = 'op.add_column("orders", sa.Column("city", sa.String(20), nullable=False))'
DEMANDED = 'op.alter_column("orders", "item", nullable=False)'
RENAME = 'op.alter_column("orders", "item", new_column_name="x")'
UNIQUE = 'op.create_unique_constraint("one", "orders", ["item"])'
KEY = 'op.create_foreign_key("one", "orders", "orders", ["id"], ["id"])'
CHECK = 'op.create_check_constraint("one", "orders", "id > 0")'
INDEX = 'op.create_index("one", "orders", ["item"])'


@pytest.mark.parametrize(
    ("operation", "does", "in_contraction"),
    [
        (NOT_NULL, "adds a column that older code does not fill", False),
        (DEMANDED, "demands a value of a column that older code may leave empty", False),
        ('op.drop_column("orders", "item")', "drops a column that older code still uses", False),
        ('op.drop_table("orders")', "drops a table that older code still uses", False),
        (
            'op.alter_column("orders", "item", new_column_name="x")',
            "renames a column that older code still uses",
            False,
        ),
        ('op.rename_table("orders", "x")', "renames a table that older code still uses", False),
        ('op.alter_column("orders", "item", type_=sa.Integer)', "changes the type of a column", False),
        (UNIQUE, "refuses rows that older code may write", False),
        (KEY, "refuses rows that older code may write", False),
        (CHECK, "refuses rows that older code may write", False),
        (INDEX, "makes an index while nobody can write to the table", True),
        (
            INDEX.replace("])", "], postgresql_concurrently=True)"),
            "makes an index concurrently, which PostgreSQL refuses inside a transaction",
            True,
        ),
    ],
)
def test_what_would_break_older_code(on_sqlite: Orders, operation: str, does: str, *, in_contraction: bool) -> None:
    """It is found in an expansion, with what to do instead; a contraction may do it, unless it locks out everybody."""
    on_sqlite.write(1, "start", START)
    file = on_sqlite.write(2, "break", operation)
    linted = [fault for fault in found_by_lint(on_sqlite) if does in fault.what]
    assert linted, found_by_lint(on_sqlite)
    assert linted[0].what.startswith("0002_break of orders ")
    assert linted[0].where.endswith(f"{file.name}:11")
    assert linted[0].fix
    file.write_text(file.read_text().replace('kind = "expand"', 'kind = "contract"'))
    assert in_contraction == bool(found_by_lint(on_sqlite))


def found_by_lint(orders: Orders) -> list[Fault]:
    """What is wrong with the SQL."""
    from fissile.data.migrations.linting import lint

    return lint(orders.migrations())


@pytest.mark.parametrize(
    "operation",
    [
        CITY,
        'op.add_column("orders", sa.Column("n", sa.Integer, nullable=False, server_default="0"))',
        'op.alter_column("orders", "id", nullable=True)',
        'op.create_table("new", sa.Column("id", sa.Integer, primary_key=True), sa.Column("a", sa.Integer, index=True))',
        'op.create_table("new", sa.Column("a", sa.Integer))\nop.create_index("one", "new", ["a"], unique=True)',
        f"with op.get_context().autocommit_block():\n    {INDEX.replace('])', '], postgresql_concurrently=True)')}",
        "op.execute(\"UPDATE orders SET item = 'a'\")",
        "op.get_bind().execute(sa.text('SELECT 1')).all()",
        "pass",
    ],
)
def test_what_older_code_does_not_notice(on_sqlite: Orders, operation: str) -> None:
    """It is no fault; what reads rows before it knows what to do cannot be printed, and is not looked at."""
    on_sqlite.write(1, "start", START)
    on_sqlite.write(2, "fine", operation)
    on_sqlite.write(3, "drop_item", NO_ITEM, "contract")
    assert [] == found_by_lint(on_sqlite)


def test_without_squawk(on_sqlite: Orders, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said what to install, and not that all is well."""
    on_sqlite.write(1, "start", START)
    monkeypatch.setattr("sysconfig.get_path", lambda _: "/nowhere")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ConfigurationError, match="squawk is not installed"):
        found_by_lint(on_sqlite)
