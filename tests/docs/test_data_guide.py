"""The guide to data holds on the application of the tutorial, on SQLite and on PostgreSQL."""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import URL, make_url

from fissile.data.address import libpq, without_login
from fissile.testing.postgres import SERVER, OwnPostgres
from tests.docs.guide import DOCS, TUTORIAL, Reader, left_by

ON_SQLITE, HEADING, ON_POSTGRES = (DOCS / "guides" / "data.md").read_text(encoding="utf-8").partition("## PostgreSQL\n")

ADMIN = "postgresql://postgres@localhost:5432/postgres"
"""Who provisions in the guide."""


@pytest.fixture
def admin() -> Iterator[URL]:
    """Who may make roles on a server for tests."""
    if named := os.environ.get(SERVER):
        yield make_url(named)
        return
    server = OwnPostgres()
    yield server.admin
    server.close()


@pytest.fixture
def database(admin: URL) -> Iterator[URL]:
    """A database that is not there yet; it goes at the end."""
    name = f"fissile_{secrets.token_hex(4)}"
    yield without_login(admin, name).set(drivername="postgresql")
    with psycopg.connect(libpq(admin), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
        connection.execute(f"DROP ROLE IF EXISTS {name}_suppliers".encode())


def test_data(tmp_path: Path, admin: URL, database: URL) -> None:
    """Whoever goes on where the tutorial ends sees what the guide shows, to a migration in production."""
    assert HEADING
    reader = Reader(left_by(TUTORIAL, tmp_path))
    reader.follow(ON_SQLITE)
    reader.variables["FISSILE_DATABASE_URL"] = database.render_as_string()
    url = admin.set(drivername="postgresql").render_as_string(hide_password=False)
    reader.follow(ON_POSTGRES.replace(ADMIN, f"'{url}'"))
