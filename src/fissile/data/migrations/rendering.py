"""The code of a revision."""

from __future__ import annotations

import re
from collections.abc import Sequence

from alembic.autogenerate import render_python_code
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from sqlalchemy import CheckConstraint, MetaData, Table
from sqlalchemy.engine.default import DefaultDialect

from .history import Kind
from .layout import STEP, laid_out
from .naming import CONVENTION
from .splitting import Changes, Indexes

_TEMPLATE = '''\
"""{message}."""

{imports}

revision = "{id}"
down_revision = {below}
kind = "{kind}"  # {why}


def upgrade() -> None:
{upgrade}


def downgrade() -> None:
{downgrade}
'''

_WHY: dict[Kind, str] = {
    "expand": "older code runs on what it makes",
    "contract": "older code does not run on what it leaves",
}

_IMPORTS = {
    r"\bsa\.": "import sqlalchemy as sa",
    r"\bop\.": "from alembic import op",
    r"\bpostgresql\.": "from sqlalchemy.dialects import postgresql",
    r"\bsqlite\.": "from sqlalchemy.dialects import sqlite",
    r"\bfissile\.data\.types\.": "import fissile.data.types",
}
"""What the code may use; the third party's are one block, sorted as linters have it."""

_CONCURRENTLY = (
    "# Outside a transaction, so that nobody who writes has to wait. What an interruption left is made again."
)


_KINDS = {"unique": "uq", "foreignkey": "fk"}
"""What Alembic and a convention call the constraints that both know."""


def rendered(
    part: Changes | Indexes | None, metadata: MetaData, *, message: str, revision: str, below: str | None, kind: Kind
) -> str:
    """The text of a revision's file.

    Args:
        part: What it does; None for a revision that does nothing yet.
        metadata: The tables, as they are to be.
        message: What it does, for people.
        revision: Its id.
        below: The id of the one that it follows.
        kind: What it is to older code.
    """
    upgrade, downgrade = _bodies(part, metadata)
    code = f"{upgrade}\n{downgrade}"
    wanted = code if part is not None else "op."  # whoever is to write it will want that
    imports = [line for used, line in _IMPORTS.items() if re.search(used, wanted)]
    plain = sorted(line for line in imports if line.startswith("import"))
    froms = sorted(line for line in imports if line.startswith("from"))
    text = _TEMPLATE.format(
        message=message,
        imports="\n".join([*plain, *froms]),
        id=revision,
        below="None" if below is None else f'"{below}"',
        kind=kind,
        why=_WHY[kind],
        upgrade=upgrade,
        downgrade=downgrade,
    )
    return text if imports else text.replace("\n\n\nrevision", "\nrevision", 1)


def _bodies(part: Changes | Indexes | None, metadata: MetaData) -> tuple[str, str]:
    if part is None:
        return f"{STEP}pass", f"{STEP}pass"
    if isinstance(part, Indexes):
        return _of_indexes(part)
    operations = ops.UpgradeOps(part.operations)
    upgrade, downgrade = _code(operations, metadata), _code(operations.reverse(), metadata)
    return "\n".join([*_reminders(part), upgrade]), downgrade


def _reminders(part: Changes) -> list[str]:
    return [
        f'{STEP}# Rows of older code have no {column}: fill them first, with op.execute("UPDATE {table} SET ...").'
        for table, column in part.demanded
    ]


def _of_indexes(part: Indexes) -> tuple[str, str]:
    made: list[ops.MigrateOperation] = []
    undone: list[ops.MigrateOperation] = []
    for index in part.made:
        name = index.index_name = str(index.index_name)  # without the mark that a convention has made it
        index.kw["postgresql_concurrently"] = True
        drop = ops.DropIndexOp(name, index.table_name, if_exists=True, postgresql_concurrently=True)
        made += [drop, index]
        undone.append(drop)
    undone += [one.reverse() for one in part.replaced]
    return _outside(made), _outside(undone)


def _outside(operations: Sequence[ops.MigrateOperation]) -> str:
    lines = _python(ops.UpgradeOps(list(operations))).splitlines()
    body = "\n".join(line for line in lines if not line.strip().startswith("#"))
    code = laid_out(f"with op.get_context().autocommit_block():\n{body}")
    return f"{STEP}{_CONCURRENTLY}\n{code}"


def _code(operations: ops.UpgradeOps | ops.DowngradeOps, metadata: MetaData) -> str:
    code = _python(operations)
    lines = [line for line in code.splitlines() if not line.strip().startswith("#")]
    for table in [one for one in operations.ops if isinstance(one, ops.ModifyTableOps)]:
        head = f"with op.batch_alter_table({table.table_name!r}, schema=None)"
        more = _arguments(table, metadata)
        lines = [line.replace(head, f"with op.batch_alter_table({table.table_name!r}{more})") for line in lines]
    return laid_out(re.sub(r"^ {4}", "", "\n".join(lines), flags=re.MULTILINE))


class _EveryDialect(DefaultDialect):
    """Writes what SQLite and PostgreSQL both read, of which true and false are part."""

    supports_native_boolean = True


def _python(operations: ops.UpgradeOps | ops.DowngradeOps) -> str:
    context = MigrationContext.configure(dialect=_EveryDialect())
    return render_python_code(operations, render_as_batch=True, migration_context=context)


def _arguments(table: ops.ModifyTableOps, metadata: MetaData) -> str:
    """What SQLite, which makes such a table anew, would not know of the former one."""
    arguments = ""
    dropped = {one.constraint_type for one in table.ops if isinstance(one, ops.DropConstraintOp)}
    if names := {kind: CONVENTION[kind] for called, kind in _KINDS.items() if called in dropped}:
        arguments += f", naming_convention={names!r}"
    wanted = metadata.tables.get(table.table_name)
    if wanted is None:
        return arguments
    if wanted.dialect_options["sqlite"]["autoincrement"]:
        arguments += ", table_kwargs={'sqlite_autoincrement': True}"
    if checks := _nameless_checks(wanted):
        arguments += f", table_args=[{', '.join(checks)}]"
    return arguments


def _nameless_checks(table: Table) -> list[str]:
    dialect = _EveryDialect()
    compiler = dialect.statement_compiler(dialect, None)
    return [
        f"sa.CheckConstraint({compiler.process(one.sqltext, include_table=False, literal_binds=True)!r})"
        for one in table.constraints
        if isinstance(one, CheckConstraint) and one.name is None and not getattr(one, "_type_bound", False)
    ]
