"""SQLite: its connections and their threads."""

import asyncio
import threading
from pathlib import Path

import aiosqlite
from sqlalchemy import Column, Integer, MetaData, Table, insert, select, text

from .declared import file_store


def threads() -> set[threading.Thread]:
    """The threads of all connections."""
    return {thread for thread in threading.enumerate() if "_connection_worker_thread" in thread.name}


async def test_no_thread_outlives_the_store(tmp_path: Path) -> None:
    """Calls that are cancelled while they connect leave no thread behind once the store is closed."""
    before = threads()
    store = file_store(MetaData(), tmp_path / "orders.sqlite3")
    await store.open_once()

    async def ask() -> None:
        async with store.engine(readonly=True).connect() as connection:
            await connection.execute(text("SELECT 1"))

    asking = [asyncio.create_task(ask()) for _ in range(10)]
    while len(threads() - before) < 10:
        await asyncio.sleep(0)
    for task in asking:
        task.cancel()
    await asyncio.wait(asking)
    await store.close()
    while threads() - before:  # one that has been told to end needs its turn for it; one that has not hangs here
        await asyncio.sleep(0.001)


async def test_a_connection_that_ends_lets_go_of_its_lock(tmp_path: Path) -> None:
    """Also while somebody holds a statement whose rows were never read, as whoever was cancelled may do."""
    table = Table("notes", MetaData(), Column("id", Integer, primary_key=True))
    store = file_store(table.metadata, tmp_path / "notes.sqlite3")
    await store.open_once()
    raw = await store.engine(readonly=False).raw_connection()
    driver = raw.driver_connection
    assert isinstance(driver, aiosqlite.Connection)
    await driver.execute("BEGIN IMMEDIATE")
    unread = await driver.execute("INSERT INTO notes DEFAULT VALUES RETURNING id")
    raw.invalidate()
    async with store.engine(readonly=False).begin() as connection:
        await connection.execute(insert(table))
        assert [1] == list(await connection.scalars(select(table.c.id)))
    del unread
    await store.close()


async def test_a_new_file_is_opened_many_times_at_once(tmp_path: Path) -> None:
    """As by the workers of one process: each wants the write-ahead log, for which SQLite makes nobody wait."""
    table = Table("notes", MetaData(), Column("id", Integer, primary_key=True))
    for number in range(20):
        stores = [file_store(table.metadata, tmp_path / f"{number}.sqlite3") for _ in range(8)]
        await asyncio.gather(*[store.open_once() for store in stores])
        async with stores[0].engine(readonly=True).connect() as connection:
            assert "wal" == await connection.scalar(text("PRAGMA journal_mode"))
        for store in stores:
            await store.close()


async def test_a_connection_may_be_closed_twice(tmp_path: Path) -> None:
    """A cancelled close that ran nevertheless leaves no error that no task retrieves, and no thread."""
    reported: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: reported.append(context))
    before = threads()
    store = file_store(MetaData(), tmp_path / "notes.sqlite3")
    await store.open_once()
    raw = await store.engine(readonly=False).raw_connection()
    driver = raw.driver_connection
    assert isinstance(driver, aiosqlite.Connection)
    close = driver._execute(driver._conn.close)  # type: ignore[no-untyped-call]  # the first half of its close()
    closing = asyncio.create_task(close)
    await asyncio.sleep(0)
    closing.cancel()
    stopped = driver.stop()
    assert stopped is not None
    async with asyncio.timeout(60):
        await asyncio.wait([stopped])
    assert stopped.exception() is None
    raw.invalidate()
    await store.close()
    assert not threads() - before
    assert [] == reported
