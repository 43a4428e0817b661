"""Applying revisions: under a lock, so that ten processes that start at once apply them once."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TextIO

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, MigrationStep
from alembic.script import Script
from sqlalchemy import Connection, Engine, MetaData, create_engine, event, text
from sqlalchemy.exc import DBAPIError

from ...errors import ConfigurationError, DependencyDown, Fault, shown
from ..address import Address
from . import ledger
from .history import History

PATIENCE = 60.0
"""Seconds that a migration waits: for another one, and for locks that others hold on its tables."""

LOCK_TIMEOUT = 2.0
"""Seconds that it waits in the queue for a lock, in which everybody else waits behind it."""

PAUSE = 0.5
"""Seconds at most until it asks for such a lock again."""

Steps = Callable[[object, MigrationContext], Iterable[MigrationStep]]


class Database:
    """One component's database, as its migrations see it.

    Args:
        address: Where it is.
    """

    def __init__(self, address: Address) -> None:
        self._address = address

    @contextmanager
    def locked(self) -> Iterator[Connection]:
        """A connection while nobody else migrates this database.

        Raises:
            DependencyDown: Somebody else does, for too long.
        """
        engine = self._engine()
        try:
            with self._sqlite(engine) if self._address.is_sqlite else self._postgres(engine) as connection:
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
        engine = create_engine(self._address.url, connect_args={"timeout": PATIENCE})
        event.listen(engine, "connect", lambda connection, _: _begin_by_hand(connection))
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        return engine

    @contextmanager
    def _sqlite(self, engine: Engine) -> Iterator[Connection]:
        """In SQLite all revisions are one transaction, and its write lock is the lock.

        Foreign keys are not enforced meanwhile, since a table is changed by making another one in its place
        (https://sqlite.org/lang_altertable.html#otheralter); they are checked before the end.
        """
        with engine.begin() as connection:
            yield connection
            if orphans := connection.exec_driver_sql("PRAGMA foreign_key_check").all():
                tables = ", ".join(sorted({str(row[0]) for row in orphans}))
                what = f"a migration of {self._address.component} would leave rows in {tables} that refer to nothing"
                raise ConfigurationError(Fault(what, str(self._address), "nothing was changed", "mend the migration"))

    @contextmanager
    def _postgres(self, engine: Engine) -> Iterator[Connection]:
        """In PostgreSQL each revision is a transaction, and the lock is an advisory one of another connection.

        It is asked for again and again: whoever waits for it inside a statement holds a snapshot, for which ``CREATE
        INDEX CONCURRENTLY`` of the one that has the lock would wait.
        """
        with engine.connect() as holder, engine.connect() as connection:
            holder = holder.execution_options(isolation_level="AUTOCOMMIT")
            key = {"key": f"fissile migrations of {self._address.schema}"}
            until = time.monotonic() + PATIENCE
            while not holder.scalar(text("SELECT pg_try_advisory_lock(hashtextextended(:key, 0))"), key):
                if time.monotonic() > until:
                    what = f"somebody else migrates {self._address.component}, for more than {PATIENCE:.0f} s"
                    raise DependencyDown(Fault(what, str(self._address), "", "look for it in pg_stat_activity"))
                time.sleep(random.uniform(0.02, 0.1))
            connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}s'"))
            connection.commit()
            yield connection


def _begin_by_hand(connection: sqlite3.Connection) -> None:
    connection.isolation_level = None


def run(connection: Connection, history: History, metadata: MetaData, steps: Steps) -> None:
    """Runs steps on a database that is locked, each with its entry in the ledger.

    Raises:
        ConfigurationError: The database refuses one of them; those before it stay in PostgreSQL.
        DependencyDown: Somebody else held locks on its tables for too long; what was done before stays.
    """
    until = time.monotonic() + PATIENCE
    begun: list[MigrationStep] = []

    def told(heads: object, context: MigrationContext) -> Iterator[MigrationStep]:
        for step in steps(heads, context):
            begun.append(step)
            yield step

    while True:
        if connection.dialect.name == "postgresql":
            connection.rollback()  # what has been read before, so that each revision is a transaction
        try:
            with environment(history, metadata, told, connection=connection) as env:
                env.run_migrations()
            return
        except DBAPIError as error:
            is_locked = getattr(error.orig, "sqlstate", None) == "55P03"  # lock_not_available
            if not is_locked and (not begun or error.connection_invalidated):
                raise
            if not is_locked:
                raise ConfigurationError(_failed(history, begun[-1], error)) from error
            if time.monotonic() > until:
                raise DependencyDown(_waited(connection, history)) from None
        time.sleep(random.uniform(0, PAUSE))


def _failed(history: History, step: MigrationStep, error: DBAPIError) -> Fault:
    """What the database says of a revision."""
    script = getattr(step, "revision", None)
    file = Path(script.path) if isinstance(script, Script) else history.folder
    said = str(error.orig).strip().partition("\n")[0]
    what = f"{file.stem} of {history.component} failed, and nothing of it was done"
    return Fault(what, shown(file), said, "mend it, or the rows that it meets, and try again")


_HOLDERS = """
SELECT DISTINCT format('process %s (%s)', pid, coalesce(nullif(application_name, ''), usename))
FROM pg_locks JOIN pg_class ON pg_class.oid = relation JOIN pg_stat_activity USING (pid)
WHERE relnamespace = current_schema()::regnamespace AND pid <> pg_backend_pid()
"""


def _waited(connection: Connection, history: History) -> Fault:
    """Who is in the way: whoever holds anything of the component's schema."""
    connection.rollback()
    holders = sorted(map(str, connection.scalars(text(_HOLDERS))))
    what = f"others held locks on the tables of {history.component} for more than {PATIENCE:.0f} s"
    why = f"among them {', '.join(holders)}" if holders else "nobody does any more"
    return Fault(what, shown(history.folder), why, "end its transaction, if it has a long one, and try again")


@contextmanager
def environment(
    history: History,
    metadata: MetaData,
    steps: Steps,
    *,
    connection: Connection | None = None,
    dialect: str | None = None,
    output: TextIO | None = None,
    starting: str | None = None,
) -> Iterator[EnvironmentContext]:
    """Alembic's environment, in which revisions run; without a connection they are printed."""
    offline = connection is None
    with EnvironmentContext(
        Config(output_buffer=output), history.script, fn=steps, as_sql=offline, starting_rev=starting
    ) as env:
        env.configure(
            connection=connection,
            dialect_name=dialect,
            target_metadata=metadata,
            render_as_batch=True,
            transaction_per_migration=True,
            on_version_apply=ledger.write,
            output_buffer=output,
            literal_binds=offline,
        )
        if connection is not None and connection.dialect.name == "sqlite":
            # All of them are one transaction, and nobody could write meanwhile anyway.
            env.get_context().autocommit_block = nullcontext  # type: ignore[assignment]  # it does nothing
        with env.begin_transaction():
            yield env
