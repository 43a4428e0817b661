"""A component's data while the component is live."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from typing import Protocol

from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine

from ..component import Database
from ..errors import ConfigurationError, Fault
from ..project.folders import make_state
from . import former
from .address import Address
from .budget import Budget
from .migrations import Migrations
from .problems import connecting
from .sqlite import SqliteEngines
from .unmigrated import create_missing


class Engines(Protocol):
    """What reaches one database.

    Attributes:
        writing: For units of work that may write.
        reading: For those that may not.
    """

    writing: AsyncEngine
    reading: AsyncEngine

    async def open(self) -> None:
        """Makes sure that the database is there."""
        ...

    async def close(self) -> None:
        """Closes every connection."""
        ...


class Store:
    """A component's database, opened with the component and closed with it.

    Args:
        database: What the component declares.
        address: Where it is.
        migrations: The component's revisions.
        budget: The connections to PostgreSQL that the process may have open, shared by its components.
        migrates: Whether revisions that are missing are applied when it is opened, and its file is moved to its name.
    """

    def __init__(
        self, database: Database, address: Address, migrations: Migrations, *, budget: Budget, migrates: bool
    ) -> None:
        self.address = address
        self._database = database
        self._migrations = migrations
        self._budget = budget
        self._migrates = migrates
        self._engines: Engines | None = None
        self._opening: asyncio.Lock | None = None
        self._held = ExitStack()

    def move(self, address: Address) -> None:
        """Has it opened elsewhere the next time; tests do so between two tests."""
        assert self._engines is None, "it is closed"
        self.address = address

    def migrate(self) -> None:
        """Brings the database up to date, before it is opened; a component without revisions has nothing to do."""
        if self._migrations.exists:
            if self.address.is_sqlite:
                make_state(self.address.file.parent)
            with connecting(self.address):
                self._migrations.prepare(self.address, apply=True)

    async def open_once(self) -> None:
        """Opens it unless it is open: an application may be called without its lifespan.

        Raises:
            ConfigurationError: The database is not there, has yet to get its new name, or is not as the code needs it.
        """
        if self._engines is None:
            self._opening = self._opening or asyncio.Lock()
            async with self._opening:
                if self._engines is None:
                    self._engines = await self._opened()

    async def _opened(self) -> Engines:
        engines = self._sqlite() if self.address.is_sqlite else self._postgres()
        try:
            with connecting(self.address):
                if self.address.formerly:
                    moves = self._migrates and self.address.is_sqlite
                    await asyncio.to_thread(former.move if moves else former.refuse, self.address)
                self._held.enter_context(self._migrations.presence(self.address))
                await engines.open()
                if self._migrations.exists:
                    async with self._budget.outside(0 if self.address.is_sqlite else 1 + self._migrates):
                        await asyncio.to_thread(self._migrations.prepare, self.address, apply=self._migrates)
                else:
                    await self._without_migrations(engines)
        except BaseException:
            await engines.close()
            self._held.close()
            raise
        return engines

    def _sqlite(self) -> Engines:
        return SqliteEngines(self.address.file)

    def _postgres(self) -> Engines:
        from .postgres import PostgresEngines  # SQLite does without psycopg

        name = self._migrations.application_name()
        return PostgresEngines(self.address, self._budget, self._database.isolation, name, self._refuse_if_contracted)

    async def _without_migrations(self, engines: Engines) -> None:
        """Creates the tables of a component that has no revisions yet, in SQLite only: what is there is for trying."""
        if not self.address.is_sqlite:
            name = self.address.component
            what = f"{name} has tables and no migrations, and its database is {self.address}"
            why = "in PostgreSQL tables are made by migrations alone"
            fix = f"fissile db revision {name} -m start"
            raise ConfigurationError(Fault(what, self.address.where, why, fix))
        async with engines.writing.begin() as connection:
            await connection.run_sync(create_missing, self._database.metadata, self.address)

    def _refuse_if_contracted(self, connection: DBAPIConnection) -> None:
        """Refuses a new connection to a database that newer code has contracted meanwhile."""
        if self._migrations.exists:
            self._migrations.refuse_if_contracted(connection)

    def engine(self, *, readonly: bool) -> AsyncEngine:
        """The engine for what writes, or for what does not and takes no write lock."""
        assert self._engines is not None, "the store is open while its component is live"
        return self._engines.reading if readonly else self._engines.writing

    async def close(self) -> None:
        """Closes every connection."""
        if self._engines is not None:
            await self._engines.close()
        self._engines = None
        self._held.close()
