"""The session that a method gets, when the method does with it what it should not."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import MetaData, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from fissile.errors import CallFailed, DeadlineExceeded, Unavailable

from .stock import Running, Service, running

Run = Callable[..., AbstractAsyncContextManager[Running]]


class Base(DeclarativeBase):
    """The mapping of these tests."""

    metadata = MetaData()


class Row(Base):
    """A row of the component."""

    __tablename__ = "rows"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


@pytest.fixture(params=["sqlite", "postgresql"])
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Run:
    """Runs the application, on both."""
    on_server = request.param == "postgresql"
    return partial(running, tmp_path, request.getfixturevalue("database") if on_server else None)


async def add(service: Service, name: str) -> None:
    """Adds a row, in two statements."""
    await service.session.execute(text("SELECT count(*) FROM rows"))
    await service.session.execute(text("INSERT INTO rows (name) VALUES (:name)"), {"name": name})


@pytest.mark.parametrize("steps", range(12))
async def test_a_task_that_goes_on_after_a_method_has_failed(run: Run, steps: int) -> None:
    """Nothing of it is kept, wherever it is at that moment, and whoever comes next finds the database free."""
    async with run(connections=1) as at:
        left: list[asyncio.Task[None]] = []

        async def fail(service: Service) -> int:
            await add(service, "first")
            left.append(asyncio.create_task(add(service, "left alone")))
            for _ in range(steps):
                await asyncio.sleep(0)
            raise ValueError

        at.scripts["fail"] = fail
        for _ in range(3):
            with pytest.raises(CallFailed):
                await at.stock.once("fail")
            await asyncio.wait(left)
            await at.stock.add("next")
        assert ("next",) * 3 == await at.stock.names()
        assert all("call that has ended" in str(task.exception()) for task in left if task.exception())


async def test_a_task_that_begins_after_a_method_has_returned(run: Run) -> None:
    """It is refused: nobody would ever end its transaction."""
    async with run(connections=1) as at:
        kept: list[Service] = []

        async def keep(service: Service) -> int:
            kept.append(service)
            return 1

        at.scripts["keep"] = keep
        for method in (at.stock.once, at.stock.look):
            await method("keep")
            with pytest.raises(Exception, match="call that has ended"):
                await add(kept[-1], "late")
        assert () == await at.stock.names()


async def test_a_method_does_not_commit(run: Run) -> None:
    """A part that stayed although the method failed would be half of a call."""
    async with run() as at:

        async def commit(service: Service) -> int:
            await add(service, "half")
            await service.session.commit()
            return 1

        async def begin(service: Service) -> int:
            async with service.session.begin():
                await add(service, "half")
            return 1

        at.scripts |= {"commit": commit, "begin": begin}
        for name in at.scripts:
            with pytest.raises(CallFailed, match="InvalidRequestError"):
                await at.stock.once(name)
        assert () == await at.stock.names()


@pytest.mark.parametrize("changes", ["adds", "changes", "deletes"])
async def test_what_a_readonly_method_changes_in_memory(run: Run, changes: str) -> None:
    """It is refused as a statement that writes is: it would be lost in silence."""
    async with run() as at:
        await at.stock.add("before")

        async def change(service: Service) -> int:
            row = await service.session.get(Row, 1)
            assert row is not None
            if changes == "adds":
                service.session.add(Row(name="added"))
            elif changes == "changes":
                row.name = "changed"
            else:
                await service.session.delete(row)
            return 1

        at.scripts["change"] = change
        with pytest.raises(CallFailed, match="RuntimeError"):
            await at.stock.look("change")
        assert ("before",) == await at.stock.names()


async def test_an_error_that_is_swallowed(tmp_path: Path, run: Run) -> None:
    """Where the server has given up the transaction, its commit is no success; a savepoint keeps it."""
    async with run() as at:

        async def swallow(service: Service, *, in_savepoint: bool = False) -> int:
            await add(service, "kept?")
            try:
                if in_savepoint:
                    async with service.session.begin_nested():
                        await service.session.execute(text("SELECT * FROM nothing"))
                else:
                    await service.session.execute(text("SELECT * FROM nothing"))
            except DBAPIError:
                return 1
            return 0

        at.scripts |= {"swallow": swallow, "savepoint": partial(swallow, in_savepoint=True)}
        assert 1 == await at.stock.once("savepoint")
        if at.store.address.is_sqlite:
            assert 1 == await at.stock.once("swallow")
            return
        with pytest.raises(CallFailed, match="RuntimeError"):
            await at.stock.once("swallow")
        assert ("kept?",) == await at.stock.names()


async def test_what_is_written_at_the_end_has_the_same_deadline(run: Run) -> None:
    """A flush that waits for somebody else ends with the deadline, and nothing of it appears afterwards."""
    async with run(deadline="300ms", connections=2) as at:

        async def at_the_end(service: Service) -> int:
            service.session.add(Row(id=7, name="late"))
            return 1

        at.scripts["late"] = at_the_end
        async with at.store.engine(readonly=False).connect() as other:
            await other.execute(text("INSERT INTO rows (id, name) VALUES (7, 'other')"))
            with pytest.raises(DeadlineExceeded):
                await at.stock.once("late")
            await other.rollback()
        assert () == await at.stock.names()


async def test_what_two_have_read_and_both_change(run: Run) -> None:
    """No change is lost in silence: in SQLite they come one after the other, in PostgreSQL who loses is told."""
    async with run() as at:
        await at.stock.add("0")

        async def increment(service: Service) -> int:
            row = await service.session.get(Row, 1)
            assert row is not None
            row.name = str(int(row.name) + 1)
            return 1

        at.scripts["increment"] = increment
        ends = await asyncio.gather(*[at.stock.once("increment") for _ in range(10)], return_exceptions=True)
        done = [end for end in ends if end == 1]
        assert all(end == 1 or isinstance(end, Unavailable) for end in ends), ends
        assert (str(len(done)),) == await at.stock.names()
        again = await asyncio.gather(*[at.stock.again("increment") for _ in range(5)])
        assert ((str(len(done) + 5),), [1] * 5) == (await at.stock.names(), again)


async def test_parameters_are_not_logged(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    """They are data of users."""
    caplog.set_level(logging.INFO)
    async with run() as at:

        async def duplicate(service: Service) -> int:
            for _ in range(2):
                await service.session.execute(text("INSERT INTO rows (id, name) VALUES (1, :name)"), {"name": number})
            return 1

        number = str(4110 + 1)  # tracebacks show the source

        at.scripts["duplicate"] = duplicate
        with pytest.raises(CallFailed):
            await at.stock.once("duplicate")
    said = "\n".join(map(logging.Formatter().format, caplog.records))
    assert "IntegrityError" in said
    assert "4111" not in said
