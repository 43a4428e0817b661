"""A component whose code means harm: its role cannot keep another component from starting, nor from migrating."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Column, Integer, MetaData, Table, text
from sqlalchemy.engine import URL

from fissile import ConfigurationError
from fissile.data.address import Address, libpq
from fissile.data.migrations import Migrations, locking, presence
from fissile.data.problems import connecting
from fissile.data.provisioning import provision
from tests.data.test_connections import START

from .conftest import provisioned

DROP = """
from alembic import op

revision = "2"
down_revision = "1"
branch_labels = None
depends_on = None
kind = "contract"

def upgrade() -> None:
    op.drop_column("rows", "name")

def downgrade() -> None: ...
"""

ADVISORY = ("fissile starts of orders", "fissile migrations of orders")
"""Advisory locks that code once took to start and to migrate."""


@pytest.fixture
def orders(database: URL, tmp_path: Path) -> Address:
    """The component that is to start; another one, users, is in the same database."""
    return provisioned(database, tmp_path / "secrets", "orders", "users")[0]


@pytest.fixture
def users(orders: Address, database: URL, tmp_path: Path) -> Iterator[psycopg.Connection]:
    """A connection of the other component."""
    password = (tmp_path / "secrets" / "users__database_password").read_text().strip()
    url = orders.url.set(username=f"{database.database}_users", password=password)
    with psycopg.connect(libpq(url), autocommit=True) as connection:
        yield connection


@pytest.fixture
def migrations(tmp_path: Path) -> Migrations:
    """The migrations of orders: an expansion, and a contraction."""
    folder = tmp_path / "orders" / "migrations"
    folder.mkdir(parents=True)
    (folder / "0001_start.py").write_text(START)
    (folder / "0002_drop.py").write_text(DROP)
    metadata = MetaData()
    Table("rows", metadata, Column("id", Integer, primary_key=True))
    return Migrations("orders", metadata, tmp_path / "orders")


def test_advisory_locks(
    orders: Address, users: psycopg.Connection, migrations: Migrations, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They stop nobody: code migrates, contracts and starts."""
    monkeypatch.setattr(locking, "PATIENCE", 1.0)
    for key in ADVISORY:
        users.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [key])
    migrations.prepare(orders, apply=True)
    migrations.prepare(orders, apply=False)


def test_the_table_of_locks(orders: Address, users: psycopg.Connection, migrations: Migrations) -> None:
    """Only its owner locks it, in any way, and nobody else makes it first."""
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        users.execute("CREATE TABLE orders.fissile_lock ()")
    migrations.prepare(orders, apply=True)
    for mode in ("ACCESS SHARE", "ROW SHARE", "ACCESS EXCLUSIVE"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), users.transaction():
            users.execute(f"LOCK TABLE orders.fissile_lock IN {mode} MODE")


def test_a_name_that_is_not_its_own(orders: Address, users: psycopg.Connection, migrations: Migrations) -> None:
    """A connection that calls itself older code of another component is not in the way of a contraction."""
    migrations.upgrade(orders)
    users.execute("SELECT set_config('application_name', %s, false)", [presence.application_name("orders", "1")])
    assert ["2"] == [one.id for one in migrations.upgrade(orders, contract=True)]


@pytest.mark.parametrize(
    ("held", "asked", "is_free"),
    [
        (locking.STARTING, locking.STARTING, True),
        (locking.MIGRATING, locking.STARTING, True),
        (locking.CONTRACTING, locking.STARTING, False),
        (locking.STARTING, locking.MIGRATING, True),
        (locking.STARTING, locking.CONTRACTING, False),
        (locking.MIGRATING, locking.MIGRATING, False),
        (locking.MIGRATING, locking.CONTRACTING, False),
        (locking.CONTRACTING, locking.MIGRATING, False),
    ],
)
def test_which_locks_exclude_each_other(orders: Address, held: str, asked: str, is_free: bool) -> None:
    """Code starts while others start or migrate, one process migrates, and nothing else runs with a contraction."""
    with locking.Database(orders).settled():
        pass
    engine = orders.blocking_engine()
    with engine.connect() as one, engine.connect() as other:
        one.execute(text(f"LOCK TABLE fissile_lock IN {held} MODE"))
        statement = text(f"LOCK TABLE fissile_lock IN {asked} MODE NOWAIT")
        if is_free:
            other.execute(statement)
        else:
            with pytest.raises(Exception, match="could not obtain lock"):
                other.execute(statement)
    engine.dispose()


def test_an_index_that_is_built_concurrently(orders: Address, tmp_path: Path, migrations: Migrations) -> None:
    """The lock is in nobody's way, not even in that of what waits for all older transactions."""
    with locking.Database(orders).locked(contracting=True) as connection:
        connection.execute(text("CREATE TABLE things (id int)"))
        connection.commit()
        connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.execute(text("CREATE INDEX CONCURRENTLY things_id ON things (id)"))


def test_provisioning(orders: Address, users: psycopg.Connection, database: URL, tmp_path: Path) -> None:
    """An advisory lock does not hold it up, and the comment on the database stays."""
    with psycopg.connect(libpq(database), autocommit=True) as admin:
        admin.execute(f"COMMENT ON DATABASE {database.database} IS 'it''s ours'".encode())
        users.execute("SELECT pg_advisory_lock(%s)", [0x66697373696C65])
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            users.execute(f"COMMENT ON DATABASE {database.database} IS NULL".encode())
        provision(database.set(database="postgres"), [orders], tmp_path / "secrets")
        found = admin.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [database.database]
        )
        assert ("it's ours",) == found.fetchone()


def test_a_database_in_use_that_is_open(database: URL, tmp_path: Path) -> None:
    """It is refused with what closes it; once it is closed, components get their roles."""
    with psycopg.connect(libpq(database.set(database="postgres")), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {database.database}".encode())
    with psycopg.connect(libpq(database), autocommit=True) as admin:
        admin.execute("CREATE TABLE of_another_application (id int)")
        admin.execute("GRANT CREATE ON SCHEMA public TO PUBLIC")
        with pytest.raises(ConfigurationError) as caught:
            provisioned(database, tmp_path / "secrets", "orders")
        (fault,) = caught.value.faults
        for privilege in ("CONNECT on the database", "TEMPORARY on the database", "CREATE on the schema public"):
            assert privilege in fault.what
        admin.execute(fault.fix[fault.fix.index("REVOKE") :].partition("; before")[0].encode())
        provisioned(database, tmp_path / "secrets", "orders")
        stranger = f"{database.database}_stranger"
        admin.execute(f"CREATE ROLE {stranger} LOGIN".encode())
    address = Address("stranger", "public", database.set(username=stranger))
    with pytest.raises(ConfigurationError, match="permission denied for database"), connecting(address):
        address.blocking_engine().connect()


def test_a_database_that_is_there_and_unused(database: URL, tmp_path: Path) -> None:
    """It is closed as a new one is."""
    with psycopg.connect(libpq(database.set(database="postgres")), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {database.database}".encode())
    provisioned(database, tmp_path / "secrets", "orders")
    with psycopg.connect(libpq(database), autocommit=True) as admin:
        query = "SELECT 1 FROM pg_database, aclexplode(datacl) WHERE datname = current_database() AND grantee = 0"
        assert None is admin.execute(query).fetchone()
