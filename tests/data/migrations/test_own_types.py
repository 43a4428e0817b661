"""Revisions of columns whose types are Fissile's own."""

import pytest
from sqlalchemy import Column, Integer, MetaData, Table

from fissile.data import Exact, Instant
from fissile.data.migrations import Migrations
from fissile.data.migrations.checking import check
from fissile.data.migrations.writing import Written, write
from fissile.errors import ConfigurationError

from .orders import Orders, revisions


def code(orders: Orders, precision: int = 12) -> Migrations:
    """A component whose orders have a price and a moment."""
    metadata = MetaData()
    Table(
        "orders",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("price", Exact(precision, 2)),
        Column("at", Instant, nullable=False),
    )
    return Migrations("orders", metadata, orders.folder)


def written(orders: Orders, migrations: Migrations) -> list[Written]:
    """Writes a revision of what has changed, and applies it."""
    made = revisions(migrations, orders.address, "change")
    write(made)
    Migrations("orders", migrations.metadata, orders.folder).prepare(orders.address, apply=True)
    return made


def test_what_is_written(orders: Orders) -> None:
    """A revision imports what it names, and makes the tables as the code has them, so that nothing is wrong then."""
    (made,) = written(orders, code(orders))
    assert made.text.startswith(
        '"""change."""\n\nimport fissile.data.types\nimport sqlalchemy as sa\nfrom alembic import op\n'
    )
    assert "fissile.data.types.Exact(precision=12, scale=2)" in made.text
    assert 'sa.Column("at", fissile.data.types.Instant(), nullable=False)' in made.text
    assert [] == check(code(orders), orders.address, "").faults
    with pytest.raises(ConfigurationError, match="are as its migrations make them"):
        revisions(code(orders), orders.address, "again")


def test_more_digits(on_postgres: Orders) -> None:
    """A number that gets more digits is a change of its column in PostgreSQL."""
    written(on_postgres, code(on_postgres))
    (made,) = written(on_postgres, code(on_postgres, precision=14))
    assert "contract" == made.kind
    assert "fissile.data.types.Exact(precision=14, scale=2)" in made.text
    assert [] == check(code(on_postgres, precision=14), on_postgres.address, "").faults
