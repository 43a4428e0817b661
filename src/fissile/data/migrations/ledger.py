"""What has been applied to a database, in words that code understands which has no file for it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import cast

from alembic.runtime.migration import MigrationContext, MigrationInfo
from alembic.script import Script
from sqlalchemy import Column, Connection, DateTime, MetaData, String, Table, delete, func, insert, inspect, select
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.schema import CreateTable

VERSION_TABLE = "alembic_version"

_table = Table(
    "fissile_migrations",
    MetaData(),
    Column("revision", String(32), primary_key=True),
    Column("kind", String(10), nullable=False),
    Column("name", String(200), nullable=False),
    Column("applied_at", DateTime(timezone=True), nullable=False),
)

LOCK_TABLE = "fissile_lock"
"""An empty table in a schema of PostgreSQL that code locks to start, and to migrate; only its owner can."""

KEPT = (VERSION_TABLE, _table.name, LOCK_TABLE)
"""Tables that say how a database is, and not what is in it."""


def applied(connection: Connection) -> Mapping[str, tuple[str, str]]:
    """The kind and the name of each revision that was applied, by its id."""
    if not is_there(connection):
        return {}
    return {one: (kind, name) for one, kind, name in connection.execute(select(*list(_table.c)[:3]))}


def write(
    ctx: MigrationContext, step: MigrationInfo, heads: Collection[object], run_args: Mapping[str, object]
) -> None:
    """Called by Alembic after each step, in its transaction, and when it only prints what it would do."""
    for script in cast("Iterable[Script]", step.up_revisions):
        if step.is_upgrade:
            enter(ctx, script)
        else:
            ctx.execute(delete(_table).where(_table.c.revision == script.revision))


def enter(ctx: MigrationContext, script: Script) -> None:
    """Enters a revision as applied."""
    values = {"revision": script.revision, "kind": script.module.kind, "name": Path(script.path).stem}
    ctx.execute(CreateTable(_table, if_not_exists=True))
    ctx.execute(insert(_table).values(**values, applied_at=func.current_timestamp()))


def is_there(connection: Connection) -> bool:
    """Whether anything was ever entered."""
    return inspect(connection).has_table(_table.name)


def contractions(connection: DBAPIConnection) -> list[tuple[str, str]]:
    """The id and the name of each contraction, asked on a new connection to PostgreSQL."""
    cursor = connection.cursor()
    cursor.execute(f"SELECT to_regclass('{_table.name}')")
    found: list[tuple[str, str]] = []
    if cursor.fetchone() != (None,):
        cursor.execute(f"SELECT revision, name FROM {_table.name} WHERE kind = 'contract'")
        found = [(one, name) for one, name in cursor.fetchall()]
    cursor.close()
    connection.rollback()
    return found
