"""Applied revisions that the files do not have as they were: `upgrade`, `check` and `current` report the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal

from .orders import CITY, REVISION, START, Orders
from .test_commands import FILES

ORDERS = 'op.create_table("orders", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(20)))'


def revision(shop: Terminal, number: int, upgrade: str, below: int | None) -> Path:
    """Write a revision."""
    file = shop.folder / "shop" / "orders" / "migrations" / f"{number:04d}_step.py"
    file.parent.mkdir(exist_ok=True)
    before = f'"r{below}"' if below else None
    code = REVISION.format(
        message="step", id=f"r{number}", below=before, kind="expand", upgrade=f"    {upgrade}", downgrade="    pass"
    )
    file.write_text(code, encoding="utf-8")
    return file


def deleted(_: Terminal, last: Path) -> str:
    """Delete a revision that was applied, or have code that is older than it."""
    last.unlink()
    return "the database of orders has 0002_step, which this code does not know"


def rewritten(_: Terminal, last: Path) -> str:
    """Change the code of one."""
    last.write_text(last.read_text().replace("SELECT 1", "SELECT 2"))
    return "0002_step of orders was rewritten after it was applied"


def another_id(_: Terminal, last: Path) -> str:
    """Give one another id, as when it was written anew."""
    last.write_text(last.read_text().replace('"r2"', '"r9"'))
    return "the database of orders has 0002_step, which this code does not know"


def overtaken(shop: Terminal, last: Path) -> str:
    """Put one before another that was applied."""
    revision(shop, 3, "op.execute('SELECT 3')", below=1)
    last.write_text(last.read_text().replace('down_revision = "r1"', 'down_revision = "r3"'))
    return "0003_step of orders comes before 0002_step, which is applied already"


def renamed(_: Terminal, last: Path) -> str:
    """Give its file another name, which matters to nothing."""
    last.rename(last.with_name("0002_other.py"))
    return ""


def formatted(_: Terminal, last: Path) -> str:
    """Lay its code out otherwise, and comment on it."""
    text = last.read_text().replace('op.execute("SELECT 1")', "op.execute(\n        'SELECT 1',  # one\n    )")
    last.write_text(text.replace('"""step."""', '"""Another word."""'))
    return ""


@pytest.mark.parametrize("change", [deleted, rewritten, another_id, overtaken, renamed, formatted])
def test_it_is_reported_alike(tmp_path: Path, change: Callable[[Terminal, Path], str]) -> None:
    """Each command reports the same sentence, place, reason and fix; `check` alone fails for it."""
    shop = Terminal(tmp_path)
    shop.write(FILES)
    revision(shop, 1, ORDERS, None)
    last = revision(shop, 2, 'op.execute("SELECT 1")', below=1)
    shop.run("db", "upgrade", "orders")
    expected = change(shop, last)
    told = {command: reported(shop.run("db", command, "orders").err) for command in ("current", "check", "upgrade")}
    assert told["current"] == told["check"] == told["upgrade"]
    assert expected in "".join(told["check"])
    assert bool(expected) == bool(told["check"])
    assert bool(expected) == bool(shop.run("db", "check", "orders").code)


def reported(said: str) -> set[str]:
    """Return the faults that a command has reported about what was applied."""
    found = re.findall(r"^(?:error|warning): (.*(?:\n    .*)*)", said, re.MULTILINE)
    return {one for one in found if re.search(r"does not know|rewritten|comes before", one)}


def test_a_ledger_that_is_older_than_its_digests(orders: Orders) -> None:
    """It gets the column with the next revision; of those before it is not known whether they were rewritten."""
    orders.write(1, "start", START)
    orders.migrations().upgrade(orders.address)
    orders.execute("ALTER TABLE fissile_migrations DROP COLUMN digest")
    orders.write(1, "start", f"{START}\nop.execute('SELECT 1')")
    assert [] == orders.migrations().deviations(orders.address)
    file = orders.write(2, "add_city", CITY)
    orders.migrations().upgrade(orders.address)
    file.write_text(file.read_text().replace("sa.String(20)", "sa.String(30)"))
    assert ["0002_add_city of orders was rewritten after it was applied"] == [
        fault.what for fault in orders.migrations().deviations(orders.address)
    ]
