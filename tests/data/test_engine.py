"""A component's engine."""

import asyncio
import threading
from pathlib import Path

from sqlalchemy import MetaData, text

from fissile import Database
from fissile.data import Store


def threads() -> set[threading.Thread]:
    """The threads of all connections."""
    return {thread for thread in threading.enumerate() if "_connection_worker_thread" in thread.name}


async def test_no_thread_outlives_the_store(tmp_path: Path) -> None:
    """Calls that are cancelled while they connect leave no thread behind once the store is closed."""
    before = threads()
    store = Store(Database(MetaData()), tmp_path / "orders.sqlite3")
    await store.open()

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
    assert set() == threads() - before
