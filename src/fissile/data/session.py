"""The session of one unit of work: SQLAlchemy's, which ends with it and not before."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, Concatenate, NoReturn, ParamSpec, TypeVar

from sqlalchemy import Connection, event
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import Session, SessionTransaction
from sqlalchemy.util.concurrency import in_greenlet

P = ParamSpec("P")
R = TypeVar("R")


class WorkSession(AsyncSession):
    """The session that a method gets.

    A task that the method has started and not waited for may be in the middle of a statement when the unit of work
    ends: that is waited for, since whatever came after the end on that connection would be somebody else's. What comes
    later is refused, as is a commit, which is the call's.

    Args:
        engine: What reaches the database.

    Attributes:
        has_begun: Whether it has a connection, and on it a transaction.
        is_over: Whether it takes no statement any more.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(engine, sync_session_class=_Session, expire_on_commit=False, info={WorkSession: self})
        self.has_begun = False
        self.is_over = False
        self._running = 0
        self._idle = asyncio.Event()

    async def over(self) -> None:
        """Takes no statement from now on, and waits for those that run."""
        self.is_over = True
        if self._running:
            await self._idle.wait()

    async def keep(self) -> None:
        """Commits, and gives the connection back."""
        await super().commit()

    async def undo(self) -> None:
        """Rolls back, and gives the connection back."""
        await super().close()

    def changes(self) -> list[object]:
        """What has been added, changed or deleted and not been flushed."""
        changed = [one for one in self.dirty if self.is_modified(one)]
        return [*self.new, *changed, *self.deleted]

    async def commit(self) -> NoReturn:
        """Is refused: a unit of work is kept as a whole, or not at all."""
        raise InvalidRequestError("a call commits when its method returns: do not commit, and raise to undo")

    def begin(self) -> NoReturn:
        """Is refused: the first statement begins, and the call commits."""
        raise InvalidRequestError("a call begins at its first statement, and commits when its method returns")

    def started(self) -> None:
        """Called before each statement.

        Raises:
            InvalidRequestError: The unit of work has ended.
        """
        if self.is_over:
            raise InvalidRequestError("this session belongs to a call that has ended: wait for what a method starts")
        self._running += 1

    def done(self) -> None:
        """Called after each statement."""
        self._running -= 1
        if self.is_over and not self._running:
            self._idle.set()


def _counted(
    method: Callable[Concatenate[WorkSession, P], Awaitable[R]],
) -> Callable[Concatenate[WorkSession, P], Awaitable[R]]:
    @wraps(method)
    async def counted(self: WorkSession, /, *args: P.args, **kwargs: P.kwargs) -> R:
        self.started()
        try:
            return await method(self, *args, **kwargs)
        finally:
            self.done()

    return counted


_STATEMENTS: dict[str, Any] = {
    name: getattr(AsyncSession, name)
    for name in (
        "connection",
        "delete",
        "execute",
        "flush",
        "get",
        "get_one",
        "merge",
        "refresh",
        "run_sync",
        "scalar",
        "scalars",
        "stream",
        "stream_scalars",
    )
}
for _name, _method in _STATEMENTS.items():
    setattr(WorkSession, _name, _counted(_method))


class _Session(Session):
    """What `WorkSession` stands around."""

    def execute(self, statement: Any, *args: Any, **options: Any) -> Any:
        """Execute a statement, unless it comes of an attribute that is read and not loaded: it could not be awaited.

        A listener for ``do_orm_execute`` would see the same, at a price for every statement.

        Raises:
            InvalidRequestError: An attribute is read that is not loaded.
        """
        if not in_greenlet():
            found = ", ".join(str(one["name"]) for one in getattr(statement, "column_descriptions", ()))
            what = f"an attribute is read that is not loaded ({found}), and reading does not wait for the database"
            fix = (
                'lazy="selectin" in the mapping, selectinload() in the query, or await session.refresh(entity, [name])'
            )
            raise InvalidRequestError(f"{what}: write {fix}")
        return super().execute(statement, *args, **options)


@event.listens_for(_Session, "after_begin")
def _mark_begun(session: Session, _: SessionTransaction, __: Connection) -> None:
    session.info[WorkSession].has_begun = True
