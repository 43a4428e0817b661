"""One call's transaction: opened late, committed or undone as a whole, and in nobody's way."""

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import MetaData, event, func, insert, select, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from fissile import App
from fissile.data import Store, UnitOfWork, begin, sqlite
from fissile.data.sqlite import BUSY_TIMEOUT
from tests.runtime.projects import written

from .conftest import StoreOf
from .declared import file_store


class Base(DeclarativeBase):
    """The tables of this test."""

    metadata = MetaData()


class Row(Base):
    """A row."""

    __tablename__ = "rows"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)


@pytest.fixture
async def store(store_of: StoreOf) -> AsyncIterator[Store]:
    """An open database."""
    store = store_of(Base.metadata)
    await store.open_once()
    yield store
    await store.close()


@pytest.fixture
def taken(store: Store) -> list[object]:
    """Every connection that was taken."""
    taken: list[object] = []
    for pool in {store.engine(readonly=readonly).pool for readonly in (False, True)}:
        event.listen(pool, "checkout", lambda one, *_: taken.append(one))
    return taken


async def names(store: Store) -> list[str]:
    """The rows, read in a unit of work of their own."""
    work = await begin(store, False, True)
    found = list(await work.session().scalars(select(Row.name).order_by(Row.id)))
    await work.commit()
    return found


def in_use(store: Store) -> int:
    """How many connections are in use."""
    pools = {store.engine(readonly=readonly).pool for readonly in (False, True)}
    return sum(pool.checkedout() for pool in pools)  # type: ignore[attr-defined]  # of every pool with connections


@pytest.mark.parametrize("readonly", [False, True])
async def test_a_session_that_is_not_used_takes_no_connection(
    store: Store, taken: list[object], readonly: bool
) -> None:
    """Nor does a unit of work without one."""
    for asks in (False, True):
        for ends in (UnitOfWork.commit, UnitOfWork.rollback):
            work = await begin(store, False, readonly)
            if asks:
                assert work.session() is work.session()
            await ends(work)
    assert [] == taken


async def test_a_commit(store: Store, taken: list[object]) -> None:
    """What was added is there, flushed or not, and its objects can still be read."""
    work = await begin(store, False, False)
    row = Row(name="added")
    work.session().add(row)
    await work.commit()
    work = await begin(store, False, False)
    await work.session().execute(insert(Row).values(name="executed"))
    await work.commit()
    assert ["added", "executed"] == await names(store)
    assert ("added", 0, 3) == (row.name, in_use(store), len(taken))


async def test_a_rollback(store: Store) -> None:
    """Nothing of the unit of work stays, flushed or not, and the write lock is free."""
    work = await begin(store, False, False)
    work.session().add(Row(name="flushed"))
    await work.session().flush()
    work.session().add(Row(name="added"))
    await work.rollback()
    assert ([], 0) == (await names(store), in_use(store))
    engine = store.address.blocking_engine()
    with engine.begin() as other:
        other.execute(text("INSERT INTO rows (name) VALUES ('other')"))
    engine.dispose()
    assert ["other"] == await names(store)


async def test_a_commit_that_fails(store: Store) -> None:
    """It raises, nothing of it stays, and the next units of work are healthy."""
    for name in ("one", "two"):
        work = await begin(store, False, False)
        work.session().add(Row(name=name))
        work.session().add(Row(name="same"))
        if name == "two":
            with pytest.raises(IntegrityError):
                await work.commit()
        else:
            await work.commit()
    for number in range(10):
        work = await begin(store, False, False)
        work.session().add(Row(name=str(number)))
        await work.commit()
    assert ["one", "same", *map(str, range(10))] == await names(store)
    assert 0 == in_use(store)


async def test_readers_beside_a_writer(store: Store) -> None:
    """Two of them read what was committed before, while a writer is in its transaction, and hold nobody up."""
    writer = await begin(store, False, False)
    writer.session().add(Row(name="written"))
    await writer.session().flush()
    readers = [await begin(store, False, True) for _ in range(2)]
    for reader in readers:
        assert 0 == await reader.session().scalar(select(func.count()).select_from(Row))
    await writer.commit()
    for reader in readers:
        assert 0 == await reader.session().scalar(select(func.count()).select_from(Row))  # as it began
        await reader.commit()
    assert (["written"], 0) == (await names(store), in_use(store))


async def test_writers_wait_for_each_other(tmp_path: Path) -> None:
    """In SQLite a second one waits where it begins, instead of failing where it writes after it has read."""
    store = file_store(Base.metadata, tmp_path / "rows.sqlite3")
    await store.open_once()
    count = select(func.count()).select_from(Row)

    async def add_one_more() -> None:
        work = await begin(store, False, False)
        found = await work.session().scalar(count)
        await asyncio.sleep(0)
        work.session().add(Row(name=f"row {found}"))
        await work.commit()

    await asyncio.gather(*(add_one_more() for _ in range(10)))
    assert [f"row {number}" for number in range(10)] == await names(store)
    await store.close()


async def test_how_sqlite_is_set(tmp_path: Path) -> None:
    """A write-ahead log, patience, and foreign keys that are checked."""
    store = file_store(Base.metadata, tmp_path / "rows.sqlite3")
    work = await begin(store, False, True)
    session = work.session()
    found = [await session.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "busy_timeout", "foreign_keys")]
    await work.commit()
    assert ["wal", BUSY_TIMEOUT, 1] == found
    await store.close()


async def test_a_busy_database_is_an_error_after_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock that somebody else keeps is told, and the unit of work can be undone."""
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT", 1)
    store = file_store(Base.metadata, tmp_path / "rows.sqlite3")
    await store.open_once()
    with closing(sqlite3.connect(store.address.file)) as other:
        other.execute("BEGIN IMMEDIATE")
        work = await begin(store, False, False)
        with pytest.raises(OperationalError, match="locked"):
            await work.session().execute(insert(Row).values(name="never"))
        await work.rollback()
    assert [] == await names(store)
    await store.close()


PUBLIC = """
from typing import Protocol

from fissile import Interface, readonly

class {name}(Interface, Protocol):
    async def add(self, name: str) -> None:
        ...

    @readonly
    async def names(self) -> tuple[str, ...]:
        ...

    async def nothing(self) -> None:
        ...
"""

COMPONENT = """
from fissile import Component, Database
from sqlalchemy import MetaData, String, Column, Integer, Table, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from .public import {name}

metadata = MetaData()
rows = Table("rows", metadata, Column("id", Integer, primary_key=True), Column("name", String))

class Service({name}):
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def add(self, name: str) -> None:
        await self.session.execute(insert(rows).values(name=name))

    async def names(self) -> tuple[str, ...]:
        return tuple(await self.session.scalars(select(rows.c.name)))

    async def nothing(self) -> None: ...

component = Component(provides={{{name}: Service}}, database=Database(metadata){more})
"""


async def test_a_file_for_each_component(tmp_path: Path) -> None:
    """Named after what outlives a rename; tables of the same name do not meet."""
    files = {
        "stock/public.py": PUBLIC.format(name="Stock"),
        "stock/component.py": COMPONENT.format(name="Stock", more=""),
        "orders/public.py": PUBLIC.format(name="Orders"),
        "orders/component.py": COMPONENT.format(name="Orders", more=', id="sales"'),
    }
    with written(tmp_path, files) as package:
        app = App(package)
        async with app.caller():
            stubs = {interface.__name__: app.runtime.stub(interface) for interface in app.runtime.channels}
            for name, stub in stubs.items():
                await stub.add(name)  # type: ignore[attr-defined]  # made at run time
            found = {name: await stub.names() for name, stub in stubs.items()}  # type: ignore[attr-defined]  # as above
            taken: list[object] = []
            store = app.runtime.live["stock"].store
            assert store is not None
            for readonly in (False, True):
                event.listen(store.engine(readonly=readonly).sync_engine, "checkout", lambda one, *_: taken.append(one))
            await stubs["Stock"].nothing()  # type: ignore[attr-defined]  # as above
    assert {"Stock": ("Stock",), "Orders": ("Orders",)} == found
    assert [] == taken
    assert ["sales.sqlite3", "stock.sqlite3"] == sorted(file.name for file in (tmp_path / "state").glob("*.sqlite3"))


def test_no_sqlalchemy_without_data(tmp_path: Path) -> None:
    """A component without a database neither imports it nor needs it installed."""
    service = "class Service(Stock):\n    async def nothing(self) -> None: ...\n"
    files = {
        "stock/public.py": PUBLIC.format(name="Stock").partition("    async def add")[0]
        + "    async def nothing(self) -> None: ...\n",
        "stock/component.py": "from fissile import Component\n\nfrom .public import Stock\n\n"
        f"{service}\ncomponent = Component(provides={{Stock: Service}})\n",
    }
    program = """
import asyncio, sys
sys.modules["sqlalchemy"] = sys.modules["aiosqlite"] = None
from fissile import App

async def main():
    app = App(sys.argv[1])
    async with app.caller() as call:
        (interface,) = app.runtime.channels
        await call(interface).nothing()
        print(sorted(name for name in sys.modules if name.startswith(("sqlalchemy", "aiosqlite", "fissile.data"))))

asyncio.run(main())
"""
    with written(tmp_path, files) as package:
        command = [sys.executable, "-c", program, package]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert ("['aiosqlite', 'sqlalchemy']", "") == (done.stdout.strip(), done.stderr)
