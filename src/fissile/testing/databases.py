"""The databases of an application under test: made once, empty for each test."""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

from ..data.migrations import KEPT
from ..runtime.addresses import URL_FOR_ALL, address_of
from .postgres import SERVER, OwnPostgres

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

    from ..data.address import Address
    from ..project import Project
    from ..runtime.wiring import Live, Runtime

SQLITE, POSTGRESQL = "sqlite", "postgresql"

DATABASES = (SQLITE, POSTGRESQL)
"""What tests can be run on."""


class Databases(Protocol):
    """The databases of one application, of one kind.

    Attributes:
        environment: What tells its processes where they are.
    """

    environment: Mapping[str, str]

    def use(self, runtime: Runtime) -> None:
        """Has the application use them from now on."""
        ...

    def empty(self) -> None:
        """Deletes every row, and lets numbering begin at 1 again."""
        ...

    def close(self) -> None:
        """Removes what was made for them."""
        ...


class SqliteFiles:
    """A file for each component, in one folder.

    Args:
        runtime: The application.
    """

    environment: Mapping[str, str] = {}

    def __init__(self, runtime: Runtime) -> None:
        self._addresses = _addresses(runtime.project, _with_data(runtime), {})

    def use(self, runtime: Runtime) -> None:
        """Has the application use them."""
        _use(runtime, self._addresses)

    def empty(self) -> None:
        """Deletes every row, and lets numbering begin at 1 again."""
        for address in self._addresses.values():
            if address.file.is_file():
                _empty(address.file)

    def close(self) -> None:
        """The folder goes with those of the tests."""


class PostgresDatabase:
    """A database on a server, with a schema and a role for each component.

    Args:
        runtime: The application.
        admin: Who may make databases and roles.
        folder: Where passwords are kept.
    """

    def __init__(self, runtime: Runtime, admin: URL, folder: Path) -> None:
        import psycopg

        from ..data.address import libpq, without_login
        from ..data.provisioning import provision

        self._name = f"fissile_{secrets.token_hex(4)}"
        self._admin = admin
        url = without_login(admin, self._name).set(drivername="postgresql")
        names = {URL_FOR_ALL: url.render_as_string(hide_password=False)}
        made = provision(admin, list(_addresses(runtime.project, _with_data(runtime), names).values()), folder)
        passwords = {one.address.component: one.secret.read_text().strip() for one in made if one.secret}
        self._roles = [one.address.url.username or "" for one in made]
        variables = {f"{name.upper()}__DATABASE_PASSWORD": password for name, password in passwords.items()}
        self.environment: Mapping[str, str] = {**names, **variables}
        self._addresses = _addresses(runtime.project, _with_data(runtime), self.environment)
        self._connection = psycopg.connect(libpq(admin.set(database=self._name)), autocommit=True)

    def use(self, runtime: Runtime) -> None:
        """Has the application use it."""
        _use(runtime, self._addresses)

    def empty(self) -> None:
        """Deletes every row, and lets numbering begin at 1 again."""
        schemas = [address.schema for address in self._addresses.values()]
        query = "SELECT format('%%I.%%I', schemaname, tablename) FROM pg_tables"
        query += " WHERE schemaname = ANY(%s) AND tablename <> ALL(%s)"
        tables = [name for (name,) in self._connection.execute(query, [schemas, list(KEPT)])]
        if tables:
            self._connection.execute(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY CASCADE".encode())

    def close(self) -> None:
        """Removes the database and its roles."""
        import psycopg
        from psycopg import sql

        from ..data.address import libpq

        self._connection.close()
        with psycopg.connect(libpq(self._admin), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(self._name)))
            for role in self._roles:
                connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


class Servers:
    """The servers of a test process; one that is not named by the environment is started when it is first needed."""

    def __init__(self) -> None:
        self._own: OwnPostgres | None = None

    def databases(self, kind: str, runtime: Runtime, state: Path) -> Databases:
        """Makes the databases of an application, as its migrations make them.

        Args:
            kind: One of `DATABASES`.
            runtime: The application.
            state: The folder of its SQLite files.

        Raises:
            ConfigurationError: Its migrations are not right, or the server is not there.
        """
        if not _with_data(runtime):
            return NoData()
        made = (
            SqliteFiles(runtime) if kind == SQLITE else PostgresDatabase(runtime, self._postgres(), state / "secrets")
        )
        made.use(runtime)
        for live in _with_data(runtime):
            assert live.store is not None
            live.store.migrate()
        return made

    def _postgres(self) -> URL:
        from sqlalchemy.engine import make_url

        if named := os.environ.get(SERVER):
            return make_url(named)
        self._own = self._own or OwnPostgres()
        return self._own.admin

    def close(self) -> None:
        """Ends what was started."""
        if self._own is not None:
            self._own.close()


class NoData:
    """The databases of an application that has none."""

    environment: Mapping[str, str] = {}

    def use(self, runtime: Runtime) -> None:
        """Does nothing."""

    def empty(self) -> None:
        """Does nothing."""

    def close(self) -> None:
        """Does nothing."""


def without_databases(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without what says where databases are: tests have their own."""
    return {
        name: value
        for name, value in environment.items()
        if name != URL_FOR_ALL and not name.endswith("__DATABASE_URL")
    }


def _with_data(runtime: Runtime) -> list[Live]:
    return [live for live in runtime.live.values() if live.store is not None]


def _addresses(project: Project, components: Iterable[Live], variables: Mapping[str, str]) -> dict[str, Address]:
    with pytest.MonkeyPatch.context() as environment:
        for name in os.environ.keys() - without_databases(os.environ).keys():
            environment.delenv(name)
        for name, value in variables.items():
            environment.setenv(name, value)
        return {live.name: address_of(project, live.found) for live in components}


def _use(runtime: Runtime, addresses: Mapping[str, Address]) -> None:
    for live in _with_data(runtime):
        assert live.store is not None
        live.store.move(addresses[live.name])


def _empty(file: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        connection.execute("BEGIN IMMEDIATE")
        for table in set(tables) - set(KEPT):
            connection.execute(f'DELETE FROM "{table}"')
        connection.execute("COMMIT")
