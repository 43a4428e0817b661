"""Checks of a component's migrations, before anybody applies them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from alembic.operations import ops
from sqlalchemy import MetaData

from ...errors import ConfigurationError, Fault
from ..address import Address
from . import ledger
from .catalogue import catalogue_of
from .comparing import Differences, compared, of_database
from .foreign import foreign_keys
from .linting import lint
from .locking import Database
from .naming import without_warnings_of_expressions
from .upgrading import Migrations


@dataclass
class Findings:
    """The findings of a check.

    Attributes:
        faults: What is wrong.
        not_compared: Parts of the code's tables that were not compared, for people.
    """

    faults: list[Fault] = field(default_factory=list)
    not_compared: list[str] = field(default_factory=list)


def check(migrations: Migrations, address: Address, where: str) -> Findings:
    """Return everything that is wrong with a component's migrations, and with its database.

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
        return Findings([*faults, *_unreadable(migrations)])
    if faults := _unreadable(migrations):
        return Findings(faults)
    findings = Findings([*lint(migrations), *migrations.deviations(address)])
    try:
        if address.is_sqlite:
            _compare_with_scratch(findings, migrations, address, where)
        else:
            _compare_with_server(findings, migrations, address, where)
    except ConfigurationError as error:
        findings.faults += error.faults
    return findings


def _unreadable(migrations: Migrations) -> list[Fault]:
    try:
        _ = migrations.history.revisions
    except ConfigurationError as error:
        return list(error.faults)
    return []


def _compare_with_scratch(findings: Findings, migrations: Migrations, address: Address, where: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        scratch = migrations.scratch(Path(folder))
        with Database(scratch).looked_at() as connection, without_warnings_of_expressions():
            found = of_database(connection, migrations)
            made = MetaData()
            made.reflect(connection, only=lambda name, _: name not in ledger.KEPT)
            catalogue = catalogue_of(connection)
    _add(findings, migrations, found, where)
    if not migrations.exists or not address.file.is_file():
        return
    if pending := _pending(migrations, address):
        findings.faults += pending
    elif not migrations.state(address).unknown:
        with Database(address).looked_at() as connection:
            if changed := compared(connection, made, catalogue):
                findings.faults.append(_by_hand(migrations, changed, address))


def _compare_with_server(findings: Findings, migrations: Migrations, address: Address, where: str) -> None:
    if pending := _pending(migrations, address):
        findings.faults += pending
    elif not migrations.state(address).unknown:  # newer code has been there, whose tables are not these
        with Database(address).looked_at() as connection:
            _add(findings, migrations, of_database(connection, migrations), where)


def _add(findings: Findings, migrations: Migrations, found: Differences, where: str) -> None:
    findings.not_compared += found.not_compared
    if found:
        findings.faults.append(_drift(migrations, found, where))


def _pending(migrations: Migrations, address: Address) -> list[Fault]:
    pending = migrations.state(address).pending
    if not pending:
        return []
    what = f"the database of {migrations.component} has not {', '.join(one.name for one in pending)} yet"
    is_behind = any(one.kind == "contract" for one in pending)
    fix = f"fissile db upgrade {migrations.component}{' --contract' if is_behind else ''}"
    return [Fault(what, pending[0].place("revision"), f"it is {address}", fix)]


def _drift(migrations: Migrations, missing: Differences, where: str) -> Fault:
    what = f"no migration of {migrations.component} says to {', '.join(described(missing))}"
    why = "the tables of the code are not those that its migrations make"
    return Fault(what, where, why, f'fissile db revision {migrations.component} -m "what has changed"')


def _by_hand(migrations: Migrations, changed: Differences, address: Address) -> Fault:
    whose = f"the database of {migrations.component}"
    what = f"{whose} is not as its migrations make it: to be so it would {', '.join(described(changed))}"
    why = "somebody has changed it by hand, or a revision after it was applied"
    return Fault(what, str(address), why, "take that back, or write a revision that does the same")


def described(found: Differences) -> list[str]:
    """Return what would have to be done, for people."""
    statements = [one.describes for one in found.statements]
    return list(dict.fromkeys([*_of_operations(found.operations), *statements, *found.unwritable]))


def _of_operations(found: Sequence[ops.MigrateOperation]) -> Iterator[str]:
    """What operations do, for people."""
    for one in found:
        if isinstance(one, ops.OpContainer):
            yield from _of_operations(one.ops)
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
            name = getattr(one, "constraint_name", None)
            yield f"{_verb(one)} {f'the constraint {name}' if name else 'a constraint'} of {table}"


def _verb(one: ops.MigrateOperation) -> str:
    verbs = {"Create": "create", "Drop": "drop", "Alter": "change"}
    return next((verb for begins, verb in verbs.items() if type(one).__name__.startswith(begins)), "change")
