"""A component's data in PostgreSQL: a schema of its own, reached as a role of its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from psycopg import AsyncConnection, IsolationLevel
from psycopg.pq import TransactionStatus
from sqlalchemy import AdaptedConnection, Connection, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection, Dialect
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.util import greenlet_spawn

from ..component import Isolation
from ..errors import ConfigurationError, Fault
from .address import Address
from .budget import Budget
from .pool import BorrowingPool
from .problems import PROVISION

IDLE = 1.0
"""Seconds after which a connection that nobody used is asked whether it is still there before somebody does."""

_SCHEMA = text("SELECT count(*) FROM pg_namespace WHERE nspname = :schema AND has_schema_privilege(oid, 'CREATE')")
_ROOM = text("""
SELECT least(
    (SELECT sum(CASE name WHEN 'max_connections' THEN setting::int ELSE -setting::int END) FROM pg_settings
     WHERE name IN ('max_connections', 'superuser_reserved_connections', 'reserved_connections')),
    (SELECT nullif(datconnlimit, -1) FROM pg_database WHERE datname = current_database()),
    (SELECT nullif(rolconnlimit, -1) FROM pg_roles WHERE rolname = current_user)
)
""")
"""The connections that the server gives, or a ``CONNECTION LIMIT`` of the database or of the role where it is less."""

Check = Callable[[DBAPIConnection], None]


class PostgresEngines:
    """The engines of one component, which share a pool.

    Args:
        address: Where the data is.
        budget: The connections of the process.
        isolation: How much transactions that may write see of each other.
        application: What the server calls the connections.
        check: Looks at a new connection, and refuses it by raising.

    Attributes:
        writing: For what may write.
        reading: For what may not: all of a transaction sees the same snapshot, as in SQLite
            (https://www.postgresql.org/docs/current/transaction-iso.html#XACT-REPEATABLE-READ).
    """

    def __init__(self, address: Address, budget: Budget, isolation: Isolation, application: str, check: Check) -> None:
        self._address = address
        self._budget = budget
        self.writing = create_async_engine(
            address.url,
            connect_args=address.connect_args(application),
            hide_parameters=True,  # errors are logged, and parameters are data of users
            poolclass=BorrowingPool,
            budget=budget,
        )
        self.reading = create_async_engine(address.url, hide_parameters=True, pool=self.writing.pool)
        for engine, level, readonly in ((self.writing, isolation, False), (self.reading, "REPEATABLE READ", True)):
            mode = _Mode(IsolationLevel[level.replace(" ", "_")], readonly)
            event.listen(engine.sync_engine, "begin", mode.begin)
        event.listen(self.writing.sync_engine, "commit", _refuse_what_failed)
        dialect, pool = self.writing.dialect, self.writing.pool
        event.listen(pool, "connect", lambda connection, _: check(connection))
        event.listen(pool, "checkin", _remember)
        event.listen(pool, "checkout", lambda one, entry, _: _ask_after_a_while(dialect, one, entry))

    async def open(self) -> None:
        """Connects, and makes sure that the schema is there, and room for all connections that may be wanted.

        Raises:
            ConfigurationError: It is not.
        """
        async with self.writing.connect() as connection:
            is_there = await connection.scalar(_SCHEMA, {"schema": self._address.schema})
            room = await connection.scalar(_ROOM)
        if not is_there:
            what = f"{self._address.component} has no schema of its own in its database, {self._address}"
            why = "each component's tables are in a schema that its role owns"
            raise ConfigurationError(Fault(what, self._address.where, why, PROVISION))
        self._budget.fit(room, self._address)

    async def close(self) -> None:
        """Closes every connection."""
        await greenlet_spawn(self.writing.pool.dispose)


@dataclass(frozen=True)
class _Mode:
    """What the transactions of one engine are.

    Set where it differs from what the connection had before; as execution options of SQLAlchemy it would be set and
    taken back each time, at a tenth of the time of a call that reads one row.
    """

    isolation: IsolationLevel
    readonly: bool

    def begin(self, connection: Connection) -> None:
        """Called by SQLAlchemy before a transaction."""
        adapted = cast("AdaptedConnection", connection.connection.dbapi_connection)
        driver: AsyncConnection = adapted.driver_connection
        if driver.read_only is not self.readonly:
            adapted.run_async(lambda _: driver.set_read_only(self.readonly))
        if driver.isolation_level is not self.isolation and "isolation_level" not in connection.get_execution_options():
            adapted.run_async(lambda _: driver.set_isolation_level(self.isolation))


def _refuse_what_failed(connection: Connection) -> None:
    """Refuses a commit that would be a rollback: in PostgreSQL a statement that failed has ended the transaction.

    Raises:
        RuntimeError: One did, and the method has swallowed its error.
    """
    adapted = cast("AdaptedConnection", connection.connection.dbapi_connection)
    driver: AsyncConnection = adapted.driver_connection
    if driver.info.transaction_status is TransactionStatus.INERROR:
        raise RuntimeError("a statement has failed and its error was swallowed: use session.begin_nested() around it")


def _remember(_: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
    entry.info["idle since"] = time.monotonic()


def _ask_after_a_while(dialect: Dialect, connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
    """Finds a connection dead before a call does: the server may have been restarted meanwhile.

    Asking each time (SQLAlchemy's ``pool_pre_ping``) would cost every call a round trip.
    """
    since = entry.info.get("idle since")
    if since is not None and time.monotonic() - since > IDLE:
        try:
            dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error
