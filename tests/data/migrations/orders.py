"""A component with revisions, whose files the tests write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent

from sqlalchemy import Column, Integer, MetaData, String, Table, inspect, text

from fissile.data.address import Address
from fissile.data.migrations import Migrations
from fissile.data.migrations.writing import Written, propose

REVISION = '''\
"""{message}."""

import sqlalchemy as sa
from alembic import op

revision = "{id}"
down_revision = {below}
kind = "{kind}"


def upgrade() -> None:
{upgrade}


def downgrade() -> None:
{downgrade}
'''

START = 'op.create_table("orders", sa.Column("id", sa.Integer, primary_key=True), sa.Column("item", sa.String(20)))'

CITY = 'op.add_column("orders", sa.Column("city", sa.String(20)))'

NO_ITEM = """\
with op.batch_alter_table("orders") as table:
    table.drop_column("item")"""

BACK = {
    START: 'op.drop_table("orders")',
    CITY: """\
with op.batch_alter_table("orders") as table:
    table.drop_column("city")""",
    NO_ITEM: 'op.add_column("orders", sa.Column("item", sa.String(20)))',
}


@dataclass
class Orders:
    """The code of a component, of one version.

    Attributes:
        folder: Where its revisions are.
        address: Its database.
    """

    folder: Path
    address: Address

    def write(self, number: int, message: str, upgrade: str, kind: str = "expand", below: int | None = None) -> Path:
        """Writes a revision, by default after the one before it; its id is ``r`` and its number."""
        before = number - 1 if below is None else below
        file = self.folder / "migrations" / f"{number:04d}_{message}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        code = REVISION.format(
            message=message,
            id=f"r{number}",
            below=f'"r{before}"' if before else None,
            kind=kind,
            upgrade=indent(upgrade, "    "),
            downgrade=indent(BACK.get(upgrade, "pass"), "    "),
        )
        file.write_text(code, encoding="utf-8")
        return file

    def migrations(self, *tables: str, columns: Mapping[str, Column[str]] | None = None) -> Migrations:
        """What the code knows of them.

        Args:
            tables: Further tables of the code, each with an id.
            columns: Those of the orders, beside their id.
        """
        metadata = MetaData()
        wanted = {"item": Column("item", String(20))} if columns is None else columns
        Table("orders", metadata, Column("id", Integer, primary_key=True), *wanted.values())
        for name in tables:
            Table(name, metadata, Column("id", Integer, primary_key=True))
        return Migrations("orders", metadata, self.folder)

    def applied(self) -> list[str]:
        """The names of the revisions that were applied."""
        return [one.name for one in self.migrations().state(self.address).applied]

    def older(self, folder: Path, last: int) -> Orders:
        """The same code when it had fewer revisions, on the same database."""
        (folder / "migrations").mkdir(parents=True)
        for file in self.folder.joinpath("migrations").glob("*.py"):
            if int(file.name.partition("_")[0]) <= last:
                (folder / "migrations" / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
        return Orders(folder, self.address)

    def columns(self, table: str = "orders") -> list[str]:
        """The columns that a table has, none when it is not there."""
        engine = self.address.blocking_engine()
        inspector = inspect(engine)
        found = [one["name"] for one in inspector.get_columns(table)] if inspector.has_table(table) else []
        engine.dispose()
        return found

    def execute(self, *statements: str) -> None:
        """Executes statements on the database, each by itself."""
        engine = self.address.blocking_engine()
        for statement in statements:
            with engine.begin() as connection:
                connection.execute(text(statement))
        engine.dispose()

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """What a query finds."""
        engine = self.address.blocking_engine()
        with engine.connect() as connection:
            found = [tuple(row) for row in connection.execute(text(query))]
        engine.dispose()
        return found


def revisions(migrations: Migrations, address: Address, message: str, *, empty: bool = False) -> list[Written]:
    """Return the revisions that would be written."""
    return propose(migrations, address, message, empty=empty).revisions
