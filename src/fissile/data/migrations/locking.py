"""A component's database while nobody else migrates it: ten processes that start at once migrate it once."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, OperationalError

from ...errors import ConfigurationError, DependencyDown, Fault
from ...project.folders import make_private_file
from ..address import Address
from .ledger import LOCK_TABLE

PATIENCE = 60.0
"""Seconds that a migration waits: for another one, and for locks that others hold on its tables."""

LOCK_TIMEOUT = 2.0
"""Seconds that it waits in the queue for a lock, in which everybody else waits behind it."""


STARTING = "ROW SHARE"
"""The lock of code that starts: many can have it, while one process migrates."""

MIGRATING = "SHARE UPDATE EXCLUSIVE"
"""The lock of a process that migrates: no other one has it, and code starts meanwhile."""

CONTRACTING = "EXCLUSIVE"
"""The lock of a process that applies contractions: no other one migrates, and no code starts.

Which locks exclude each other: https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES
"""

_NOT_FREE, _MISSING, _THERE = "55P03", "42P01", ("42P07", "23505")
"""The states of an error: a lock that is not free, a table that is missing, and one that another process has made."""

_TIMEOUTS = """
SELECT set_config(name, '0', false) FROM pg_settings
WHERE name IN ('idle_in_transaction_session_timeout', 'idle_session_timeout', 'transaction_timeout')
"""


class Database:
    """One component's database, as its migrations see it.

    Args:
        address: Where it is.
    """

    def __init__(self, address: Address) -> None:
        self._address = address

    @contextmanager
    def locked(self, *, contracting: bool = False) -> Iterator[Connection]:
        """A connection while nobody else migrates this database.

        Args:
            contracting: Whether nobody is to start meanwhile either.

        Raises:
            DependencyDown: Somebody else does, for too long.
        """
        with self._held(CONTRACTING if contracting else MIGRATING) as connection:
            if not self._address.is_sqlite:
                yield connection
                return
            numbers = _numbers(connection)
            yield connection
            _keep(numbers, connection)
            self._refuse_orphans(connection)

    @contextmanager
    def settled(self) -> Iterator[Connection]:
        """A connection while nobody contracts this database: whoever starts now is seen, or sees what has been done.

        Raises:
            DependencyDown: Somebody does, for too long.
        """
        with self._held(STARTING) as connection:
            yield connection

    @contextmanager
    def _held(self, mode: str) -> Iterator[Connection]:
        engine = self._engine()
        try:
            with self._sqlite(engine) if self._address.is_sqlite else self._postgres(engine, mode) as connection:
                yield connection
        finally:
            engine.dispose()

    @contextmanager
    def looked_at(self) -> Iterator[Connection]:
        """A connection for reading."""
        engine = self._address.blocking_engine()
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()

    def _engine(self) -> Engine:
        if not self._address.is_sqlite:
            return self._address.blocking_engine("fissile migration")
        make_private_file(self._address.file)
        engine = create_engine(self._address.url, connect_args={"timeout": PATIENCE})
        event.listen(engine, "connect", lambda connection, _: _begin_by_hand(connection))
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        return engine

    @contextmanager
    def _sqlite(self, engine: Engine) -> Iterator[Connection]:
        """In SQLite all revisions are one transaction, and its write lock is the lock."""
        with ExitStack() as stack:
            try:
                connection = stack.enter_context(engine.begin())
            except OperationalError as error:
                if getattr(error.orig, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_BUSY:
                    raise
                raise DependencyDown(self._busy()) from None
            yield connection

    def _refuse_orphans(self, connection: Connection) -> None:
        """Foreign keys are not enforced by SQLite in this connection, so they are checked before the end.

        A table is changed by making another one in its place (https://sqlite.org/lang_altertable.html#otheralter).
        """
        if orphans := connection.exec_driver_sql("PRAGMA foreign_key_check").all():
            tables = ", ".join(sorted({str(row[0]) for row in orphans}))
            what = f"a migration of {self._address.component} would leave rows in {tables} that refer to nothing"
            raise ConfigurationError(Fault(what, str(self._address), "nothing was changed", "mend the migration"))

    @contextmanager
    def _postgres(self, engine: Engine, mode: str) -> Iterator[Connection]:
        """Hold the lock in a transaction; what migrates does so in another connection, each revision in its own.

        The lock is asked for again and again, and its transaction does nothing else: ``CREATE INDEX CONCURRENTLY``
        waits for every transaction that has a snapshot, and neither of the two has one.
        """
        with engine.connect() as holder:
            if mode == STARTING:
                self._lock(holder, mode)
                yield holder
                return
            with engine.connect() as connection:
                holder.execute(text(_TIMEOUTS))
                holder.commit()
                self._lock(holder, mode)
                connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}s'"))
                connection.commit()
                yield connection

    def _lock(self, connection: Connection, mode: str) -> None:
        """Lock the table of locks, and make it if it is missing.

        Raises:
            DependencyDown: The lock was not free for too long.
        """
        until = time.monotonic() + PATIENCE
        statement = f"LOCK TABLE {LOCK_TABLE} IN {mode} MODE NOWAIT"
        while (state := _state_after(connection, statement)) is not None:
            if state == _MISSING:
                if _state_after(connection, f"CREATE TABLE {LOCK_TABLE} ()", *_THERE) is None:
                    connection.commit()
                continue
            if time.monotonic() > until:
                raise DependencyDown(self._busy())
            time.sleep(random.uniform(0.02, 0.1))

    def _busy(self) -> Fault:
        what = f"somebody else migrates {self._address.component}, for more than {PATIENCE:.0f} s"
        if self._address.is_sqlite:
            return Fault(what, str(self._address), "or writes to it", "find the process that has it open")
        return Fault(what, str(self._address), "", "look for `fissile migration` in pg_stat_activity")


def _state_after(connection: Connection, statement: str, *expected: str) -> str | None:
    """Execute a statement, and return the state of the error that undoes it, if it is one that is expected."""
    try:
        connection.execute(text(statement))
    except DBAPIError as error:
        state = getattr(error.orig, "sqlstate", None)
        if state not in (expected or (_NOT_FREE, _MISSING)):
            raise
        connection.rollback()
        return str(state)
    return None


def _begin_by_hand(connection: sqlite3.Connection) -> None:
    connection.isolation_level = None


_SEQUENCES = "SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'"


def _numbers(connection: Connection) -> dict[str, int]:
    """The last id that each table with AUTOINCREMENT has given (https://sqlite.org/autoinc.html)."""
    if connection.exec_driver_sql(_SEQUENCES).first() is None:
        return {}
    found = connection.exec_driver_sql("SELECT name, seq FROM sqlite_sequence")
    return {str(name): int(last) for name, last in found}


def _keep(numbers: Mapping[str, int], connection: Connection) -> None:
    """Has no id be given twice by a table that was made anew with fewer rows than it once had."""
    for name, last in numbers.items():
        is_there = "SELECT 1 FROM sqlite_master WHERE name = ? AND sql LIKE '%AUTOINCREMENT%'"
        if connection.exec_driver_sql(is_there, (name,)).first() and _numbers(connection).get(name, 0) < last:
            connection.exec_driver_sql("DELETE FROM sqlite_sequence WHERE name = ?", (name,))
            connection.exec_driver_sql("INSERT INTO sqlite_sequence VALUES (?, ?)", (name, last))
