"""The database: opened when the application starts, closed when it ends; a session for each request."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, TypedDict

from fastapi import Depends, FastAPI, Request
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from .models import Base
from .settings import Settings


class State(TypedDict):
    """What requests find in `request.state`."""

    sessions: async_sessionmaker[AsyncSession]


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[State]:
    """Open the database and make the tables that are missing."""
    engine = create_async_engine(Settings().database_url)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        yield {"sessions": async_sessionmaker(engine, expire_on_commit=False)}
    finally:
        await engine.dispose()


async def session(request: Request) -> AsyncIterator[AsyncSession]:
    """Give a request its transaction: committed before the answer is sent, rolled back on an error."""
    sessions: async_sessionmaker[AsyncSession] = request.state.sessions
    async with sessions.begin() as opened:
        yield opened


Session = Annotated[AsyncSession, Depends(session, scope="function")]
