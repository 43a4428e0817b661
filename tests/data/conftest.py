"""Databases for these tests: SQLite files, and a PostgreSQL, the environment's or one of their own."""

import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import MetaData, text
from sqlalchemy.engine import URL, make_url

from fissile.component import Database, Isolation
from fissile.data import Budget, Store
from fissile.data.address import Address, role_of, without_login
from fissile.data.provisioning import provision
from fissile.testing.postgres import SERVER, OwnPostgres

from .declared import AsDeclared

StoreOf = Callable[..., Store]
"""Makes a store for some tables, not opened yet."""


@pytest.fixture(scope="session")
def own_postgres() -> Iterator[OwnPostgres]:
    """A server that is these tests' own, whatever the environment names."""
    server = OwnPostgres()
    yield server
    server.close()


@pytest.fixture(scope="session")
def postgres(request: pytest.FixtureRequest) -> URL:
    """How an administrator logs in to a server for tests."""
    if named := os.environ.get(SERVER):
        return make_url(named).set(drivername="postgresql+psycopg")
    server: OwnPostgres = request.getfixturevalue("own_postgres")
    return server.admin.set(drivername="postgresql+psycopg")


@pytest.fixture
def database(postgres: URL) -> Iterator[URL]:
    """A database that is not there yet, on that server, as an administrator would log in to it; it goes at the end."""
    name = f"fissile_{secrets.token_hex(4)}"
    yield postgres.set(database=name)
    engine = Address("", "", postgres).blocking_engine().execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        for role in connection.scalars(text(f"SELECT rolname FROM pg_roles WHERE rolname LIKE '{name}\\_%'")).all():
            connection.execute(text(f'DROP ROLE "{role}"'))


def provisioned(database: URL, folder: Path, *names: str) -> list[Address]:
    """Components in a database, each with a role, a schema and a password."""
    name = database.database or ""
    wanted = [Address(one, one, without_login(database, name, role_of(name, one))) for one in names]
    made = provision(database.set(database="postgres"), wanted, folder)
    passwords = [one.secret.read_text().strip() for one in made if one.secret]
    return [
        Address(address.component, address.schema, address.url.set(password=password))
        for address, password in zip(wanted, passwords, strict=True)
    ]


@pytest.fixture(params=["sqlite", "postgresql"])
def store_of(request: pytest.FixtureRequest, tmp_path: Path) -> StoreOf:
    """Makes stores on SQLite, and on PostgreSQL, all on one database."""
    if request.param == "sqlite":
        address = Address.of_file("rows", tmp_path / "folder" / "rows.sqlite3")
    else:
        (address,) = provisioned(request.getfixturevalue("database"), tmp_path / "secrets", "rows")

    def store_of(metadata: MetaData, isolation: Isolation = "READ COMMITTED", connections: int = 5) -> Store:
        declared = Database(metadata, isolation)
        return Store(declared, address, AsDeclared(metadata), budget=Budget(connections), migrates=True)

    return store_of
