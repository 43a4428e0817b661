"""The databases of an application with data: SQLite files, or a database of PostgreSQL."""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.engine import URL

from ..data.address import Address, libpq, without_login
from ..data.migrations import KEPT
from ..project import URL_FOR_ALL
from ..runtime.addresses import address_of
from .environment import without_databases

if TYPE_CHECKING:
    from ..project import Project
    from ..runtime.wiring import Live, Runtime


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

        from ..data.provisioning import provision

        self._name = f"fissile_{secrets.token_hex(4)}"
        self._admin = admin
        url = without_login(admin, self._name).set(drivername="postgresql")
        names = {URL_FOR_ALL: url.render_as_string(hide_password=False)}
        wanted = list(_addresses(runtime.project, _with_data(runtime), names).values())
        made = provision(admin, wanted, folder / self._name)
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

        self._connection.close()
        with psycopg.connect(libpq(self._admin), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(self._name)))
            for role in self._roles:
                connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


def _with_data(runtime: Runtime) -> list[Live]:
    return [live for live in runtime.live.values() if live.store is not None]


def _addresses(project: Project, components: Iterable[Live], variables: Mapping[str, str]) -> dict[str, Address]:
    with pytest.MonkeyPatch.context() as environment:
        for name in os.environ.keys() - without_databases(os.environ).keys():
            environment.delenv(name)
        for name, value in variables.items():
            environment.setenv(name, value)
        return {live.name: address_of(project, live.found) for live in components}


def migrate(runtime: Runtime) -> None:
    """Makes the tables of an application, as its migrations make them."""
    for live in _with_data(runtime):
        assert live.store is not None
        live.store.migrate()


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
