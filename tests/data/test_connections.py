"""Components that share the connections of their process, on a PostgreSQL as it is installed."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from fissile import App
from fissile.data import Store
from fissile.data.address import Address, without_login
from fissile.errors import CallError
from fissile.project.placement import PLACEMENT, PROCESS
from fissile.testing.postgres import OwnPostgres
from tests.runtime.projects import written

from .conftest import provisioned

PUBLIC = """
from typing import Protocol

from fissile import Interface, readonly

class {name}(Interface, Protocol):
    async def add(self, name: str) -> None: ...

    @readonly
    async def count(self) -> int: ...

    async def both(self, name: str) -> None: ...
"""

COMPONENT = """
from fissile import Component, Database
from sqlalchemy import MetaData, String, Column, Integer, Table, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from .public import {name}
{imports}

metadata = MetaData()
rows = Table("rows", metadata, Column("id", Integer, primary_key=True), Column("name", String))

class Service({name}):
    def __init__(self, session: AsyncSession{parameter}) -> None:
        self.session = session
        {assignment}

    async def add(self, name: str) -> None:
        await self.session.execute(insert(rows).values(name=name))

    async def count(self) -> int:
        return await self.session.scalar(select(func.count()).select_from(rows))

    async def both(self, name: str) -> None:
        await self.add(name)
        {call}

component = Component(provides={{{name}: Service}}, needs=[{needs}], database=Database(metadata))
"""

START = """
import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None
branch_labels = None
depends_on = None
kind = "expand"

def upgrade() -> None:
    op.create_table("rows", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String))

def downgrade() -> None:
    op.drop_table("rows")
"""


def files(number: int, placements: str = "") -> dict[str, str]:
    """Return an application of this many components, the first of which needs the second one, and so on."""
    found = {"placements.toml": placements}
    for one in range(number):
        name, other = f"C{one}", f"C{one + 1}"
        has_next = one + 1 < number
        found[f"c{one}/public.py"] = PUBLIC.format(name=name)
        found[f"c{one}/component.py"] = COMPONENT.format(
            name=name,
            imports=f"from ..c{one + 1}.public import {other}" if has_next else "",
            parameter=f", other: {other}" if has_next else "",
            assignment="self.other = other" if has_next else "",
            call="await self.other.both(name)" if has_next else "",
            needs=other if has_next else "",
        )
        found[f"c{one}/migrations/0001_start.py"] = START
    return found


class Running:
    """An application, while it runs.

    Attributes:
        stubs: The stub of each component, in their order.
        stores: The store of each component.
    """

    def __init__(self, app: App) -> None:
        every = sorted(app.runtime.live.values(), key=lambda live: live.name)
        self.stubs: list[Any] = [app.runtime.stub(next(iter(live.declaration.provides))) for live in every]
        self.stores: list[Store] = [live.store for live in every if live.store is not None]


@pytest.fixture
def stock(own_postgres: OwnPostgres) -> Iterator[URL]:
    """A database on a server with 100 connections, as an administrator logs in to it."""
    url = own_postgres.admin.set(drivername="postgresql+psycopg", database="fissile_stock")
    yield url
    engine = Address("", "", url.set(database="postgres")).blocking_engine()
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text("DROP DATABASE IF EXISTS fissile_stock WITH (FORCE)"))
        for role in connection.scalars(
            text("SELECT rolname FROM pg_roles WHERE rolname LIKE 'fissile\\_stock%'")
        ).all():
            connection.execute(text(f'DROP ROLE "{role}"'))
    engine.dispose()


@contextmanager
def package(folder: Path, stock: URL, number: int, placements: str = "") -> Iterator[str]:
    """Write the application, with roles, schemas and tables."""
    provisioned(stock, folder / "secrets", *[f"c{one}" for one in range(number)])
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("FISSILE_SECRETS", str(folder / "secrets"))
        url = without_login(stock).set(drivername="postgresql")
        environment.setenv("FISSILE_DATABASE_URL", url.render_as_string())
        with written(folder, files(number, placements)) as name:
            for live in App(name).runtime.live.values():
                assert live.store is not None
                live.store.migrate()
            yield name


@asynccontextmanager
async def together(folder: Path, stock: URL, number: int, placements: str = "") -> AsyncIterator[Running]:
    """Run the application in one process."""
    with package(folder, stock, number, placements) as name:
        app = App(name)
        async with app.caller():
            yield Running(app)


async def connections(stock: URL) -> int:
    """Return the number of connections that components have."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'fissile_stock' AND usename LIKE 'fissile\\_stock%'"

    def asked() -> int:
        engine = Address("", "", stock).blocking_engine()
        with engine.connect() as connection:
            found = connection.scalar(text(query))
        engine.dispose()
        return int(found or 0)

    return await asyncio.to_thread(asked)


async def are_at_most(stock: URL, count: int) -> None:
    """Wait until components have no more connections: the server takes a moment to end one that was closed."""
    async with asyncio.timeout(30):
        while await connections(stock) > count:
            await asyncio.sleep(0.01)


async def called(callers: int, requests: int, stubs: Sequence[Any]) -> list[CallError]:
    """Make requests from callers that take turns with the components; return the errors."""
    waiting = list(range(requests))
    lost: list[CallError] = []

    async def caller() -> None:
        while waiting:
            number = waiting.pop()
            stub = stubs[number % len(stubs)]
            try:
                await stub.add(str(number)) if number % 3 else await stub.count()
            except CallError as error:
                lost.append(error)

    await asyncio.gather(*[caller() for _ in range(callers)])
    return lost


@pytest.mark.acceptance
async def test_many_callers_of_several_components(tmp_path: Path, stock: URL) -> None:
    """No request is lost, and the process has no more connections than it was given."""
    async with together(tmp_path, stock, 5, "[defaults]\nconnections = 8\n") as at:
        assert [] == await called(64, 300, at.stubs)
        await are_at_most(stock, 8)


async def test_a_component_borrows_what_others_leave_idle(tmp_path: Path, stock: URL) -> None:
    """One component uses all connections but one of each other component, and gives them up again."""
    async with together(tmp_path, stock, 3, "[defaults]\nconnections = 6\n") as at:
        for store in [*at.stores, at.stores[0]]:
            async with AsyncExitStack() as stack:
                for _ in range(4):
                    one = await stack.enter_async_context(store.engine(readonly=False).connect())
                    assert store.address.url.username == await one.scalar(text("SELECT session_user"))
                    with pytest.raises(DBAPIError, match="permission denied"):
                        await one.execute(text(f"SET SESSION AUTHORIZATION {stock.username}"))
                await are_at_most(stock, 6)


async def test_calls_that_hold_a_connection(tmp_path: Path, stock: URL) -> None:
    """64 calls that each write before they call the next component do not wait for each other for ever."""
    async with together(tmp_path, stock, 3, "[defaults]\nconnections = 4\n") as at:
        await asyncio.gather(*[at.stubs[0].both(str(number)) for number in range(64)])
        assert [64] * 3 == [await stub.count() for stub in at.stubs]


async def test_calls_that_are_cancelled_while_they_wait(tmp_path: Path, stock: URL) -> None:
    """Their places are free at once, and every connection can be used afterwards."""
    async with together(tmp_path, stock, 2, "[defaults]\nconnections = 3\n") as at:
        for steps in range(0, 60, 7):
            calls = [asyncio.create_task(at.stubs[number % 2].add(str(number))) for number in range(20)]
            for _ in range(steps):
                await asyncio.sleep(0)
            for call in calls[::2]:
                call.cancel()
            ends = await asyncio.gather(*calls, return_exceptions=True)
            assert [None] * 10 == ends[1::2]
        async with AsyncExitStack() as stack:
            for store in (at.stores[0], at.stores[0], at.stores[1]):
                _ = await stack.enter_async_context(store.engine(readonly=False).connect())
        await are_at_most(stock, 3)


@pytest.mark.acceptance
async def test_ten_components_apart(tmp_path: Path, stock: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    """They start on a stock server without anything written, and lose no request of 64 callers."""
    with package(tmp_path, stock, 10, "[apart]\n" + "".join(f'p{one} = ["c{one}"]\n' for one in range(10))) as name:
        apps = []
        for one in range(10):
            monkeypatch.setenv(PLACEMENT, "apart")
            monkeypatch.setenv(PROCESS, f"p{one}")
            apps.append(App(name))
            assert [f"c{one}"] == list(apps[-1].runtime.live)
        async with AsyncExitStack() as stack:
            stubs = []
            for app in apps:
                for live in app.runtime.live.values():
                    assert live.store is not None
                    stack.push_async_callback(live.store.close)
                    await live.store.open_once()
                stubs += Running(app).stubs
            assert [] == await called(64, 300, stubs)
            await are_at_most(stock, 70)
