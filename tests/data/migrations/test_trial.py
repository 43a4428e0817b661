"""Revisions are tried before they are written: on new databases, up, down and up again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
import sqlalchemy as sa
from sqlalchemy import Column, Integer, MetaData, Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import URL

from fissile.cli.db.scratch import scratch
from fissile.data.address import Address
from fissile.data.migrations import Migrations
from fissile.data.migrations.trial import rehearse
from fissile.data.migrations.writing import Written, write
from fissile.errors import ConfigurationError
from fissile.testing.postgres import SERVER
from tests.data.conftest import provisioned

from .orders import START, Orders, revisions


@contextmanager
def nowhere(_: Address) -> Iterator[Address | None]:
    """Yield no place in PostgreSQL."""
    yield None


def code(orders: Orders, *columns: Column[object]) -> Migrations:
    """Return a component whose orders have these columns, beside their id."""
    metadata = MetaData()
    Table("orders", metadata, Column("id", Integer, primary_key=True), *columns)
    return Migrations("orders", metadata, orders.folder)


def broken(made: list[Written], old: str, new: str) -> list[Written]:
    """Return revisions with other code."""
    assert any(old in one.text for one in made)
    return [replace(one, text=one.text.replace(old, new)) for one in made]


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("sa.Integer()", "sa.Integr()", "AttributeError: module 'sqlalchemy' has no attribute 'Integr'"),
        ('"orders",', '"order s,', "unterminated string literal"),
        ("import sqlalchemy as sa", "import sqlalchemi as sa", "No module named 'sqlalchemi'"),
        ('op.drop_table("orders")', 'op.drop_table("order")', "order"),
        ('op.drop_table("orders")', "pass", "already exists"),
        ("sa.Integer()", "Money()", "NameError: name 'Money' is not defined"),
    ],
)
def test_what_fails_is_not_written(on_sqlite: Orders, old: str, new: str, why: str) -> None:
    """The fault names the file and its line, and what failed there, on the way up and on the way down."""
    migrations = code(on_sqlite)
    made = broken(revisions(migrations, on_sqlite.address, "start"), old, new)
    with pytest.raises(ConfigurationError) as refused:
        rehearse(migrations, on_sqlite.address, made, nowhere)
    (fault,) = refused.value.faults
    assert why in f"{fault.what} {fault.why}"
    assert "0001_start.py:" in fault.where
    assert str(on_sqlite.folder) in fault.where
    assert not on_sqlite.folder.joinpath("migrations").exists()
    assert not on_sqlite.address.file.exists()


def test_the_whole_history_is_applied_first(on_sqlite: Orders) -> None:
    """A revision that an earlier one does not carry is refused as well, and the data is left alone."""
    on_sqlite.write(1, "start", START)
    on_sqlite.migrations().upgrade(on_sqlite.address)
    migrations = code(on_sqlite, Column("item", sa.String(20)), Column("n", Integer))
    made = revisions(migrations, on_sqlite.address, "add n")
    assert ["PostgreSQL: there is none; pip install 'fissile[testing]' brings one"] == rehearse(
        migrations, on_sqlite.address, made, nowhere
    )
    with pytest.raises(ConfigurationError, match="0002_add_n of orders was not written: it fails on a new database"):
        rehearse(migrations, on_sqlite.address, broken(made, '"n"', '"item"'), nowhere)
    assert ["id", "item"] == on_sqlite.columns()


@pytest.mark.parametrize("is_own", [True, False])
def test_in_postgresql_too(on_sqlite: Orders, database: URL, monkeypatch: pytest.MonkeyPatch, *, is_own: bool) -> None:
    """It is tried on the component's own server if its role may make a schema, else on one for tests; nothing stays."""
    monkeypatch.setenv(SERVER, database.set(database="postgres").render_as_string(hide_password=False))
    (address,) = provisioned(database, on_sqlite.folder / "secrets", "orders")
    orders = Orders(on_sqlite.folder, address)
    if is_own:
        grant = Orders(orders.folder, Address("", "", database))
        grant.execute(f'GRANT CREATE ON DATABASE "{database.database}" TO "{address.url.username}"')
    migrations = code(orders, Column("k", sa.Enum("a", name="kind")))
    made = revisions(migrations, address, "start")
    assert [] == rehearse(migrations, address, made, scratch)
    with pytest.raises(ConfigurationError, match="it fails on a new database in PostgreSQL"):
        rehearse(migrations, address, broken(made, "DROP TYPE kind", "SELECT 1"), scratch)
    assert [("orders",), ("public",)] == orders.rows(
        "SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information)' ORDER BY 1"
    )
    assert [] == orders.columns()


def test_a_component_of_postgresql_alone(on_postgres: Orders, monkeypatch: pytest.MonkeyPatch, postgres: URL) -> None:
    """It is not tried in SQLite, which does not take its tables; that is said."""
    monkeypatch.setenv(SERVER, postgres.render_as_string(hide_password=False))
    migrations = code(on_postgres, Column("x", postgresql.ARRAY(Integer)))
    made = revisions(migrations, on_postgres.address, "start")
    (skipped,) = rehearse(migrations, on_postgres.address, made, scratch)
    assert skipped.startswith("SQLite: it does not take the tables: ")
    write(made)
    code(on_postgres, Column("x", postgresql.ARRAY(Integer))).upgrade(on_postgres.address)
    assert ["id", "x"] == on_postgres.columns()


def test_tables_that_the_database_does_not_take(on_sqlite: Orders) -> None:
    """A component in SQLite with a type of PostgreSQL is told so, without a traceback."""
    with pytest.raises(ConfigurationError, match="the tables of orders cannot be made in SQLite"):
        revisions(code(on_sqlite, Column("x", postgresql.ARRAY(Integer))), on_sqlite.address, "start")
