"""`fissile db`, as it is typed: data on stdout, words on stderr, exit codes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from fissile.testing.postgres import SERVER
from tests.cli.terminal import Result, Terminal

COMPONENT = """\
from fissile import Component, Database

from .db import metadata

component = Component(database=Database(metadata))
"""

DB = """\
from sqlalchemy import Column, Integer, MetaData, String, Table

metadata = MetaData()
Table("{name}", metadata, Column("id", Integer, primary_key=True), Column("name", String(20)){more})
"""

CITY = ', Column("city", String(20), nullable=False)'

FILES = {
    "pyproject.toml": '[project]\nname = "shop"\nversion = "0"\n\n[tool.fastapi]\nentrypoint = "shop.main:app"\n',
    "shop/__init__.py": "",
    "shop/main.py": "from fissile import App\n\napp = App(__package__)\n",
    **{
        f"shop/{name}/{file}": text
        for name in ("orders", "users")
        for file, text in {
            "__init__.py": "",
            "component.py": COMPONENT,
            "db.py": DB.format(name=name, more=""),
        }.items()
    },
}


@pytest.fixture
def shop(tmp_path: Path, postgres: URL) -> Iterator[Terminal]:
    """A project of two components with tables."""
    terminal = Terminal(tmp_path)
    terminal.variables[SERVER] = postgres.render_as_string(hide_password=False)
    terminal.write(FILES)
    yield terminal
    terminal.close()


def changed(shop: Terminal, more: str) -> None:
    """Gives the orders further columns."""
    shop.write({"shop/orders/db.py": DB.format(name="orders", more=more)})


def well(shop: Terminal, *words: str) -> str:
    """What a command says on stderr, which ends well and prints nothing."""
    result = shop.run("db", *words)
    assert (0, "") == (result.code, result.out), result.err
    return result.err


def test_from_a_table_to_a_contraction(shop: Terminal) -> None:
    """Each command names the next one."""
    first = "shop/orders/migrations/0001_start.py"
    assert well(shop, "revision", "orders", "-m", "start") == (
        f"wrote {first}, an expansion: older code runs on what it makes\n"
        "next: look at it, and then: fissile db upgrade orders\n"
    )
    assert (shop.folder / first).is_file()
    well(shop, "revision", "users", "-m", "start")
    assert "orders: 0001_start\nusers: 0001_start\n" == well(shop, "upgrade")
    state = shop.folder / "state"
    up_to_date = {name: f"{name} is up to date, in {state / name}.sqlite3\n" for name in ("orders", "users")}
    assert "".join(up_to_date.values()) == well(shop, "upgrade")
    assert "nothing is wrong\n" == well(shop, "check")
    changed(shop, CITY)
    said = well(shop, "revision", "orders", "-m", "add city")
    assert "0002_add_city.py, an expansion" in said
    assert "0003_add_city_contract.py, a contraction: it is applied with --contract, when no older code runs" in said
    waits = (
        "orders: 0003_add_city_contract waits until no older code runs; then: fissile db upgrade orders --contract\n"
    )
    assert f"orders: 0002_add_city\n{waits}" == well(shop, "upgrade", "orders")
    assert f"{waits}{up_to_date['users']}" == well(shop, "upgrade")
    assert "orders: 0003_add_city_contract\n" == well(shop, "upgrade", "orders", "--contract")
    assert "orders: took back 0003_add_city_contract\n" == well(shop, "downgrade", "orders", "-1")
    assert "orders: took back 0002_add_city\n" == well(shop, "downgrade", "orders", "1")
    assert "orders: took back 0001_start\n" == well(shop, "downgrade", "orders", "base")
    assert "orders has nothing to take back\n" == well(shop, "downgrade", "orders", "base")
    (state / "orders.sqlite3").unlink()  # a new database, as in a fresh clone, stops at no contraction
    every = "orders: 0001_start\norders: 0002_add_city\norders: 0003_add_city_contract\n"
    assert every == well(shop, "upgrade", "orders")


def test_a_dry_run(shop: Terminal) -> None:
    """It prints what would be written, and writes nothing."""
    result = shop.run("db", "revision", "orders", "-m", "start", "--dry-run")
    assert (0, "") == (result.code, result.err)
    assert result.out.startswith('# shop/orders/migrations/0001_start.py\n"""start."""\n')
    assert not (shop.folder / "shop" / "orders" / "migrations").exists()


def test_tables_and_json(shop: Terminal) -> None:
    """What there is, for people and for programs."""
    well(shop, "revision", "orders", "-m", "start")
    well(shop, "upgrade")
    well(shop, "revision", "orders", "-m", "fill", "--empty")
    where = shop.folder / "state" / "orders.sqlite3"
    rows = shop.run("db", "current", "orders").out.splitlines()
    assert [
        ["COMPONENT", "APPLIED", "PENDING", "DATABASE"],
        ["orders", "0001_start", "0002_fill", str(where)],
    ] == [row.split() for row in rows]
    state = {
        "database": str(where),
        "applied": ["0001_start"],
        "pending": ["0002_fill"],
        "unknown": [],
        "deviations": [],
    }
    assert {"orders": state} == json.loads(shop.run("db", "current", "orders", "--json").out)
    rows = shop.run("db", "history").out.splitlines()
    assert [
        ["COMPONENT", "REVISION", "KIND", "MESSAGE"],
        ["orders", "0001_start", "expand", "start"],
        ["orders", "0002_fill", "expand", "fill"],
    ] == [row.split() for row in rows]
    listed = json.loads(shop.run("db", "history", "orders", "--json").out)
    assert ["shop/orders/migrations/0001_start.py", "shop/orders/migrations/0002_fill.py"] == [
        one["file"] for one in listed
    ]


def test_sql_for_whoever_may_run_it(shop: Terminal) -> None:
    """It is all that goes to stdout; nothing is done."""
    well(shop, "revision", "orders", "-m", "start")
    result = shop.run("db", "upgrade", "--sql", "--dialect", "postgresql")
    assert (0, "") == (result.code, result.err)
    assert result.out.startswith("-- orders: as the role that owns this schema\nSET search_path TO orders;\n\nBEGIN;\n")
    assert "CREATE TABLE orders" in result.out
    assert ["0001_start"] == json.loads(shop.run("db", "current", "orders", "--json").out)["orders"]["pending"]


def test_check_finds_everything_at_once(shop: Terminal) -> None:
    """Exit code 1, and every finding of every component; as JSON too."""
    shop.write({"shop/users/db.py": DB.format(name="users", more=', Column("order", ForeignKey("orders.id"))')})
    users = shop.folder / "shop" / "users" / "db.py"
    users.write_text(users.read_text().replace("Column, Integer", "Column, ForeignKey, Integer"))
    result = shop.run("db", "check")
    assert (1, "") == (result.code, result.out)
    assert (
        """\
error: shop/orders/component.py:5: no migration of orders says to create the table orders
    why: the tables of the code are not those that its migrations make
    fix: fissile db revision orders -m "what has changed"
error: shop/users/component.py:5: users.order of users refers to orders, which is none of its tables
    why: no component reads the tables of another, so that each can be moved alone
    fix: keep the id without ForeignKey, and ask the other component whether it is there
"""
        == result.err
    )
    result = shop.run("db", "check", "--json")
    assert 1 == result.code
    assert ["what", "where", "why", "fix"] == list(json.loads(result.out)[0])


def refused(shop: Terminal, *words: str) -> Result:
    """A command that is refused, and prints nothing."""
    result = shop.run("db", *words)
    assert (True, "") == (result.code in (2, 3), result.out), result.err
    assert "Traceback" not in result.err
    return result


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("upgrade", "ordres"), 2, "did you mean orders?"),
        (("revision", "orders", "-m", "..."), 3, "the message '...' says nothing"),
        (("revision", "orders"), 2, "Missing option '--message'"),
        (("downgrade", "orders", "7"), 2, "orders has no revision '7'"),
        (("upgrade", "--sql", "--dialect", "mysql"), 2, "'mysql' is none of postgresql, sqlite"),
    ],
)
def test_what_is_refused(shop: Terminal, words: tuple[str, ...], code: int, said: str) -> None:
    """Wrong usage and wrong configuration, each with its code and without a traceback."""
    result = refused(shop, *words)
    assert (code, True) == (result.code, said in result.err), result.err


def test_the_nearest_revision_is_said(shop: Terminal) -> None:
    """Where somebody has mistyped one."""
    well(shop, "revision", "orders", "-m", "start")
    result = refused(shop, "downgrade", "orders", "0001_strat")
    assert (2, True) == (result.code, "did you mean 0001_start?" in result.err), result.err


def test_what_sqlite_cannot_print(shop: Terminal) -> None:
    """It makes a table anew, for which it has to be there."""
    well(shop, "revision", "orders", "-m", "start")
    changed(shop, ', Column("city", ForeignKey("orders.id"))')
    orders = shop.folder / "shop" / "orders" / "db.py"
    orders.write_text(orders.read_text().replace("Column, Integer", "Column, ForeignKey, Integer"))
    well(shop, "revision", "orders", "-m", "key")
    result = refused(shop, "upgrade", "orders", "--sql", "--contract")
    assert "the migrations of orders cannot be printed for sqlite" in result.err


def test_one_that_fails_does_not_keep_the_others_back(shop: Terminal) -> None:
    """They are brought up to date, and what is wrong with the one is told at the end."""
    well(shop, "revision", "orders", "-m", "start")
    well(shop, "revision", "users", "-m", "start")
    first = shop.folder / "shop" / "orders" / "migrations" / "0001_start.py"
    first.write_text(first.read_text().replace('kind = "expand"', ""))
    result = refused(shop, "upgrade")
    assert 3 == result.code
    assert result.err.startswith("users: 0001_start\nerror: ")
    assert "0001_start does not say what it is to older code" in result.err


def test_run_refuses_and_dev_does_not(shop: Terminal) -> None:
    """`run` names the command; `dev` applies what is missing by itself."""
    well(shop, "revision", "orders", "-m", "start")
    result = shop.run("run", "--port", "0")
    assert 3 == result.code
    assert "error: shop/orders/migrations/0001_start.py: the database of orders lacks 0001_start: start" in result.err
    assert "    fix: fissile db upgrade orders\n" in result.err
    running = shop.start("dev", "--port", "0")
    running.url()
    running.interrupt_all()
    assert ["0001_start"] == json.loads(shop.run("db", "current", "orders", "--json").out)["orders"]["applied"]
