"""kill -9 in the middle of a call: what was answered is there, and nothing is half there."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL

from fissile import App
from fissile.data import Store
from tests.runtime.projects import written

from .stock import FILES, provide

ROOT = Path(__file__).parents[2]
NUMBER = 3
"""The call in which the process dies."""


@pytest.fixture(params=["sqlite", "postgresql"])
def package(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The application, its tables made."""
    if request.param == "postgresql":
        provide(request.getfixturevalue("database"), tmp_path / "secrets", monkeypatch)
    with written(tmp_path, FILES) as package:
        store_of(package).migrate()
        yield package


def store_of(package: str) -> Store:
    """The database of the component with data."""
    store = App(package).runtime.live["stock"].store
    assert store is not None
    return store


@contextmanager
def killed(package: str, folder: Path, point: str, delay: float = 0) -> Iterator[subprocess.Popen[str]]:
    """A process that makes calls, and dies in one of them."""
    command = [sys.executable, "-m", "tests.data.killed", package, point, str(NUMBER), str(delay)]
    paths = os.pathsep.join([str(folder), str(ROOT)])
    environment = {**os.environ, "PYTHONPATH": paths, "FISSILE_STATE": str(folder / "state")}
    with subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def answered(process: subprocess.Popen[str]) -> list[int]:
    """The calls that were answered, once it is dead."""
    assert process.stdout is not None
    said = [int(line) for line in process.stdout]
    assert -signal.SIGKILL == process.wait()
    return said


def there(package: str) -> tuple[list[int], list[int]]:
    """The rows, and the rows that their children name."""
    engine = store_of(package).address.blocking_engine()
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT id FROM rows ORDER BY id")).scalars().all()
        children = connection.execute(text('SELECT "row" FROM children ORDER BY 1')).scalars().all()
    engine.dispose()
    return list(rows), list(children)


@pytest.mark.parametrize(("point", "kept"), [("before_commit", False), ("after_commit", True)])
def test_before_and_after_a_commit(package: str, tmp_path: Path, point: str, *, kept: bool) -> None:
    """Before it nothing of the call is there; after it all of it, although nobody was told."""
    with killed(package, tmp_path, point) as process:
        said = answered(process)
    assert [1, 2] == said
    expected = [1, 2, NUMBER] if kept else [1, 2]
    assert (expected, expected) == there(package)


@pytest.mark.acceptance
@pytest.mark.parametrize("attempt", range(10))
def test_in_a_commit(package: str, tmp_path: Path, attempt: int) -> None:
    """At any moment of it: all of the call is there, or nothing, and what was answered is."""
    with killed(package, tmp_path, "before_commit", delay=1e-6 + attempt * 2e-4) as process:
        said = answered(process)
    rows, children = there(package)
    assert rows == children
    assert said == rows[: len(said)]
    assert len(rows) <= len(said) + 1


def test_while_the_server_commits(database: URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asked for it is dead, and all of it is there, or nothing."""
    provide(database, tmp_path / "secrets", monkeypatch)
    with written(tmp_path, FILES) as package:
        store = store_of(package)
        store.migrate()
        engine = store.address.blocking_engine()
        with engine.begin() as connection:
            body = "BEGIN IF NEW.id = 3 THEN PERFORM pg_sleep(0.5); END IF; RETURN NULL; END"
            connection.execute(text(f"CREATE FUNCTION slow() RETURNS trigger AS $$ {body} $$ LANGUAGE plpgsql"))
            slow = "CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON rows DEFERRABLE INITIALLY DEFERRED"
            connection.execute(text(f"{slow} FOR EACH ROW EXECUTE FUNCTION slow()"))
        query = "SELECT count(*) FROM pg_stat_activity WHERE query = 'COMMIT' AND wait_event = 'PgSleep'"
        with engine.connect() as connection, killed(package, tmp_path, "never") as process:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            until = time.monotonic() + 60
            while not connection.scalar(text(query)):
                assert time.monotonic() < until, "it never commits"
            process.kill()
            assert [1, 2] == answered(process)
            gone = "SELECT count(*) FROM pg_stat_activity WHERE usename = current_user AND pid <> pg_backend_pid()"
            while connection.scalar(text(gone)):
                assert time.monotonic() < until, "the server never ends what it had begun"
        engine.dispose()
        rows, children = there(package)
    assert rows == children
    assert rows in ([1, 2], [1, 2, NUMBER])
