"""Revisions of everything that SQLAlchemy's documentation shows: they make tables that take rows and give them back."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from sqlalchemy import MetaData, insert, select
from sqlalchemy.exc import DBAPIError

from fissile.data.migrations import Migrations
from fissile.data.migrations.catalogue import wanted
from fissile.data.migrations.checking import described
from fissile.data.migrations.comparing import compared
from fissile.data.migrations.locking import Database
from fissile.data.migrations.writing import write

from .declarations import EVERY, Case, tables
from .orders import Orders, revisions

FEW = ("t_enum", "t_users_type", "t_json_or_jsonb", "d_now_demanded", "d_json_colon", "c_computed", "i_unique_function")


def of(orders: Orders, names: Mapping[str, Case], *, added: bool) -> dict[str, Case]:
    """Return the cases that a database has."""
    database = "sqlite" if orders.address.is_sqlite else "postgresql"
    return {name: case for name, case in names.items() if database in case.databases and not (added and case.is_new)}


def migrations(orders: Orders, metadata: MetaData) -> Migrations:
    """Return the migrations of a component with these tables."""
    return Migrations("orders", metadata, orders.folder)


def written(orders: Orders, metadata: MetaData, message: str) -> None:
    """Write a revision and apply it."""
    write(revisions(migrations(orders, metadata), orders.address, message))
    migrations(orders, metadata).upgrade(orders.address, contract=True, force=True)


def insert_and_read(orders: Orders, cases: Mapping[str, Case], metadata: MetaData) -> None:
    """Insert a row into each table, and read it."""
    engine = orders.address.blocking_engine()
    for name, case in cases.items():
        table = metadata.tables[name]
        with engine.begin() as connection:
            try:
                key = connection.execute(insert(table).values(**case.row)).inserted_primary_key
            except DBAPIError as error:
                pytest.fail(f"{name}: {error}")
            assert key is not None
            (row,) = connection.execute(select(table).where(table.c.id == key[0]))
        assert dict(case.row) == {one: row._mapping[one] for one in case.row}, name
        if table.c.x.server_default is not None:
            assert row.x is not None, name
    engine.dispose()


def new(orders: Orders, names: Mapping[str, Case]) -> None:
    """Make the tables with a revision, take it back, and make them again."""
    cases = of(orders, names, added=False)
    metadata = tables(cases, with_items=True)
    written(orders, metadata, "start")
    insert_and_read(orders, cases, metadata)
    assert settled(orders, metadata)
    migrations(orders, metadata).downgrade(orders.address, None)
    migrations(orders, metadata).upgrade(orders.address, contract=True, force=True)
    assert settled(orders, metadata)


def added(orders: Orders, names: Mapping[str, Case], *, rows: int) -> None:
    """Add to tables with rows or without, take that back, and add it again."""
    cases = of(orders, names, added=True)
    written(orders, tables(cases, with_items=False), "start")
    for name in list(cases) * rows:
        orders.execute(f"INSERT INTO {name} (a) VALUES (3)")
    metadata = tables(cases, with_items=True)
    written(orders, metadata, "add")
    insert_and_read(orders, cases, metadata)
    assert settled(orders, metadata)
    fresh = migrations(orders, metadata)
    fresh.downgrade(orders.address, fresh.history.find("1"))
    assert settled(orders, tables(cases, with_items=False))
    orders.execute(*(f"DELETE FROM {name} WHERE id > {rows}" for name in cases))
    fresh.upgrade(orders.address, contract=True, force=True)
    insert_and_read(orders, cases, metadata)
    assert settled(orders, metadata)


def settled(orders: Orders, metadata: MetaData) -> bool:
    """Return True if the database has these tables, in its own words; the files may have more."""
    with Database(orders.address).looked_at() as connection:
        found = compared(connection, metadata, wanted(connection, metadata))
    assert ([], []) == (described(found), found.not_compared)
    return True


@pytest.mark.parametrize("rows", [0, 1])
def test_a_few_added(on_sqlite: Orders, rows: int) -> None:
    """What is added to a table works, whether the table has rows or not."""
    added(on_sqlite, {name: EVERY[name] for name in FEW}, rows=rows)


def test_a_few_in_new_tables(orders: Orders) -> None:
    """New tables work, and can be made again after a downgrade."""
    new(orders, {name: EVERY[name] for name in FEW})


@pytest.mark.acceptance
def test_everything_in_new_tables(orders: Orders) -> None:
    """New tables work, and can be made again after a downgrade."""
    new(orders, EVERY)


@pytest.mark.acceptance
@pytest.mark.parametrize("rows", [0, 1])
def test_everything_added(orders: Orders, rows: int) -> None:
    """What is added to a table works, whether the table has rows or not."""
    added(orders, EVERY, rows=rows)
