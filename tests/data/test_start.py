"""`fissile run` on a database that is not as it should be: one clear error, and an exit code."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL

from fissile.data.address import without_login
from fissile.testing.postgres import OwnPostgres
from tests.runtime.projects import written

from .stock import FILES, provide


@pytest.fixture
def package(tmp_path: Path) -> Iterator[str]:
    """The application, in a folder of its own."""
    with written(tmp_path, FILES) as package:
        yield package


def run(folder: Path, package: str, *words: str, **environment: str) -> tuple[int, str]:
    """Runs a command until it ends: its exit code, and what it said."""
    words = words or ("run", f"{package}.main:app", "--port", "0")
    (folder / package / "main.py").write_text("from fissile import App\n\napp = App(__package__)\n")
    done = subprocess.run(
        [sys.executable, "-m", "fissile.cli", *words],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stderr


def error(said: str) -> str:
    """The error, without what was logged before it."""
    return said.partition("error: ")[2]


def url(database: URL, role: str = "") -> str:
    """A URL as one writes it."""
    return without_login(database, role=role or None).set(drivername="postgresql").render_as_string()


def test_a_server_that_is_not_there(tmp_path: Path, package: str) -> None:
    """Exit code 4: something it depends on is down."""
    code, said = run(tmp_path, package, FISSILE_DATABASE_URL="postgresql://127.0.0.1:1/shop")
    expected = (
        "environment variable FISSILE_DATABASE_URL: stock cannot use its database, "
        "shop_stock@127.0.0.1:1/shop, schema stock\n    why: Connection refused\n    fix: start the server, "
        "or correct the URL\n"
    )
    assert (4, expected) == (code, error(said))


def test_a_host_that_is_unknown(tmp_path: Path, package: str) -> None:
    """It is the URL that is wrong."""
    code, said = run(tmp_path, package, FISSILE_DATABASE_URL="postgresql://nowhere.invalid/shop")
    assert 3 == code
    assert "fix: correct the host in the URL" in said


@pytest.fixture
def strict(own_postgres: OwnPostgres) -> Iterator[URL]:
    """A database of a server that asks for passwords, as its administrator."""
    file = own_postgres.folder / "pg_hba.conf"
    before = file.read_text()
    admin = own_postgres.admin.set(drivername="postgresql+psycopg")
    file.write_text("local all postgres trust\nlocal all all scram-sha-256\n")
    own_postgres.reload()
    yield admin.set(database="fissile_strict")
    file.write_text(before)
    own_postgres.reload()


def test_a_wrong_password(tmp_path: Path, package: str, strict: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is named by its role and place, and not shown; the right one is in the secrets, and is taken."""
    provide(strict, tmp_path / "secrets", monkeypatch)
    words = ("db", "current", "--json")
    assert 0 == run(tmp_path, package, *words)[0]
    code, said = run(tmp_path, package, STOCK__DATABASE_PASSWORD="not this one")
    assert (3, False) == (code, "not this one" in said)
    assert "stock cannot use its database, fissile_strict_stock@" in said
    assert "why: password authentication failed" in said
    assert "fix: correct the password among the secrets, or let fissile db provision" in said


def test_a_database_that_is_not_there(tmp_path: Path, package: str, database: URL) -> None:
    """It is provisioning that makes it."""
    code, said = run(tmp_path, package, STOCK__DATABASE_URL=url(database, "postgres"))
    assert 3 == code
    assert f'why: database "{database.database}" does not exist' in said
    assert "fissile db provision --admin-url URL" in said


def test_a_role_that_is_not_there(tmp_path: Path, package: str, database: URL) -> None:
    """The same for a role."""
    code, said = run(tmp_path, package, FISSILE_DATABASE_URL=url(database))
    assert 3 == code
    assert f'why: role "{database.database}_stock" does not exist' in said


def test_a_schema_that_is_not_there(
    tmp_path: Path, package: str, database: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And for a schema."""
    address = provide(database, tmp_path / "secrets", monkeypatch)
    engine = address.blocking_engine()
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA stock"))
    engine.dispose()
    code, said = run(tmp_path, package)
    assert 3 == code
    assert "stock has no schema of its own in its database" in said
    assert "fix: fissile db provision --admin-url URL" in said


def test_more_connections_than_the_server_gives(
    tmp_path: Path, package: str, database: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is found at the start, and not by the call that gets none."""
    provide(database, tmp_path / "secrets", monkeypatch)
    (tmp_path / package / "placements.toml").write_text("[defaults]\nconnections = 4000\n")
    code, said = run(tmp_path, package)
    assert 3 == code
    assert "the placement together may want 8000 connections, and " in said
    assert "lower `connections` in placements.toml" in said


def test_revisions_that_are_not_applied(tmp_path: Path, package: str) -> None:
    """It names the command, and makes nothing by itself."""
    code, said = run(tmp_path, package)
    assert 3 == code
    assert "0001_start" in said
    assert "fix: fissile db upgrade stock" in said


def test_a_file_that_is_no_database(tmp_path: Path, package: str) -> None:
    """It is left as it is."""
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "stock.sqlite3").write_text("something else " * 100)
    code, said = run(tmp_path, package)
    assert 3 == code
    assert "why: file is not a database" in said
    assert "something else" in (tmp_path / "state" / "stock.sqlite3").read_text()
