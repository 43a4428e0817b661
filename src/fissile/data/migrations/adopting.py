"""Databases that are older than the migrations of their component, or than their entries in our ledger."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, MetaData, inspect

from ...errors import ConfigurationError, Fault
from ..address import Address
from . import ledger
from .applying import run, stamped, up_to
from .history import History, Revision
from .locking import Database


def adopt(connection: Connection, history: History, metadata: MetaData, address: Address) -> None:
    """Takes a database as it is, where that is as the first revision, or as Alembic by itself, has made it.

    Args:
        connection: To the database, which is locked.
        history: The revisions.
        metadata: The tables of the code.
        address: Where the database is.

    Raises:
        ConfigurationError: It has tables that no migration made, and that are not those of the first one.
    """
    there = _columns(connection)
    if ledger.VERSION_TABLE in there:
        _enter(connection, history)
        return
    own = {table.name for table in metadata.tables.values()}
    if not history.revisions or not there.keys() & own:
        return
    first = history.revisions[0]
    made = _made_by(first, history, metadata) if address.is_sqlite else {}
    if made == {name: columns for name, columns in there.items() if name in own | made.keys()}:
        run(connection, history, metadata, stamped(history, first))
        return
    what = f"the database of {history.component} has tables that no migration made"
    why = f"they are not those of {first.name}, so that it cannot be said what has to be done with them"
    raise ConfigurationError(Fault(what, str(address), why, "move them away, or let the first migration be of them"))


def _enter(connection: Connection, history: History) -> None:
    """Enters what Alembic has applied without us."""
    if ledger.is_there(connection):
        return
    context = MigrationContext.configure(connection)
    known = {one.id for one in history.revisions}
    heads = tuple(head for head in context.get_current_heads() if head in known)
    for script in history.script.iterate_revisions(heads, "base") if heads else ():
        ledger.enter(context, script)
    if connection.dialect.name == "postgresql":
        connection.commit()


def _made_by(first: Revision, history: History, metadata: MetaData) -> Mapping[str, set[str]]:
    with tempfile.TemporaryDirectory() as folder:
        address = Address.of_file(history.component, Path(folder) / "first.sqlite3")
        with Database(address).locked() as connection:
            run(connection, history, metadata, up_to(history, first))
            return {name: columns for name, columns in _columns(connection).items() if name not in ledger.KEPT}


def _columns(connection: Connection) -> dict[str, set[str]]:
    inspector = inspect(connection)
    return {name: {one["name"] for one in inspector.get_columns(name)} for name in inspector.get_table_names()}
