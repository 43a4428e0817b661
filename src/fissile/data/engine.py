"""The engine of one component: SQLite in a file of its own."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from threading import Thread

import aiosqlite
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from ..component import Database
from ..project.folders import make_state

BUSY_TIMEOUT = 5_000
"""Milliseconds that SQLite waits for another writer (https://sqlite.org/pragma.html#pragma_busy_timeout)."""

STOPPING = 1.0
"""Seconds that the thread of a connection gets to end."""

TICK = 0.01
"""Seconds until a file is tried again."""

READERS = 15
"""Connections that may read at once."""


class Store:
    """A component's database, opened with the component and closed with it.

    One connection writes and others read: SQLite has one writer at a time, and whoever waits for the connection gets it
    as soon as it is free, where whoever waits for SQLite's lock looks for it at ever longer intervals.

    Args:
        database: The tables.
        file: The SQLite file; its folder is made.
    """

    def __init__(self, database: Database, file: Path) -> None:
        self.file = file
        self._metadata = database.metadata
        self._writing: AsyncEngine | None = None
        self._reading: AsyncEngine | None = None
        self._opening: asyncio.Lock | None = None
        self._threads: list[Thread] = []

    async def open_once(self) -> None:
        """Opens it unless it is open: an application may be called without its lifespan."""
        if self._reading is None:
            self._opening = self._opening or asyncio.Lock()
            async with self._opening:
                if self._reading is None:
                    await self.open()

    async def open(self) -> None:
        """Connects, and creates the tables that are missing."""
        make_state(self.file.parent)
        await asyncio.to_thread(_write_ahead, self.file)
        self._writing = self._engine("BEGIN IMMEDIATE", 1)
        async with self._writing.begin() as connection:
            await connection.run_sync(self._metadata.create_all)
        self._reading = self._engine("BEGIN", READERS)
        event.listen(self._reading.sync_engine, "connect", _forbid_writing)

    def _engine(self, begin: str, connections: int) -> AsyncEngine:
        """An engine whose transactions begin in this way; pysqlite's own begin too late."""
        engine = create_async_engine(
            f"sqlite+aiosqlite:///{self.file}",
            async_creator=self._connect,
            pool_size=connections,
            max_overflow=0,
            pool_timeout=None,  # the deadline of a call ends its wait
        )
        event.listen(engine.sync_engine, "connect", _configure)
        event.listen(engine.sync_engine, "begin", lambda connection: connection.exec_driver_sql(begin))
        return engine

    def engine(self, *, readonly: bool) -> AsyncEngine:
        """The engine for what writes, or for what does not and takes no write lock."""
        engine = self._reading if readonly else self._writing
        assert engine is not None, "the store is open while its component is live"
        return engine

    async def close(self) -> None:
        """Closes every connection."""
        for engine in (self._writing, self._reading):
            if engine is not None:
                await engine.dispose()
        self._writing = self._reading = None
        for thread in self._threads:
            await asyncio.to_thread(thread.join, STOPPING)

    async def _connect(self) -> aiosqlite.Connection:
        """Connects, and remembers the connection's thread.

        A connection whose user was cancelled meanwhile is closed as soon as it is there, and nobody waits for it; its
        thread must not outlive the loop, to which it says that it has stopped.
        """
        connection = aiosqlite.connect(self.file, factory=_Connection)
        connection._thread.daemon = True  # as SQLAlchemy has it: no statement holds the process
        self._threads = [thread for thread in self._threads if thread.is_alive()] + [connection._thread]
        opening = asyncio.ensure_future(_opened(connection))
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(lambda _: connection.stop())
            raise


class _Connection(sqlite3.Connection):
    """Lets go of its lock at its end.

    SQLite keeps a closed connection, and its transaction with it, until the last statement is gone
    (https://sqlite.org/c3ref/close.html), and one whose user was cancelled may be held by nobody but garbage.
    """

    def close(self) -> None:
        """Called once by the connection's thread."""
        if self.in_transaction:
            self.rollback()
        super().close()


async def _opened(connection: aiosqlite.Connection) -> aiosqlite.Connection:
    return await connection


def _write_ahead(file: Path) -> None:
    """Gives a file its write-ahead log, which it keeps (https://sqlite.org/wal.html#persistence_of_wal_mode).

    While another process does so SQLite refuses at once, whatever its patience.
    """
    until = time.monotonic() + BUSY_TIMEOUT / 1000
    with closing(sqlite3.connect(file)) as connection:
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    raise
            time.sleep(TICK)


def _configure(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    """Patience with other processes, and foreign keys."""
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT}")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _forbid_writing(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    """Refuses a write (https://sqlite.org/pragma.html#pragma_query_only), which would be rolled back in silence."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA query_only = ON")
    cursor.close()
