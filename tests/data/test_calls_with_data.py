"""Calls of components with data, on both databases: what they end with when those have a mind of their own."""

import asyncio
import logging
import re
import sqlite3
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, closing
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError

from fissile.data import sqlite
from fissile.errors import CallFailed, DeadlineExceeded, Unavailable
from fissile.runtime import open_work

from .stock import Running, Script, Service, running

Run = Callable[..., AbstractAsyncContextManager[Running]]

pytestmark = pytest.mark.usefixtures("nothing_told")


@pytest.fixture
def nothing_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was warned of yet."""
    monkeypatch.setattr(open_work, "_told", set())


@pytest.fixture(params=["sqlite", "postgresql"])
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Run:
    """Runs the application, on both."""
    on_server = request.param == "postgresql"
    return partial(running, tmp_path, request.getfixturevalue("database") if on_server else None)


@pytest.fixture
def on_postgres(database: URL, tmp_path: Path) -> Run:
    """Runs the application on PostgreSQL."""
    return partial(running, tmp_path, database)


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Run:
    """Runs the application on SQLite."""
    return partial(running, tmp_path, None)


async def add_through(service: Service, name: str) -> None:
    """Adds a row in a script."""
    await service.session.execute(text("INSERT INTO rows (name) VALUES (:name)"), {"name": name})


class Meeting:
    """A script of which two runs meet after their first statement, once."""

    def __init__(self, first: str, second: str) -> None:
        self.runs = 0
        self._statements = first, second
        self._met = asyncio.Barrier(2)

    async def __call__(self, service: Service) -> int:
        """Runs one statement, waits for the other, and runs the second; gives how many runs there were."""
        number = self.runs = self.runs + 1
        for statement in self._statements:
            await service.session.execute(text(statement), {"mine": (number - 1) % 2 + 1, "other": number % 2 + 1})
            if number <= 2 and statement is self._statements[0]:
                await self._met.wait()
        return number


CONFLICT = partial(Meeting, "SELECT count(*) FROM rows", "INSERT INTO rows (name) SELECT 'n' || count(*) FROM rows")
DEADLOCK = partial(
    Meeting, "UPDATE rows SET name = 'a' WHERE id = :mine", "UPDATE rows SET name = 'b' WHERE id = :other"
)


@pytest.mark.parametrize(("isolation", "meeting"), [("SERIALIZABLE", CONFLICT), ("READ COMMITTED", DEADLOCK)])
async def test_what_may_be_repeated_is(on_postgres: Run, isolation: str, meeting: Callable[[], Meeting]) -> None:
    """Two transactions that get in each other's way both end well, the second in its second attempt."""
    async with on_postgres(isolation=isolation) as at:
        await at.stock.add("one")
        await at.stock.add("two")
        script = at.scripts["meet"] = meeting()
        assert {1, 2, 3} > set(await asyncio.gather(at.stock.again("meet"), at.stock.again("meet")))
        assert 3 == script.runs


@pytest.mark.parametrize(("isolation", "meeting"), [("SERIALIZABLE", CONFLICT), ("READ COMMITTED", DEADLOCK)])
async def test_what_may_not_be_repeated_is_refused(
    on_postgres: Run, isolation: str, meeting: Callable[[], Meeting]
) -> None:
    """It is rolled back as a whole, and whoever called may try again: nobody else knows whether that does harm."""
    async with on_postgres(isolation=isolation) as at:
        await at.stock.add("one")
        await at.stock.add("two")
        script = at.scripts["meet"] = meeting()
        ends = await asyncio.gather(at.stock.once("meet"), at.stock.once("meet"), return_exceptions=True)
        (failed,) = [end for end in ends if isinstance(end, BaseException)]
        assert isinstance(failed, Unavailable) and failed.may_have_run, failed
        assert re.search("another transaction changed|waited for each other", str(failed))
        assert 2 == script.runs
        assert 2 <= len(await at.stock.names()) <= 3


async def test_each_attempt_has_its_own_arguments(run: Run) -> None:
    """What the first one has taken out of a list is there for the second."""
    async with run() as at:
        attempts = 0

        async def take(service: Service, names: list[str]) -> int:
            nonlocal attempts
            attempts += 1
            while names:
                await add_through(service, names.pop(0))
            if attempts == 1:
                busy = sqlite3.OperationalError("database is locked")
                busy.sqlite_errorcode = sqlite3.SQLITE_BUSY
                raise OperationalError("INSERT", {}, busy)
            return attempts

        at.scripts["take"] = take
        assert 2 == await at.stock.take(["a", "b"])
        assert ("a", "b") == await at.stock.names()


async def test_a_snapshot(run: Run) -> None:
    """All that a read-only call reads is of one moment."""
    async with run() as at:
        await at.stock.add("one")

        async def look(service: Service) -> int:
            before = await service.session.scalar(text("SELECT count(*) FROM rows"))
            await at.stock.add("meanwhile")
            assert before is not None
            return int(before * 10 + (await service.session.scalar(text("SELECT count(*) FROM rows")) or 0))

        at.scripts["look"] = look
        assert 11 == await at.stock.look("look")
        assert ("one", "meanwhile") == await at.stock.names()


async def test_a_connection_that_is_lost(on_postgres: Run) -> None:
    """The call in which it is lost is refused, nothing of it stays, and the next ones are healthy."""
    async with on_postgres() as at:

        async def lose(service: Service) -> int:
            await add_through(service, "lost")
            await service.session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
            return 1

        at.scripts["lose"] = lose
        with pytest.raises(Unavailable, match=r"shut down|connection"):
            await at.stock.once("lose")
        assert () == await at.stock.names()
        await at.stock.add("found")
        assert ("found",) == await at.stock.names()


async def test_connections_that_died_while_nobody_used_them(
    on_postgres: Run, monkeypatch: pytest.MonkeyPatch, database: URL
) -> None:
    """A server that was restarted meanwhile fails no call."""
    from fissile.data import postgres
    from fissile.data.address import Address

    monkeypatch.setattr(postgres, "IDLE", 0)
    async with on_postgres() as at:
        await asyncio.gather(*[at.stock.add(str(number)) for number in range(5)])
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        engine = Address("", "public", database).blocking_engine()
        with engine.connect() as connection:
            ended = connection.execute(text(f"{others} AND pid <> pg_backend_pid()")).scalars().all()
        engine.dispose()
        assert ended
        await asyncio.gather(*[at.stock.add(str(number)) for number in range(5)])
        assert 10 == len(await at.stock.names())


async def test_all_connections_in_use(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever waits for one waits until its deadline, and the log says for what."""
    async with run(connections=1, deadline="300ms") as at:
        async with at.store.engine(readonly=False).connect():
            with caplog.at_level(logging.WARNING, "fissile.data"), pytest.raises(DeadlineExceeded):
                await at.stock.add("waits")
        assert "stock waited in vain for a connection: all 1 are in use" in caplog.messages
        await at.stock.add("next")
        assert ("next",) == await at.stock.names()


async def test_a_commit_that_fails(run: Run) -> None:
    """What was not kept is not said to be, nothing of it stays, and the pool is healthy."""
    async with run(connections=1) as at:

        async def orphan(service: Service) -> int:
            await add_through(service, "with an orphan")
            await service.session.execute(text("INSERT INTO children (row) VALUES (999)"))
            return 1

        at.scripts["orphan"] = orphan
        for _ in range(3):
            with pytest.raises(CallFailed, match="IntegrityError"):
                await at.stock.once("orphan")
            await at.stock.add("after")
        assert ("after",) * 3 == await at.stock.names()


async def test_another_process_that_writes(on_sqlite: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that somebody else keeps locked is told, and nothing is lost."""
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT", 1)
    async with on_sqlite() as at:
        await at.stock.add("before")
        with closing(sqlite3.connect(at.store.address.file)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(Unavailable, match="another process was writing"):
                await at.stock.add("never")
        await at.stock.add("after")
        assert ("before", "after") == await at.stock.names()


async def test_a_full_disk(on_sqlite: Run) -> None:
    """Whoever writes is told, what was there stays, readers go on, and once there is room writers do too."""
    async with on_sqlite() as at:
        await at.stock.add("before")

        def limit(connection: Connection, pages: int) -> None:
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

        async with at.store.engine(readonly=False).connect() as connection:
            await connection.run_sync(limit, 1)
        with pytest.raises(Unavailable, match="the disk of its database is full"):
            await at.stock.add("x" * 100_000)
        assert ("before",) == await at.stock.names()
        async with at.store.engine(readonly=False).connect() as connection:
            await connection.run_sync(limit, 100_000)
        await at.stock.add("after")
        assert ("before", "after") == await at.stock.names()


async def test_a_full_disk_of_a_server(on_postgres: Run, database: URL) -> None:
    """The same where the server says so; here it is made to by a trigger, with the state that it has for it."""
    async with on_postgres() as at:
        await at.stock.add("before")
        engine = at.store.address.blocking_engine()
        with engine.begin() as connection:
            full = "RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'"
            connection.execute(
                text(f"CREATE FUNCTION full_disk() RETURNS trigger AS $$ BEGIN {full}; END $$ LANGUAGE plpgsql")
            )
            connection.execute(text("CREATE TRIGGER full_disk BEFORE INSERT ON rows EXECUTE FUNCTION full_disk()"))
        with pytest.raises(Unavailable, match="the disk of its database is full"):
            await at.stock.add("never")
        with engine.begin() as connection:
            connection.execute(text("DROP TRIGGER full_disk ON rows"))
        engine.dispose()
        await at.stock.add("after")
        assert ("before", "after") == await at.stock.names()


# ------------------------------------------------------------------------------- calls in an open transaction


async def knock(service: Service, *statements: str) -> int:
    """Calls the other component after some statements."""
    for statement in statements:
        await service.session.execute(text(statement))
    await service.doors.knock()  # here
    return 1


HERE = next(
    number for number, line in enumerate(Path(__file__).read_text().splitlines(), 1) if line.endswith("knock()  # here")
)


@pytest.mark.parametrize(
    ("method", "statements", "told"),
    [
        ("once", ["SELECT 1"], "locks wait for the answer; call first, then read and write"),
        (
            "again",
            ["INSERT INTO rows (name) VALUES ('x')"],
            "locks wait for the answer; call first, then read and write",
        ),
        ("look", ["SELECT 1"], "connection waits for the answer; call first, then read"),
        ("once", [], ""),
        ("look", [], ""),
    ],
)
async def test_a_call_in_an_open_transaction(
    run: Run, caplog: pytest.LogCaptureFixture, method: str, statements: list[str], told: str
) -> None:
    """In development the log names its line, once, and what it holds; not before the first statement."""
    async with run() as at:
        script: Script = lambda service: knock(service, *statements)  # noqa: E731  # in one line
        at.scripts["knock"] = script
        with caplog.at_level(logging.WARNING, "fissile.data"):
            for _ in range(2):
                await getattr(at.stock, method)("knock")
    what = "Doors.knock is called while a transaction of stock is open, whose"
    expected = [f"tests/data/test_calls_with_data.py:{HERE}: {what} {told}"] if told else []
    assert expected == [message for message in caplog.messages if what in message]


async def test_no_warning_in_production(
    run: Run, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would cost every call something."""
    monkeypatch.setenv("FISSILE_MODE", "production")
    async with run() as at:
        at.scripts["knock"] = lambda service: knock(service, "SELECT 1")
        await at.stock.once("knock")
    assert [] == [message for message in caplog.messages if "is open" in message]
