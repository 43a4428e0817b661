"""One call's transaction."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from contextvars import ContextVar

from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, SessionTransaction
from sqlalchemy.pool import QueuePool

from .problems import Trouble, trouble
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
        has_begun: Whether it has a connection, and on it a transaction.
    """

    __slots__ = ("_session", "_store", "has_begun", "readonly")

    def __init__(self, store: Store, *, readonly: bool) -> None:
        self.readonly = readonly
        self.has_begun = False
        self._store = store
        self._session: AsyncSession | None = None

    @property
    def component(self) -> str:
        """The component whose data it is."""
        return self._store.address.component

    def session(self) -> AsyncSession:
        """The one session of this unit of work."""
        if self._session is None:
            engine = self._store.engine(readonly=self.readonly)
            self._session = AsyncSession(
                engine, sync_session_class=_Session, expire_on_commit=False, info={UnitOfWork: self}
            )
        return self._session

    @staticmethod
    def trouble(error: BaseException) -> Trouble | None:
        """What kept it from its end, where its code is not to blame."""
        return trouble(error)

    async def commit(self) -> None:
        """Commits, also when the caller is cancelled meanwhile; a failure leaves the pool healthy."""
        if self._session is None or not self._session.in_transaction():
            return
        if self.readonly:  # nothing is lost by whoever ends in the middle, but his connection
            await self._undo(self._session)
        else:
            await _to_the_end(self._commit(self._session))

    async def rollback(self) -> None:
        """Undoes everything and gives the connection back, also when the caller is cancelled meanwhile."""
        if self._session is not None and self._session.in_transaction():
            if not self.has_begun:
                self._tell_why()
            await _to_the_end(self._undo(self._session))

    async def _commit(self, session: AsyncSession) -> None:
        try:
            await session.commit()  # which gives the connection back
        except BaseException:
            # The connection may be inside a transaction that the server still holds: nobody may get it again.
            await session.invalidate()
            raise

    async def _undo(self, session: AsyncSession) -> None:
        try:
            await session.close()
        except BaseException:
            await session.invalidate()
            raise

    def _tell_why(self) -> None:
        """Says so where it never got a connection, since its caller only learns that its time was up."""
        pool = self._store.engine(readonly=self.readonly).pool
        if isinstance(pool, QueuePool) and pool.checkedout() >= pool.size():
            logger.warning("%s waited in vain for a connection: all %d are in use", self.component, pool.size())


class _Session(Session):
    """A session that belongs to a unit of work."""


@event.listens_for(_Session, "after_begin")
def _mark_begun(session: Session, _: SessionTransaction, __: Connection) -> None:
    session.info[UnitOfWork].has_begun = True


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
