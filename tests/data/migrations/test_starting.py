"""What a process finds out before it starts, and who is in the way of a contraction."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from fissile.data.address import IDENTIFIER
from fissile.data.migrations.presence import application_name
from fissile.errors import ConfigurationError

from .orders import CITY, NO_ITEM, START, Orders
from .process import PAUSE
from .processes import Processes, until


def expanded_and_contracted(orders: Orders) -> Orders:
    """Code with a start, an expansion and a contraction."""
    orders.write(1, "start", START)
    orders.write(2, "add_city", CITY)
    orders.write(3, "drop_item", NO_ITEM, "contract")
    return orders


@pytest.fixture
def newer(orders: Orders) -> Orders:
    """The same, on each database."""
    return expanded_and_contracted(orders)


def test_a_database_that_lacks_what_the_code_needs(newer: Orders) -> None:
    """Every expansion is named, with the command; contractions are not missed."""
    with pytest.raises(ConfigurationError) as refused:
        newer.migrations(columns={}).prepare(newer.address, apply=False)
    assert [
        ("the database of orders lacks 0001_start: start", "fissile db upgrade orders"),
        ("the database of orders lacks 0002_add_city: add_city", "fissile db upgrade orders"),
    ] == [(fault.what, fault.fix) for fault in refused.value.faults]
    newer.migrations().upgrade(newer.address)
    newer.migrations(columns={}).prepare(newer.address, apply=False)


def test_tables_of_the_code_that_no_migration_makes(newer: Orders) -> None:
    """They are missed at the start, and not by the first statement; the command that writes the migration is named."""
    newer.migrations().upgrade(newer.address, contract=True)
    for apply in (False, True):
        with pytest.raises(ConfigurationError) as refused:
            newer.migrations("notes").prepare(newer.address, apply=apply)
        (fault,) = refused.value.faults
        assert "the database of orders lacks orders.item, notes, and no migration adds it" == fault.what
        assert 'fissile db revision orders -m "what has changed"' == fault.fix


def test_in_development_everything_is_applied(newer: Orders) -> None:
    """Contractions as well."""
    newer.migrations(columns={}).prepare(newer.address, apply=True)
    assert ["id", "city"] == newer.columns()
    newer.migrations(columns={}).prepare(newer.address, apply=True)


def test_older_code_runs_until_the_contraction(newer: Orders, tmp_path: Path) -> None:
    """It does not miss what it does not know; then it is too old, also when it would migrate, and says so."""
    older = newer.older(tmp_path / "older", 1)
    newer.migrations().upgrade(newer.address)
    older.migrations(columns={}).prepare(older.address, apply=False)
    older.migrations(columns={}).prepare(older.address, apply=True)
    newer.migrations().upgrade(newer.address, contract=True)
    for apply in (False, True):
        with pytest.raises(ConfigurationError) as refused:
            older.migrations(columns={}).prepare(older.address, apply=apply)
        (fault,) = refused.value.faults
        assert "this code of orders is too old for its database" == fault.what
        assert "0003_drop_item" in fault.why
    newer.migrations(columns={}).prepare(newer.address, apply=False)


def test_a_new_connection_of_older_code(on_postgres: Orders, tmp_path: Path) -> None:
    """It is refused once the database is contracted; before, and where there is nothing yet, it is not."""
    newer = expanded_and_contracted(on_postgres)
    older = newer.older(tmp_path / "older", 2).migrations()
    engine = newer.address.blocking_engine()
    with closing(engine.raw_connection()) as connection:
        dbapi = connection.dbapi_connection
        assert dbapi is not None
        older.refuse_if_contracted(dbapi)
        newer.migrations().upgrade(newer.address)
        older.refuse_if_contracted(dbapi)
        newer.migrations().upgrade(newer.address, contract=True)
        with pytest.raises(ConfigurationError, match="0003_drop_item took away"):
            older.refuse_if_contracted(dbapi)
        newer.migrations().refuse_if_contracted(dbapi)


def test_older_processes_are_in_the_way_of_a_contraction(newer: Orders, processes: Processes, tmp_path: Path) -> None:
    """It is refused and names their revision, until they are gone, however they went; newer ones may stay."""
    newer.migrations().upgrade(newer.address)
    older = newer.older(tmp_path / "older", 2)
    old, new = processes.start(older, "stay"), processes.start(newer, "stay")
    processes.ready(old)
    processes.ready(new)
    with pytest.raises(ConfigurationError) as refused:
        newer.migrations().upgrade(newer.address, contract=True)
    (fault,) = refused.value.faults
    assert "0003_drop_item would take away what older code of orders still uses" == fault.what
    assert "processes are connected whose last revision is 0002_add_city" == fault.why
    assert ["id", "item", "city"] == newer.columns()
    processes.kill(old)
    until(lambda: is_contracted(newer))
    assert ["id", "city"] == newer.columns()
    assert new.poll() is None


def is_contracted(orders: Orders) -> bool:
    """Whether a contraction was let through; a server takes a moment to see that a process is dead."""
    try:
        orders.migrations().upgrade(orders.address, contract=True)
    except ConfigurationError:
        return False
    return True


def test_nobody_starts_in_the_middle_of_a_contraction(orders: Orders, processes: Processes, tmp_path: Path) -> None:
    """Who looked for older code before has not seen this one, so it waits, and sees the contraction."""
    newer = expanded_and_contracted(orders)
    newer.migrations(columns={}).upgrade(newer.address)
    older = newer.older(tmp_path / "older", 2).migrations(columns={})
    newer.write(3, "drop_item", f"{PAUSE}\n{NO_ITEM}", "contract")
    process = processes.start(newer, "apply", tmp_path / "reached")
    processes.ready(process)
    processes.go(process)
    until((tmp_path / "reached").exists)
    asks = "SELECT 1 FROM pg_stat_activity WHERE query = 'ROLLBACK' AND application_name = 'fissile migration'"
    with ThreadPoolExecutor() as threads:
        start = threads.submit(lambda: older.prepare(newer.address, apply=False))
        if not newer.address.is_sqlite:
            until(lambda: start.done() or bool(newer.rows(asks)))
        assert not start.done()
        processes.go(process)
        assert (0, "") == processes.ended(process)
        with pytest.raises(ConfigurationError, match="too old"):
            start.result()


def test_the_name_of_a_connection_is_short_enough() -> None:
    """PostgreSQL would cut it, and with it the revision (NAMEDATALEN)."""
    name = application_name("c" * 31, "f" * 32)
    assert name.endswith("@" + "f" * 32)
    assert len(name.encode()) <= IDENTIFIER
