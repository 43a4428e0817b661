"""What has been applied to a database, in words that code understands which has no file for it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from alembic.runtime.migration import MigrationContext, MigrationInfo
from alembic.script import Script
from sqlalchemy import Column, Connection, DateTime, MetaData, String, Table, delete, func, insert, inspect, select
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.schema import CreateTable

from .history import digest_of

VERSION_TABLE = "alembic_version"

_table = Table(
    "fissile_migrations",
    MetaData(),
    Column("revision", String(32), primary_key=True),
    Column("kind", String(10), nullable=False),
    Column("name", String(200), nullable=False),
    Column("applied_at", DateTime(timezone=True), nullable=False),
    Column("digest", String(64)),
)

LOCK_TABLE = "fissile_lock"
"""An empty table in a schema of PostgreSQL that code locks to start, and to migrate; only its owner can."""

KEPT = (VERSION_TABLE, _table.name, LOCK_TABLE)
"""Tables that say how a database is, and not what is in it."""


@dataclass(frozen=True)
class Entry:
    """The entry of a revision that was applied.

    Attributes:
        kind: What it was to older code.
        name: Its name.
        digest: The digest of its code; None if it was entered without.
    """

    kind: str
    name: str
    digest: str | None


def applied(connection: Connection) -> Mapping[str, Entry]:
    """Return the entry of each revision that was applied, by its id, the first one first."""
    if not is_there(connection):
        return {}
    kept = [_table.c.revision, _table.c.kind, _table.c.name]
    kept += [_table.c.digest] if _has_digests(connection) else []
    rows = connection.execute(select(*kept).order_by(_table.c.applied_at))
    return {one: Entry(kind, name, digest[0] if digest else None) for one, kind, name, *digest in rows}


def _has_digests(connection: Connection) -> bool:
    return any(one["name"] == "digest" for one in inspect(connection).get_columns(_table.name))


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
    file = Path(script.path)
    values = {"revision": script.revision, "kind": script.module.kind, "name": file.stem}
    ctx.execute(CreateTable(_table, if_not_exists=True))
    if _makes_room(ctx):
        values["digest"] = digest_of(file.read_text(encoding="utf-8"))
    ctx.execute(insert(_table).values(**values, applied_at=func.current_timestamp()))


def _makes_room(ctx: MigrationContext) -> bool:
    """Adds the column of digests to a ledger that is older than it; return False if that cannot be printed."""
    add = f"ALTER TABLE {_table.name} ADD COLUMN"
    if ctx.as_sql:
        if ctx.dialect.name == "postgresql":
            ctx.execute(f"{add} IF NOT EXISTS digest VARCHAR(64)")
        return ctx.dialect.name == "postgresql"
    assert ctx.connection is not None, "it is not printed"
    if not _has_digests(ctx.connection):
        ctx.execute(f"{add} digest VARCHAR(64)")
    return True


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
