"""One call's transaction."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from contextvars import ContextVar

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.pool import QueuePool

from .pool import BorrowingPool
from .problems import Trouble, trouble
from .session import WorkSession
from .store import Store

logger = logging.getLogger("fissile.data")

CURRENT: ContextVar[UnitOfWork | None] = ContextVar("fissile_unit_of_work", default=None)
"""The unit of work around the code that runs, in development."""

_finishing: set[asyncio.Task[None]] = set()


class UnitOfWork:
    """The transaction of one call: a session that takes its connection at the first statement.

    Args:
        store: The component's database.
        readonly: Whether the call may not write.

    Attributes:
        readonly: Whether the call may not write.
    """

    __slots__ = ("_session", "_store", "readonly")

    def __init__(self, store: Store, *, readonly: bool) -> None:
        self.readonly = readonly
        self._store = store
        self._session: WorkSession | None = None

    @property
    def component(self) -> str:
        """The component whose data it is."""
        return self._store.address.component

    @property
    def has_begun(self) -> bool:
        """Whether it has a connection, and on it a transaction."""
        return self._session is not None and self._session.has_begun

    def session(self) -> AsyncSession:
        """The one session of this unit of work."""
        if self._session is None:
            self._session = WorkSession(self._store.engine(readonly=self.readonly))
        return self._session

    @staticmethod
    def trouble(error: BaseException) -> Trouble | None:
        """What kept it from its end, where its code is not to blame."""
        return trouble(error)

    async def flush(self) -> None:
        """Writes what has only been changed in memory, while there is still time to wait for locks.

        Raises:
            RuntimeError: It may not write, and nothing of it would be kept.
        """
        session = self._session
        if session is None or not (changes := session.changes()):
            return
        if self.readonly:
            names = ", ".join(sorted({type(one).__name__ for one in changes}))
            raise RuntimeError(f"a @readonly method has added, changed or deleted {names}, which would not be kept")
        await session.flush()

    async def commit(self) -> None:
        """Commits, also when the caller is cancelled meanwhile; a failure leaves the pool healthy."""
        session = self._session
        if session is None or not session.in_transaction():
            if session is not None:
                await session.over()
            return
        if self.readonly:  # nothing is lost by whoever ends in the middle, but his connection
            await self._undo(session)
        else:
            await _to_the_end(self._commit(session))

    async def rollback(self) -> None:
        """Undoes everything and gives the connection back, also when the caller is cancelled meanwhile."""
        session = self._session
        if session is not None:
            if not self.has_begun and session.in_transaction():
                self._tell_why()
            await _to_the_end(self._undo(session))

    async def _commit(self, session: WorkSession) -> None:
        await session.over()
        try:
            await session.keep()
        except BaseException:
            # The connection may be inside a transaction that the server still holds: nobody may get it again.
            await session.invalidate()
            raise

    async def _undo(self, session: WorkSession) -> None:
        await session.over()
        try:
            await session.undo()
        except BaseException:
            await session.invalidate()
            raise

    def _tell_why(self) -> None:
        """Says so where it never got a connection, since its caller only learns that its time was up."""
        pool = self._store.engine(readonly=self.readonly).pool
        limit = 0
        if isinstance(pool, BorrowingPool) and not pool.account.has_room:
            limit = pool.account.limit
        elif isinstance(pool, QueuePool) and pool.checkedout() >= pool.size():
            limit = pool.size()
        if limit:
            logger.warning("%s waited in vain for a connection: all %d are in use", self.component, limit)


async def begin(store: Store, watched: bool, readonly: bool) -> UnitOfWork:
    """Begins a unit of work; nothing is sent to the database yet.

    Args:
        store: The component's database.
        watched: Whether it is found as `CURRENT` by what runs in it.
        readonly: Whether the call may not write.
    """
    await store.open_once()
    work = UnitOfWork(store, readonly=readonly)
    if watched:
        CURRENT.set(work)
    return work


async def _to_the_end(work: Coroutine[object, object, None]) -> None:
    """Runs work in a task of its own that nobody's cancellation reaches."""
    task = asyncio.get_running_loop().create_task(work)
    _finishing.add(task)
    task.add_done_callback(_finishing.discard)
    await asyncio.shield(task)


async def finish() -> None:
    """Waits for the commits that outlived their callers."""
    loop = asyncio.get_running_loop()
    if mine := [task for task in _finishing if task.get_loop() is loop]:
        await asyncio.wait(mine)
