"""A component's data in SQLite: one file, one connection that writes, and several that read."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path
from threading import Thread
from typing import Any

import aiosqlite
from sqlalchemy import AdaptedConnection, event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from ..project.folders import make_private_file, make_state

BUSY_TIMEOUT = 5_000
"""Milliseconds that SQLite waits for another writer (https://sqlite.org/pragma.html#pragma_busy_timeout)."""

STOPPING = 1.0
"""Seconds that the thread of a connection gets to end."""

TICK = 0.01
"""Seconds until a file is tried again."""

READERS = 15
"""Connections that may read at once."""


class SqliteEngines:
    """The engines of one file.

    One connection writes and others read: SQLite has one writer at a time, and whoever waits for the connection gets it
    as soon as it is free, where whoever waits for SQLite's lock looks for it at ever longer intervals.

    Args:
        file: The file; its folder is made.

    Attributes:
        writing: For what may write; it takes the write lock at its first statement.
        reading: For what may not.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._threads: list[Thread] = []
        make_state(file.parent)
        self.writing = self._engine("BEGIN IMMEDIATE", 1)
        self.reading = self._engine("BEGIN", READERS)
        event.listen(self.reading.sync_engine, "connect", _forbid_writing)

    async def open(self) -> None:
        """Makes the file, where it is not there."""
        await asyncio.to_thread(_write_ahead, self._file)

    def _engine(self, begin: str, connections: int) -> AsyncEngine:
        """An engine whose transactions begin in this way; pysqlite's own begin too late."""
        engine = create_async_engine(
            f"sqlite+fissile:///{self._file}",
            begin=begin,
            async_creator=self._connect,
            hide_parameters=True,  # errors are logged, and parameters are data of users
            pool_size=connections,
            max_overflow=0,
            pool_timeout=None,  # the deadline of a call ends its wait
            pool_reset_on_return=None,  # whoever gives a connection back has ended its transaction
        )
        event.listen(engine.sync_engine, "connect", _configure)
        return engine

    async def close(self) -> None:
        """Closes every connection."""
        await self.writing.dispose()
        await self.reading.dispose()
        for thread in self._threads:
            await asyncio.to_thread(thread.join, STOPPING)

    async def _connect(self) -> aiosqlite.Connection:
        """Connects, and remembers the connection's thread.

        A connection whose user was cancelled meanwhile is closed as soon as it is there, and nobody waits for it; its
        thread must not outlive the loop, to which it says that it has stopped.
        """
        connection = aiosqlite.connect(self._file, factory=_Connection)
        connection._thread.daemon = True  # as SQLAlchemy has it: no statement holds the process
        self._threads = [thread for thread in self._threads if thread.is_alive()] + [connection._thread]
        opening = asyncio.ensure_future(_opened(connection))
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(lambda _: connection.stop())
            raise


class BeginningDialect(SQLiteDialect_aiosqlite):
    """Begins each transaction itself, where pysqlite waits for the first statement that writes.

    A listener for ``begin``, as SQLAlchemy's documentation has it, would do so with a cursor: four trips to the
    connection's thread instead of one, and half as long again for a call that reads one row.

    Args:
        begin: The statement.
        options: Those of the dialect that it extends.
    """

    driver = "fissile"
    supports_statement_cache = True

    def __init__(self, begin: str, **options: Any) -> None:
        super().__init__(**options)
        self._begin = begin

    def do_begin(self, dbapi_connection: AdaptedConnection) -> None:  # type: ignore[override]  # as this driver has it
        """Called by SQLAlchemy at the start of a transaction."""
        dbapi_connection.run_async(lambda driver: driver.execute(self._begin))


registry.register("sqlite.fissile", __name__, BeginningDialect.__name__)


class _Connection(sqlite3.Connection):
    """Lets go of its lock at its end.

    SQLite keeps a closed connection, and its transaction with it, until the last statement is gone
    (https://sqlite.org/c3ref/close.html), and one whose user was cancelled may be held by nobody but garbage.
    """

    def close(self) -> None:
        """Close without an error, also what is closed already.

        The connection's thread calls this; a cancelled user may be followed by another call, whose future is awaited by
        no task: an exception in it would be logged as never retrieved, and leave the thread running.
        """
        with suppress(sqlite3.Error):
            if self.in_transaction:
                self.rollback()
        with suppress(sqlite3.Error):
            super().close()


async def _opened(connection: aiosqlite.Connection) -> aiosqlite.Connection:
    return await connection


def _write_ahead(file: Path) -> None:
    """Gives a file its write-ahead log, which it keeps (https://sqlite.org/wal.html#persistence_of_wal_mode).

    While another process does so SQLite refuses at once, whatever its patience.

    Its log and its index get the mode of the file, which only this user can read.
    """
    make_private_file(file)
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
