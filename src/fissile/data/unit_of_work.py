"""One call's transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine

from sqlalchemy.ext.asyncio import AsyncSession

from .engine import Store

_finishing: set[asyncio.Task[None]] = set()


class UnitOfWork:
    """The transaction of one call: a session that takes its connection at the first statement.

    Args:
        store: The component's database.
        readonly: Whether the call may not write.
    """

    __slots__ = ("_readonly", "_session", "_store")

    def __init__(self, store: Store, *, readonly: bool) -> None:
        self._store = store
        self._readonly = readonly
        self._session: AsyncSession | None = None

    def session(self) -> AsyncSession:
        """The one session of this unit of work."""
        if self._session is None:
            engine = self._store.engine(readonly=self._readonly)
            self._session = AsyncSession(engine, expire_on_commit=False)
        return self._session

    async def commit(self) -> None:
        """Commits, also when the caller is cancelled meanwhile; a failure leaves the pool healthy."""
        if self._session is not None and self._session.in_transaction():
            await _to_the_end(self._commit(self._session))

    async def rollback(self) -> None:
        """Undoes everything and gives the connection back, also when the caller is cancelled meanwhile."""
        if self._session is not None and self._session.in_transaction():
            await _to_the_end(self._rollback(self._session))

    async def _commit(self, session: AsyncSession) -> None:
        try:
            if self._readonly:
                await session.rollback()
            else:
                await session.commit()
        except BaseException:
            # The connection may be inside a transaction that the server still holds: nobody may get it again.
            await session.invalidate()
            raise
        await session.close()

    async def _rollback(self, session: AsyncSession) -> None:
        try:
            await session.close()
        except BaseException:
            await session.invalidate()
            raise


async def begin(store: Store, readonly: bool) -> UnitOfWork:
    """Begins a unit of work; nothing is sent to the database yet."""
    await store.open_once()
    return UnitOfWork(store, readonly=readonly)


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
