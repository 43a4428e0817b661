"""N and N+1 on one database: expanded under traffic, used by old and new code, contracted when the old is gone."""

import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from httpx2 import Client
from sqlalchemy import text
from sqlalchemy.engine import URL, make_url

from fissile.data.address import Address
from fissile.testing.postgres import SERVER, OwnPostgres
from tests.cli.terminal import Terminal

from .changes import ADDED, Changes
from .tree import change, copy

pytestmark = pytest.mark.acceptance

NOTHING: Changes = {}

CONTRACTED: Changes = {
    "shop/suppliers/db.py": (
        (
            'Column("country", String(200), nullable=False, server_default="Germany")',
            'Column("country", String(200), nullable=False)',
        ),
    ),
}
"""Every row names its country itself from now on, which the first version's rows do not."""

CONTRACTION = """
from alembic import op

revision = "contraction"
down_revision = "%s"
kind = "contract"


def upgrade() -> None:
    with op.batch_alter_table("suppliers", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.alter_column("country", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("suppliers", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.alter_column("country", server_default="Germany")
"""


@pytest.fixture(scope="session")
def server() -> Iterator[URL]:
    """A PostgreSQL for tests, as its administrator."""
    if named := os.environ.get(SERVER):
        yield make_url(named)
        return
    own = OwnPostgres()
    yield own.admin
    own.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Mapping[str, str]]:
    """What tells all versions where the data is."""
    state = {"FISSILE_STATE": str(tmp_path / "state")}
    if request.param == "sqlite":
        yield state
        return
    admin: URL = request.getfixturevalue("server").set(drivername="postgresql+psycopg")
    name = f"fissile_{secrets.token_hex(4)}"
    host = f"?host={admin.query['host']}" if "host" in admin.query else ""
    place = "" if host else f"{admin.host}:{admin.port or 5432}"
    yield {
        **state,
        "FISSILE_DATABASE_URL": f"postgresql://{place}/{name}{host}",
        "FISSILE_ADMIN_URL": admin.set(drivername="postgresql").render_as_string(hide_password=False),
    }
    engine = Address("", "", admin).blocking_engine().execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        for component in ("users", "suppliers", "orders"):
            connection.execute(text(f'DROP ROLE IF EXISTS "{name}_{component}"'))


Version = Callable[..., Terminal]


@pytest.fixture
def version(tmp_path: Path) -> Iterator[Version]:
    """Writes a version of the shop, and gives a terminal in its folder, as on a laptop without a server."""
    with tempfile.TemporaryDirectory(prefix="f-") as short:
        terminals: list[Terminal] = []

        def version(name: str, changes: Changes = NOTHING) -> Terminal:
            copy(tmp_path / name, changes)
            terminal = Terminal(tmp_path / name)
            terminal.variables |= {"XDG_RUNTIME_DIR": f"{short}/{name}"}
            Path(terminal.variables["XDG_RUNTIME_DIR"]).mkdir(mode=0o700)
            terminals.append(terminal)
            return terminal

        yield version
        for terminal in terminals:
            terminal.close()


def do(terminal: Terminal, *words: str) -> str:
    """Runs a command that shall do well; what it said."""
    done = terminal.run(*words)
    assert 0 == done.code, done.err
    return done.out + done.err


def suite(terminal: Terminal, database: str) -> None:
    """The whole suite of this version passes, on tables as its revisions make them."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("FISSILE_", "PYTEST_"))}
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--databases", database, "tests"]
    done = subprocess.run(words, cwd=terminal.folder, env=environment, capture_output=True, text=True)
    assert 0 == done.returncode, done.stdout[-5_000:] + done.stderr
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed and int(passed[1]) > 70, done.stdout


class Traffic:
    """Somebody who goes on ordering, and counts the answers by their status.

    Args:
        url: Where the shop is.
    """

    def __init__(self, url: str) -> None:
        self.statuses: Counter[int] = Counter()
        self._url = url
        self._ends = threading.Event()
        self._further = threading.Condition()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Orders meanwhile, with four clients."""
        clients = [threading.Thread(target=self._ask, args=(number,)) for number in range(4)]
        for client in clients:
            client.start()
        try:
            yield
        finally:
            self._ends.set()
            for client in clients:
                client.join()

    def further(self, count: int) -> None:
        """Waits for so many more answers."""
        with self._further:
            wanted = self.statuses.total() + count
            assert self._further.wait_for(lambda: self.statuses.total() >= wanted, timeout=120)

    def _ask(self, number: int) -> None:
        with Client(base_url=self._url, timeout=60) as client:
            while not self._ends.is_set():
                added = client.post("/suppliers", json={"name": f"Supplier {number}", "city": "Bonn"})
                order = {"supplier_id": added.json().get("id", 0), "item": "bolt", "quantity": 1}
                for answer in (added, client.post("/orders", json=order), client.get("/suppliers")):
                    with self._further:
                        self.statuses[answer.status_code] += 1
                        self._further.notify_all()


def free_port() -> str:
    """A port that nobody listened on a moment ago."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        return str(listener.getsockname()[1])


def test_from_one_version_to_the_next(version: Version, databases: Mapping[str, str]) -> None:
    """Expand under traffic of the old code, run both, contract once the old one is gone, and refuse it from then on."""
    old, new = version("old"), version("new", ADDED)
    do(new, "db", "revision", "suppliers", "-m", "add the country")
    newest = version("newest")
    for terminal in (old, new, newest):
        terminal.variables |= databases
    if "FISSILE_ADMIN_URL" in databases:
        do(old, "db", "provision")
    do(old, "db", "upgrade")
    running = old.start("run", "--placement", "apart", "--port", free_port(), "--log-level", "warning")
    traffic = Traffic(running.url())
    with traffic.running():
        traffic.further(100)
        assert "suppliers: 0002_add_the_country" in do(new, "db", "upgrade")
        traffic.further(100)
        again = old.start("run", "--port", free_port())  # old code starts on the expanded database
        again.url()
        newer = new.start("run", "--port", free_port())
        url = newer.url()
        traffic.further(100)
    assert {200, 201} == set(traffic.statuses), traffic.statuses
    with Client(base_url=url, timeout=60) as client:
        found = client.post("/suppliers", json={"name": "New", "city": "Paris", "country": "France"})
        assert 201 == found.status_code
        assert 200 == client.get("/orders/suppliers/count").status_code
    assert "suppliers is up to date" in do(old, "db", "upgrade")

    shutil.copytree(new.folder / "shop", newest.folder / "shop", dirs_exist_ok=True)
    contract(newest.folder)
    do(newest, "db", "upgrade")
    refused = newest.run("db", "upgrade", "suppliers", "--contract")
    assert 3 == refused.code
    assert "would take away what older code of suppliers still uses" in refused.err
    for process in (running, again, newer):
        process.interrupt_all()
    assert "suppliers: 0003_contract" in do(newest, "db", "upgrade", "--contract")
    latest = newest.start("run", "--port", free_port())
    with Client(base_url=latest.url(), timeout=60) as client:
        assert 201 == client.post("/suppliers", json={"name": "Newest", "city": "Bonn"}).status_code
    latest.interrupt_all()
    for terminal in (old, new):
        too_old = terminal.run("run", "--port", free_port())
        assert 3 == too_old.code
        assert "this code of suppliers is too old for its database" in too_old.err
        assert "0003_contract" in too_old.err


def contract(folder: Path) -> None:
    """Writes the version after the next one: its tables, and the revision that takes the default away."""
    for file, replacements in CONTRACTED.items():
        change(folder / file, replacements)
    (expansion,) = (folder / "shop/suppliers/migrations").glob("0002_*.py")
    last = re.search(r'^revision = "(\w+)"', expansion.read_text(), re.MULTILINE)
    assert last
    (folder / "shop/suppliers/migrations/0003_contract.py").write_text(CONTRACTION % last[1])


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_each_version_answers_its_whole_suite(version: Version, database: str) -> None:
    """The old code on the expanded tables, the new code on them, and the new code on the contracted ones."""
    old, new = version("old"), version("new", ADDED)
    do(new, "db", "revision", "suppliers", "-m", "add the country")
    (expansion,) = (new.folder / "shop/suppliers/migrations").glob("0002_*.py")
    (old.folder / "shop/suppliers/migrations" / expansion.name).write_text(expansion.read_text())
    suite(old, database)
    suite(new, database)
    contract(new.folder)
    suite(new, database)
