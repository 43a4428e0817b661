"""Upgrade and downgrade: expansions at once, contractions when they are asked for."""

import io
from pathlib import Path

import pytest
from sqlalchemy import Column, String

from fissile.errors import ConfigurationError

from .orders import CITY, NO_ITEM, START, Orders


def with_three(orders: Orders) -> Orders:
    """A start, an expansion and a contraction."""
    orders.write(1, "start", START)
    orders.write(2, "add_city", CITY)
    orders.write(3, "drop_item", NO_ITEM, "contract")
    return orders


def names(found: object) -> list[str]:
    """The names of revisions."""
    assert isinstance(found, list)
    return [one.name for one in found]


def test_a_contraction_waits_until_it_is_asked_for(orders: Orders) -> None:
    """Without it everything before it is applied, and each thing once."""
    migrations = with_three(orders).migrations()
    assert ["0001_start", "0002_add_city"] == names(migrations.upgrade(orders.address))
    assert [] == names(migrations.upgrade(orders.address))
    assert ["id", "item", "city"] == orders.columns()
    waiting = migrations.state(orders.address).next_contraction
    assert waiting is not None
    assert "0003_drop_item" == waiting.name
    assert ["0003_drop_item"] == names(migrations.upgrade(orders.address, contract=True))
    assert ["id", "city"] == orders.columns()


def test_an_expansion_behind_a_contraction_waits_with_it(orders: Orders) -> None:
    """The order of revisions is never changed."""
    with_three(orders).write(4, "later", "op.create_table('later', sa.Column('id', sa.Integer))")
    migrations = orders.migrations()
    assert ["0001_start", "0002_add_city"] == names(migrations.upgrade(orders.address))
    with pytest.raises(ConfigurationError) as refused:
        migrations.prepare(orders.address, apply=False)
    assert "the database of orders lacks 0004_later: later" == refused.value.faults[0].what
    assert "fissile db upgrade orders --contract" == refused.value.faults[0].fix
    assert ["0003_drop_item", "0004_later"] == names(migrations.upgrade(orders.address, contract=True))


def test_what_comes_before_what_was_applied(orders: Orders) -> None:
    """Two branches were merged the wrong way round: it is refused, and the right way works."""
    orders.write(1, "start", START)
    theirs = orders.write(3, "theirs", CITY, below=1)
    orders.migrations().upgrade(orders.address)
    mine = orders.write(2, "mine", 'op.add_column("orders", sa.Column("note", sa.String(20)))')
    theirs.write_text(theirs.read_text().replace('down_revision = "r1"', 'down_revision = "r2"'))
    with pytest.raises(ConfigurationError, match="comes before 0003_theirs, which is applied already") as refused:
        orders.migrations().upgrade(orders.address)
    (fault,) = refused.value.faults
    assert fault.fix.startswith('write down_revision = "r1" in ')
    theirs.write_text(theirs.read_text().replace('down_revision = "r2"', 'down_revision = "r1"'))
    mine.write_text(mine.read_text().replace('down_revision = "r1"', 'down_revision = "r3"'))
    assert ["0002_mine"] == names(orders.migrations().upgrade(orders.address))
    assert {"id", "item", "city", "note"} == set(orders.columns())


def test_a_file_that_is_no_python(on_sqlite: Orders) -> None:
    """It is told with its line."""
    file = on_sqlite.write(1, "start", START)
    file.write_text(file.read_text() + "\nif:\n")
    with pytest.raises(ConfigurationError, match="a migration of orders is no Python") as refused:
        on_sqlite.migrations().upgrade(on_sqlite.address)
    (fault,) = refused.value.faults
    assert fault.where.endswith(f"0001_start.py:{len(file.read_text().splitlines())}")


def test_back_and_forth(orders: Orders) -> None:
    """What was taken back is not in the ledger any more, and can be applied again."""
    migrations = with_three(orders).migrations()
    migrations.upgrade(orders.address, contract=True)
    first = migrations.history.find("1")
    assert ["0003_drop_item", "0002_add_city"] == names(migrations.downgrade(orders.address, first))
    assert (["id", "item"], ["0001_start"]) == (orders.columns(), orders.applied())
    assert ["0001_start"] == names(migrations.downgrade(orders.address, None))
    assert ([], []) == (orders.columns(), orders.applied())
    migrations.upgrade(orders.address)
    assert ["0001_start", "0002_add_city"] == orders.applied()


def test_back_to_what_was_never_applied(orders: Orders) -> None:
    """It is refused, and nothing is taken back."""
    migrations = with_three(orders).migrations()
    migrations.upgrade(orders.address)
    with pytest.raises(ConfigurationError, match="0003_drop_item of orders was not applied"):
        migrations.downgrade(orders.address, migrations.history.find("3"))
    assert ["0001_start", "0002_add_city"] == orders.applied()


@pytest.mark.parametrize("kind", ["expand", "contract"])
def test_code_that_does_not_know_what_was_applied_changes_nothing(orders: Orders, tmp_path: Path, kind: str) -> None:
    """Another branch's revision is there: neither up nor down goes on from it."""
    orders.write(1, "start", START)
    other = orders.older(tmp_path / "other", 1)
    orders.write(2, "mine", CITY, kind)
    orders.migrations().upgrade(orders.address, contract=True)
    other.write(3, "theirs", CITY, below=1)
    with pytest.raises(ConfigurationError, match="0002_mine"):
        other.migrations().upgrade(orders.address)
    with pytest.raises(ConfigurationError, match="0002_mine"):
        other.migrations().downgrade(orders.address, None)
    assert ["0001_start", "0002_mine"] == orders.applied()


def test_a_revision_that_the_database_refuses(orders: Orders) -> None:
    """Nothing of it is done, and the error says which one, and what the database says."""
    orders.write(1, "start", START)
    file = orders.write(2, "twice", f"{CITY}\n{CITY}")
    with pytest.raises(ConfigurationError) as refused:
        orders.migrations().upgrade(orders.address)
    (fault,) = refused.value.faults
    assert "0002_twice of orders failed, and nothing of it was done" == fault.what
    assert (True, True) == (fault.where.endswith(f"{file.name}:13"), "city" in fault.why)
    assert "city" not in orders.columns()
    orders.write(2, "twice", CITY)
    orders.migrations().upgrade(orders.address)
    assert ["id", "item", "city"] == orders.columns()


def test_an_index_is_made_without_a_transaction_where_that_is_possible(orders: Orders) -> None:
    """The same file does so on PostgreSQL, and as part of the one transaction on SQLite."""
    orders.write(1, "start", START)
    index = 'op.create_index("by_item", "orders", ["item"], postgresql_concurrently=True)'
    orders.write(2, "index", f"with op.get_context().autocommit_block():\n    {index}")
    orders.migrations().upgrade(orders.address)
    assert ["0001_start", "0002_index"] == orders.applied()
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'index'"
        if orders.address.is_sqlite
        else "SELECT indexname FROM pg_indexes WHERE schemaname = 'orders'"
    )
    assert ("by_item",) in orders.rows(query)


def test_sql_to_be_run_by_somebody_else(orders: Orders) -> None:
    """It is what is left to do, up to the contraction, with its entries in the ledger; nothing is done."""
    migrations = with_three(orders).migrations()
    migrations.upgrade(orders.address)
    printed = io.StringIO()
    migrations.write_sql(orders.address, printed)
    assert "" == printed.getvalue()
    migrations.write_sql(orders.address, printed, dialect="postgresql", contract=True)
    assert "ALTER TABLE orders DROP COLUMN item;" in printed.getvalue()
    assert "INSERT INTO fissile_migrations" in printed.getvalue()
    assert "CREATE TABLE orders" not in printed.getvalue()
    assert ["0001_start", "0002_add_city"] == orders.applied()


def test_printed_sql_does_the_same(on_postgres: Orders) -> None:
    """Whoever runs it finds the database up to date."""
    migrations = with_three(on_postgres).migrations(columns={})
    printed = io.StringIO()
    migrations.write_sql(on_postgres.address, printed, contract=True)
    on_postgres.execute(printed.getvalue())
    assert ["0001_start", "0002_add_city", "0003_drop_item"] == on_postgres.applied()
    assert [] == names(migrations.upgrade(on_postgres.address, contract=True))
    migrations.prepare(on_postgres.address, apply=False)


def test_tables_that_were_there_before_the_first_migration(on_sqlite: Orders) -> None:
    """They are taken for those of the first one when they are the same; their rows stay."""
    with_three(on_sqlite).execute(
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, item VARCHAR(20))", "INSERT INTO orders (item) VALUES ('bolt')"
    )
    assert ["0001_start", "0002_add_city"] == names_after(on_sqlite)
    assert [(1, "bolt", None)] == on_sqlite.rows("SELECT id, item, city FROM orders")


def names_after(orders: Orders) -> list[str]:
    """What has been applied, after an upgrade."""
    orders.migrations().upgrade(orders.address)
    return orders.applied()


def test_other_tables_that_were_there_before(orders: Orders) -> None:
    """Nobody can say what is to be done with them."""
    with_three(orders).execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, thing VARCHAR(20))")
    with pytest.raises(ConfigurationError, match="the database of orders has tables that no migration made"):
        orders.migrations().upgrade(orders.address)
    assert ["id", "thing"] == orders.columns()


def test_a_database_that_alembic_alone_has_migrated(orders: Orders) -> None:
    """What it has applied is entered, and the rest is done."""
    with_three(orders).execute(
        "CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)",
        "INSERT INTO alembic_version VALUES ('r1')",
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, item VARCHAR(20))",
    )
    assert ["0001_start", "0002_add_city"] == names_after(orders)


def test_rows_that_would_refer_to_nothing(on_sqlite: Orders) -> None:
    """SQLite does not look while tables are changed, so it is asked before the end, and nothing is done."""
    on_sqlite.write(1, "start", START)
    child = 'op.create_table("parts", sa.Column("of", sa.Integer, sa.ForeignKey("orders.id")))'
    on_sqlite.write(2, "orphan", f"{child}\nop.execute('INSERT INTO parts VALUES (7)')")
    with pytest.raises(ConfigurationError, match="a migration of orders would leave rows in parts"):
        on_sqlite.migrations().upgrade(on_sqlite.address)
    assert [] == on_sqlite.columns()


def test_tables_that_others_refer_to_are_made_anew(on_sqlite: Orders) -> None:
    """With foreign keys enforced, SQLite would empty the table that refers to it."""
    on_sqlite.write(1, "start", START)
    key = 'sa.ForeignKey("orders.id", ondelete="CASCADE")'
    on_sqlite.write(2, "parts", f'op.create_table("parts", sa.Column("of", sa.Integer, {key}))')
    on_sqlite.write(3, "drop_item", NO_ITEM, "contract")
    on_sqlite.migrations().upgrade(on_sqlite.address)
    on_sqlite.execute("INSERT INTO orders VALUES (1, 'bolt')", "INSERT INTO parts VALUES (1)")
    on_sqlite.migrations().upgrade(on_sqlite.address, contract=True)
    assert [(1,)] == on_sqlite.rows('SELECT "of" FROM parts')


def test_the_first_revision_of_a_folder_called_db(orders: Orders) -> None:
    """Where ``db`` is a folder its revisions are in it."""
    (orders.folder / "db").mkdir(parents=True)
    with_three(orders)
    assert not orders.migrations(columns={"item": Column("item", String(20))}).exists
    (orders.folder / "migrations").rename(orders.folder / "db" / "migrations")
    assert orders.migrations().exists
