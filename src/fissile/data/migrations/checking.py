"""Checks of a component's migrations, before anybody applies them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from alembic.operations import ops
from sqlalchemy import MetaData

from ...errors import ConfigurationError, Fault
from ..address import Address
from . import ledger
from .foreign import foreign_keys
from .linting import lint
from .locking import Database
from .upgrading import Migrations
from .writing import differences


def faults_of(migrations: Migrations, address: Address, where: str) -> list[Fault]:
    """Everything that is wrong with them, and with the database.

    Without a server the tables are compared with a new SQLite file, which the migrations make; a database that is not
    there yet has nothing wrong.

    Args:
        migrations: The migrations.
        address: The database.
        where: The place of the component's declaration.

    Raises:
        ConfigurationError: Squawk is not installed.
    """
    if faults := foreign_keys(migrations.component, migrations.metadata, where):
        return [*faults, *_unreadable(migrations)]
    if faults := _unreadable(migrations):
        return faults
    if address.is_sqlite:
        return [*lint(migrations), *_compared_with_scratch(migrations, address, where)]
    return [*lint(migrations), *_compared_with_server(migrations, address, where)]


def _unreadable(migrations: Migrations) -> list[Fault]:
    try:
        _ = migrations.history.revisions
    except ConfigurationError as error:
        return list(error.faults)
    return []


def _compared_with_scratch(migrations: Migrations, address: Address, where: str) -> list[Fault]:
    with tempfile.TemporaryDirectory() as folder:
        scratch = migrations.scratch(Path(folder))
        with Database(scratch).looked_at() as connection:
            missing = differences(connection, migrations.metadata)
            made = MetaData()
            made.reflect(connection, only=lambda name, _: name not in ledger.KEPT)
    faults = [_drift(migrations, missing, where)] if missing else []
    if not migrations.exists or not address.file.is_file():
        return faults
    if pending := _pending(migrations, address):
        return [*faults, *pending]
    with Database(address).looked_at() as connection:
        changed = differences(connection, made)
    return [*faults, _by_hand(migrations, changed, address)] if changed else faults


def _compared_with_server(migrations: Migrations, address: Address, where: str) -> list[Fault]:
    if pending := _pending(migrations, address):
        return pending
    if migrations.state(address).unknown:
        return []  # newer code has been there, whose tables are not these
    with Database(address).looked_at() as connection:
        missing = differences(connection, migrations.metadata)
    return [_drift(migrations, missing, where)] if missing else []


def _pending(migrations: Migrations, address: Address) -> list[Fault]:
    pending = migrations.state(address).pending
    if not pending:
        return []
    what = f"the database of {migrations.component} has not {', '.join(one.name for one in pending)} yet"
    is_behind = any(one.kind == "contract" for one in pending)
    fix = f"fissile db upgrade {migrations.component}{' --contract' if is_behind else ''}"
    return [Fault(what, pending[0].place("revision"), f"it is {address}", fix)]


def _drift(migrations: Migrations, missing: Sequence[ops.MigrateOperation], where: str) -> Fault:
    what = f"no migration of {migrations.component} says to {', '.join(_described(missing))}"
    why = "the tables of the code are not those that its migrations make"
    return Fault(what, where, why, f'fissile db revision {migrations.component} -m "what has changed"')


def _by_hand(migrations: Migrations, changed: Sequence[ops.MigrateOperation], address: Address) -> Fault:
    whose = f"the database of {migrations.component}"
    what = f"{whose} is not as its migrations make it: to be so it would {', '.join(_described(changed))}"
    why = "somebody has changed it by hand, or a revision after it was applied"
    return Fault(what, str(address), why, "take that back, or write a revision that does the same")


def _described(found: Sequence[ops.MigrateOperation]) -> Iterator[str]:
    """What operations do, for people."""
    for one in found:
        if isinstance(one, ops.OpContainer):
            yield from _described(one.ops)
        elif isinstance(one, (ops.CreateTableOp, ops.DropTableOp)):
            yield f"{_verb(one)} the table {one.table_name}"
        elif isinstance(one, ops.AddColumnOp):
            yield f"add {one.table_name}.{one.column.name}"
        elif isinstance(one, (ops.DropColumnOp, ops.AlterColumnOp)):
            yield f"{_verb(one)} {one.table_name}.{one.column_name}"
        elif isinstance(one, (ops.CreateIndexOp, ops.DropIndexOp)):
            yield f"{_verb(one)} the index {one.index_name}"
        else:
            table = getattr(one, "table_name", None) or getattr(one, "source_table", "")
            yield f"{_verb(one)} a constraint of {table}"


def _verb(one: ops.MigrateOperation) -> str:
    verbs = {"Create": "create", "Drop": "drop", "Alter": "change"}
    return next((verb for begins, verb in verbs.items() if type(one).__name__.startswith(begins)), "change")
