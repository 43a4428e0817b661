"""Several processes at once, one that is killed, and others that hold locks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text

from fissile.data.migrations import locking
from fissile.errors import DependencyDown

from .orders import CITY, NO_ITEM, START, Orders
from .process import PAUSE
from .processes import Processes, until

ONCE = "op.execute(\"INSERT INTO orders (item) VALUES ('once')\")"

INDEX = """\
with op.get_context().autocommit_block():
    op.drop_index("by_item", "orders", if_exists=True, postgresql_concurrently=True)
    op.create_index("by_item", "orders", ["item"], postgresql_concurrently=True)"""


def test_ten_processes_migrate_once(orders: Orders, processes: Processes) -> None:
    """All of them start; an index that is made concurrently does not wait for those who wait for it."""
    orders.write(1, "start", START)
    orders.write(2, "once", ONCE)
    orders.write(3, "index", INDEX)
    orders.write(4, "add_city", CITY)
    started = [processes.start(orders, "apply") for _ in range(10)]
    for process in started:
        processes.ready(process)
    for process in started:
        processes.go(process)
    assert [(0, "")] * 10 == [processes.ended(process) for process in started]
    assert [("once", None)] == orders.rows("SELECT item, city FROM orders")
    assert ["0001_start", "0002_once", "0003_index", "0004_add_city"] == orders.applied()


@pytest.mark.parametrize("point", [f"{PAUSE}\n{CITY}", f"{CITY}\n{PAUSE}", f"{INDEX}\n{PAUSE}"])
def test_a_migration_that_is_killed(orders: Orders, processes: Processes, tmp_path: Path, point: str) -> None:
    """What was applied before is there or not, as a whole; nothing of the one that was killed is; the next finishes."""
    orders.write(1, "start", START)
    orders.write(2, "once", ONCE)
    orders.write(3, "killed", point)
    process = processes.start(orders, "apply", tmp_path / "reached")
    processes.ready(process)
    processes.go(process)
    until((tmp_path / "reached").exists)
    processes.kill(process)
    kept = [] if orders.address.is_sqlite else ["0001_start", "0002_once"]
    assert kept == orders.applied()
    assert "city" not in orders.columns()
    orders.migrations().upgrade(orders.address)
    assert ["0001_start", "0002_once", "0003_killed"] == orders.applied()
    assert [("once",)] == orders.rows("SELECT item FROM orders")


def test_a_lock_that_is_let_go(on_postgres: Orders) -> None:
    """The migration asks for it again, and lets others pass in between."""
    orders = on_postgres
    orders.write(1, "start", START)
    orders.migrations().upgrade(orders.address)
    orders.write(2, "add_city", CITY)
    engine = orders.address.blocking_engine("report")
    with pytest.MonkeyPatch.context() as patience, ThreadPoolExecutor() as threads, engine.connect() as reader:
        patience.setattr(locking, "LOCK_TIMEOUT", 0.05)
        reader.execute(text("SELECT * FROM orders"))
        upgrade = threads.submit(lambda: orders.migrations().upgrade(orders.address))
        waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name LIKE 'fissile%'"
        until(lambda: bool(orders.rows(waits)))
        until(lambda: not orders.rows(waits))
        assert [] == orders.rows("SELECT * FROM orders")
        reader.rollback()
        assert ["0002_add_city"] == [one.name for one in upgrade.result()]


def test_a_lock_that_is_held_for_too_long(on_postgres: Orders, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names who holds it; nothing is half done, and the next upgrade is."""
    orders = on_postgres
    orders.write(1, "start", START)
    orders.write(2, "add_city", CITY)
    migrations = orders.migrations()
    migrations.upgrade(orders.address)
    orders.write(3, "drop_item", f'op.create_table("half", sa.Column("id", sa.Integer))\n{NO_ITEM}', "contract")
    monkeypatch.setattr(locking, "LOCK_TIMEOUT", 0.05)
    monkeypatch.setattr(locking, "PATIENCE", 0.2)
    engine = orders.address.blocking_engine("report")
    with engine.connect() as reader:
        reader.execute(text("SELECT * FROM orders"))
        with pytest.raises(DependencyDown) as down:
            orders.migrations().upgrade(orders.address, contract=True)
    assert "(report)" in down.value.faults[0].why
    assert ([], ["id", "item", "city"]) == (orders.columns("half"), orders.columns())
    orders.migrations().upgrade(orders.address, contract=True)
    assert ["id", "city"] == orders.columns()


def test_somebody_migrates_for_too_long(
    orders: Orders, processes: Processes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever waits gives up, and the other one goes on."""
    orders.write(1, "start", f"{START}\n{PAUSE}")
    process = processes.start(orders, "apply", tmp_path / "reached")
    processes.ready(process)
    processes.go(process)
    until((tmp_path / "reached").exists)
    monkeypatch.setattr(locking, "PATIENCE", 0.2)
    with pytest.raises(DependencyDown, match="somebody else migrates orders"):
        orders.migrations().upgrade(orders.address)
    assert process.poll() is None
