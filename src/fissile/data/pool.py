"""A pool for SQLAlchemy whose connections are borrowed from the budget of the process.

SQLAlchemy's own pools are subclasses of `Pool` that use the same three methods: `_do_get`, `_do_return_conn` and
`_create_connection`. There is no public way to write one.
"""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy.pool import ConnectionPoolEntry, Pool
from sqlalchemy.util import await_

from .budget import Budget


class BorrowingPool(Pool):
    """The connections of one component, which other components of the process get when this one leaves them idle.

    Args:
        creator: Opens a connection.
        budget: The budget of the process.
        options: Options of `Pool`.

    Attributes:
        account: The component's part of the budget.
    """

    def __init__(self, creator: Any, budget: Budget, **options: Any) -> None:
        super().__init__(creator, **options)
        self.account = budget.account()

    def _do_get(self) -> ConnectionPoolEntry:
        account = self.account
        if not account.try_hold():
            await_(account.wait())
        try:
            entry = account.take()
            return self._create_connection() if entry is None else cast("ConnectionPoolEntry", entry)
        except BaseException:
            account.give_back(None)
            raise

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        self.account.give_back(None if record.dbapi_connection is None else record)

    def checkedout(self) -> int:
        """Return the number of connections in use, as other pools do."""
        return self.account.held

    def status(self) -> str:
        """Describe the pool, as SQLAlchemy logs it."""
        return f"BorrowingPool in use: {self.account.held} idle: {len(self.account.idle)}"

    def dispose(self) -> None:
        """Close the connections that are idle, and each of the others when it is given back."""
        self.account.close()
