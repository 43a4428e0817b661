"""A call of a component with data, against the same statements with bare SQLAlchemy, on SQLite and PostgreSQL.

Both sides run in one process, on one loop and on the same rows of the shop's suppliers; they alternate. Repeat with
``make bench`` or ``python benchmarks/data.py [--json]``.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "examples" / "shop"))

import uvloop
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from benchmarks._report import Row, at_most, report
from fissile.runtime.caller import Caller
from fissile.testing.databases import DATABASES, SQLITE, Servers
from shop.main import app
from shop.suppliers import domain
from shop.suppliers.db import table
from shop.suppliers.public import NewSupplier, Supplier, Suppliers

ROUNDS = 11
SECONDS = 0.4
PAGE = 50
GOALS = {"one row read": 1.15, "a page of 50": 1.1}

CAVEATS = """\
Seconds for one call, one after another: the median of the rounds' ratios. Bare is `async with AsyncSession(engine)`, a
statement, and the same value made of each row, with an engine as SQLAlchemy makes it by default. Ours is a call, with
its deadline, its check of arguments and result, and a transaction in which all that is read is of one moment (in bare
SQLite each statement is of its own). PostgreSQL is on the same machine, over a Unix socket where the environment names
no other: what a network costs both sides would bring the ratios closer to 1."""

Ask = Callable[[], Awaitable[object]]


def _value(row: domain.Supplier) -> Supplier:
    return Supplier(id=row.id, name=row.name, city=row.city)


async def _seconds(ask: Ask) -> float:
    begun, count = time.perf_counter(), 0
    while (now := time.perf_counter()) - begun < SECONDS:
        await ask()
        count += 1
    return (now - begun) / count


async def _ratio(ours: Ask, bare: Ask) -> float:
    ratios = []
    for _ in range(ROUNDS):
        bare_seconds = await _seconds(bare)
        ratios.append(await _seconds(ours) / bare_seconds)
    return statistics.median(ratios)


async def _measured(database: str) -> list[Row]:
    store = app.runtime.live["suppliers"].store
    assert store is not None
    engine = create_async_engine(
        store.address.url.set(drivername="sqlite+aiosqlite") if database == SQLITE else store.address.url,
        connect_args=store.address.connect_args(),
    )

    async def bare_row() -> Supplier:
        async with AsyncSession(engine, expire_on_commit=False) as session:
            row = await session.get(domain.Supplier, 7)
            assert row is not None
            return _value(row)

    async def bare_page() -> tuple[Supplier, ...]:
        async with AsyncSession(engine, expire_on_commit=False) as session:
            query = select(domain.Supplier).where(table.c.id > 7).order_by(table.c.id).limit(PAGE)
            return tuple(map(_value, await session.scalars(query)))

    async with app.caller() as call:
        suppliers = await _filled(call)
        pairs: list[tuple[Ask, Ask]] = [
            (lambda: suppliers.get(7), bare_row),
            (lambda: suppliers.page(7, PAGE), bare_page),
        ]
        for ours, bare in pairs:
            assert await ours() == await bare()
        found = [
            at_most(f"{what}, {database}: call / bare SQLAlchemy", await _ratio(*pair), "times", goal)
            for (what, goal), pair in zip(GOALS.items(), pairs, strict=True)
        ]
    await engine.dispose()
    return found


async def _filled(call: Caller) -> Suppliers:
    suppliers = call(Suppliers)
    for number in range(2 * PAGE):
        await suppliers.add(NewSupplier(name=f"Supplier {number}", city="Bonn"))
    return suppliers


def main() -> None:
    """Measures and prints."""
    os.environ["FISSILE_MODE"] = "production"
    rows: list[Row] = []
    servers = Servers()
    for database in DATABASES:
        with tempfile.TemporaryDirectory(prefix="f-") as state:
            os.environ["FISSILE_STATE"] = state
            databases = servers.databases(database, app.runtime, Path(state))
            rows += uvloop.run(_measured(database))
            databases.close()
    servers.close()
    report(rows, CAVEATS)


if __name__ == "__main__":
    main()
