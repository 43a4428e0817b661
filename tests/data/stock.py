"""A component with data, and one that it calls: the tests write what its methods do."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncSession

from fissile import App
from fissile.data import Store
from fissile.data.address import Address, role_of, without_login
from fissile.data.provisioning import provision
from tests.runtime.projects import written

FILES = {
    "stock/public.py": """
from typing import Protocol

from fissile import Interface, idempotent, readonly

class Stock(Interface, Protocol):
    async def add(self, name: str) -> None: ...

    @readonly
    async def names(self) -> tuple[str, ...]: ...

    @readonly
    async def look(self, what: str) -> int: ...

    @idempotent
    async def again(self, what: str) -> int: ...

    async def once(self, what: str) -> int: ...

    @idempotent
    async def take(self, names: list[str]) -> int: ...
""",
    "stock/component.py": """
from fissile import Component, Database
from sqlalchemy import MetaData, String, Column, ForeignKey, Integer, Table, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from ..doors.public import Doors
from .public import Stock

metadata = MetaData()
rows = Table("rows", metadata, Column("id", Integer, primary_key=True), Column("name", String))
children = Table("children", metadata, Column("id", Integer, primary_key=True),
    Column("row", ForeignKey("rows.id", deferrable=True, initially="DEFERRED")))
scripts = {}

class Service(Stock):
    def __init__(self, session: AsyncSession, doors: Doors) -> None:
        self.session = session
        self.doors = doors

    async def add(self, name: str) -> None:
        await self.session.execute(insert(rows).values(name=name))

    async def names(self) -> tuple[str, ...]:
        return tuple(await self.session.scalars(select(rows.c.name).order_by(rows.c.id)))

    async def look(self, what: str) -> int:
        return await scripts[what](self)

    async def again(self, what: str) -> int:
        return await scripts[what](self)

    async def once(self, what: str) -> int:
        return await scripts[what](self)

    async def take(self, names: list[str]) -> int:
        return await scripts["take"](self, names)

component = Component(
    provides={Stock: Service}, needs=[Doors], database=Database(metadata, isolation="REPEATABLE READ")
)
""",
    "stock/migrations/0001_start.py": """
import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None
branch_labels = None
depends_on = None
kind = "expand"

def upgrade() -> None:
    op.create_table("rows", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String))
    row = sa.ForeignKey("rows.id", deferrable=True, initially="DEFERRED")
    op.create_table("children", sa.Column("id", sa.Integer, primary_key=True), sa.Column("row", sa.Integer, row))

def downgrade() -> None:
    op.drop_table("children")
    op.drop_table("rows")
""",
    "doors/public.py": """
from typing import Protocol

from fissile import Interface

class Doors(Interface, Protocol):
    async def knock(self) -> None: ...
""",
    "doors/component.py": """
from fissile import Component

from .public import Doors

class Service(Doors):
    async def knock(self) -> None: ...

component = Component(provides={Doors: Service})
""",
}


class Doors(Protocol):
    """The other component."""

    async def knock(self) -> None:
        """Is called."""


class Service(Protocol):
    """The object that a method runs on.

    Attributes:
        session: Its session.
        doors: The other component.
    """

    session: AsyncSession
    doors: Doors


Script = Callable[..., Awaitable[int]]


class Stock(Protocol):
    """The stub of the component."""

    async def add(self, name: str) -> None:
        """Adds a row."""

    async def names(self) -> tuple[str, ...]:
        """All rows."""

    async def look(self, what: str) -> int:
        """Runs a script, read-only."""

    async def again(self, what: str) -> int:
        """Runs a script, which may be repeated."""

    async def once(self, what: str) -> int:
        """Runs a script."""

    async def take(self, names: list[str]) -> int:
        """Runs the script of this name, with an argument that it may change."""


class Running:
    """The application, while it runs.

    Attributes:
        stock: The component.
        store: Its database.
        scripts: What its methods do, by name.
    """

    def __init__(self, app: App) -> None:
        live = app.runtime.live["stock"]
        module = importlib.import_module(live.found.module)
        self.scripts: dict[str, Script] = module.scripts
        stub: Any = app.runtime.stub(next(iter(live.declaration.provides)))
        self.stock: Stock = stub
        assert live.store is not None
        self.store: Store = live.store


@asynccontextmanager
async def running(
    folder: Path, database: URL | None, isolation: str = "REPEATABLE READ", connections: int = 20, deadline: str = "5s"
) -> AsyncIterator[Running]:
    """Runs the application in its tests' folder.

    Args:
        folder: Where it is written.
        database: The database of PostgreSQL that its data is in, as an administrator; None for SQLite.
        isolation: What its `Database` says.
        connections: How many its process may have.
        deadline: How long a call may take.
    """
    component = FILES["stock/component.py"].replace("REPEATABLE READ", isolation)
    limits = {"placements.toml": f'[defaults]\nconnections = {connections}\ndeadline = "{deadline}"\n'}
    with pytest.MonkeyPatch.context() as environment:
        if database is not None:
            provide(database, folder / "secrets", environment)
        with written(folder, {**FILES, **limits, "stock/component.py": component}) as package:
            app = App(package)
            store = app.runtime.live["stock"].store
            assert store is not None
            store.migrate()
            async with app.caller():
                yield Running(app)


def provide(database: URL, secrets: Path, environment: pytest.MonkeyPatch) -> Address:
    """Gives the component a role and a schema, and says so in the environment."""
    role = role_of(database.database or "", "stock")
    wanted = Address("stock", "stock", without_login(database, role=role))
    provision(database.set(database="postgres"), [wanted], secrets)
    environment.setenv("FISSILE_SECRETS", str(secrets))
    url = without_login(database).set(drivername="postgresql")
    environment.setenv("FISSILE_DATABASE_URL", url.render_as_string())
    password = (secrets / "stock__database_password").read_text().strip()
    return Address("stock", "stock", wanted.url.set(password=password))
