"""The code of a revision."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal, cast

from alembic.autogenerate import render_python_code
from alembic.autogenerate.api import AutogenContext
from alembic.ddl.impl import DefaultImpl
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Boolean, ColumnClause, Enum, MetaData
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.sql.elements import ClauseElement
from sqlalchemy.types import TypeEngine

from .expressions import IS_POSTGRESQL, expression, server_default
from .history import Kind
from .layout import STEP, laid_out
from .naming import CONVENTION
from .splitting import Changes, Indexes
from .standalone import Statement
from .type_code import type_code

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
}
"""What the code may use; the third party's are one block, sorted as linters have it."""

_CONCURRENTLY = (
    "# Outside a transaction, so that nobody who writes has to wait. What an interruption left is made again."
)


_ANEW = "# SQLite has made the table anew, without its indexes of expressions."

_NO_BOOLEAN = "# SQLite has no booleans, so a check keeps to them."

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
    modules: set[str] = set()
    upgrade, downgrade = _bodies(part, metadata, modules)
    code = f"{upgrade}\n{downgrade}"
    wanted = code if part is not None else "op."  # whoever is to write it will want that
    imports = _imports([line for used, line in _IMPORTS.items() if re.search(used, wanted)], modules)
    text = _TEMPLATE.format(
        message=message,
        imports=imports,
        id=revision,
        below="None" if below is None else f'"{below}"',
        kind=kind,
        why=_WHY[kind],
        upgrade=upgrade,
        downgrade=downgrade,
    )
    return text if imports else text.replace("\n\n\nrevision", "\nrevision", 1)


def _imports(lines: Sequence[str], modules: Collection[str]) -> str:
    """Return the imports as linters sort them: the user's own modules are the last block."""
    own = sorted(f"import {one}" for one in modules if not _is_installed(one))
    installed = [*lines, *(f"import {one}" for one in modules if _is_installed(one))]
    plain = sorted(line for line in installed if line.startswith("import"))
    froms = sorted(line for line in installed if line.startswith("from"))
    return "\n\n".join("\n".join(block) for block in ([*plain, *froms], own) if block)


def _is_installed(module: str) -> bool:
    file = getattr(sys.modules.get(module), "__file__", None) or ""
    return module.partition(".")[0] == __name__.partition(".")[0] or "site-packages" in file


def _bodies(part: Changes | Indexes | None, metadata: MetaData, modules: set[str]) -> tuple[str, str]:
    if part is None:
        return f"{STEP}pass", f"{STEP}pass"
    if isinstance(part, Indexes):
        return _of_indexes(part, modules)
    operations = ops.UpgradeOps(part.operations)
    upgrade = _code(operations, metadata, part.nameless, modules)
    back = operations.reverse()
    back.ops[:0] = _checks_of_types(part, Enum)
    downgrade = _code(back, metadata, part.nameless, modules)
    first, last, again = part.first, part.last, _on_sqlite(part.kept, _ANEW, modules)
    truths = _on_sqlite(_checks_of_types(part, Boolean), _NO_BOOLEAN, modules)
    return (
        _body([*_reminders(part), _executed(first), upgrade, again, _executed(last)]),
        _body([_executed(last, back=True), truths, downgrade, again, _executed(first, back=True)]),
    )


def _checks_of_types(part: Changes, kind: type[Enum] | type[Boolean]) -> list[ops.ModifyTableOps]:
    """Return operations that drop the checks which added columns have by their types: SQLite keeps them otherwise."""
    found: list[ops.ModifyTableOps] = []
    for table in [one for one in part.operations if isinstance(one, ops.ModifyTableOps)]:
        types = [one.column.type for one in table.ops if isinstance(one, ops.AddColumnOp)]
        names = [str(one.name) for one in types if isinstance(one, kind) and _has_check(one)]
        if names:
            dropped: list[ops.MigrateOperation] = [
                ops.DropConstraintOp(one, table.table_name, "check") for one in names
            ]
            found.append(ops.ModifyTableOps(table.table_name, dropped))
    return found


def _has_check(kind: Enum | Boolean) -> bool:
    return kind.create_constraint and bool(kind.name) and not (isinstance(kind, Enum) and kind.native_enum)


def _on_sqlite(operations: Sequence[ops.MigrateOperation], comment: str, modules: set[str]) -> str:
    """Return the code that runs operations on SQLite alone."""
    if not operations:
        return ""
    lines = _python(ops.UpgradeOps(list(operations)), modules).splitlines()
    body = "\n".join(line for line in lines if not line.strip().startswith("#"))
    code = laid_out(f"if op.get_context().dialect.name == 'sqlite':\n{body}")
    return f"{STEP}{comment}\n{code}"


def _body(parts: Sequence[str]) -> str:
    return "\n".join(part for part in parts if part.strip() not in ("", "pass")) or f"{STEP}pass"


def _executed(statements: Sequence[Statement], *, back: bool = False) -> str:
    """Return the code that executes statements on PostgreSQL alone."""
    blocks = []
    for one in reversed(statements) if back else statements:
        if sql := one.downgrade if back else one.upgrade:
            head = "with op.get_context().autocommit_block():\n        " if one.is_outside else ""
            blocks.append(f"    {head}op.execute({sql!r})")
    return laid_out("\n".join([f"if {IS_POSTGRESQL}:", *blocks])) if blocks else ""


def _reminders(part: Changes) -> list[str]:
    return [
        f'{STEP}# Rows of older code have no {column}: fill them first, with op.execute("UPDATE {table} SET ...").'
        for table, column in part.demanded
    ]


def _of_indexes(part: Indexes, modules: set[str]) -> tuple[str, str]:
    made: list[ops.MigrateOperation] = []
    undone: list[ops.MigrateOperation] = []
    for index in part.made:
        name = index.index_name = str(index.index_name)  # without the mark that a convention has made it
        index.kw["postgresql_concurrently"] = True
        drop = ops.DropIndexOp(name, index.table_name, if_exists=True, postgresql_concurrently=True)
        made += [drop, index]
        undone.append(drop)
    undone += [one.reverse() for one in part.replaced]
    return _outside(made, modules), _outside(undone, modules)


def _outside(operations: Sequence[ops.MigrateOperation], modules: set[str]) -> str:
    lines = _python(ops.UpgradeOps(list(operations)), modules).splitlines()
    body = "\n".join(line for line in lines if not line.strip().startswith("#"))
    code = laid_out(f"with op.get_context().autocommit_block():\n{body}")
    return f"{STEP}{_CONCURRENTLY}\n{code}"


def _code(
    operations: ops.UpgradeOps | ops.DowngradeOps,
    metadata: MetaData,
    nameless: Mapping[str, Sequence[str]],
    modules: set[str],
) -> str:
    code = _python(operations, modules)
    lines = [line for line in code.splitlines() if not line.strip().startswith("#")]
    for table in [one for one in operations.ops if isinstance(one, ops.ModifyTableOps)]:
        head = f"with op.batch_alter_table({table.table_name!r}, schema=None)"
        more = _arguments(table, metadata, nameless.get(table.table_name, ()))
        lines = [line.replace(head, f"with op.batch_alter_table({table.table_name!r}{more})") for line in lines]
    return laid_out(re.sub(r"^ {4}", "", "\n".join(lines), flags=re.MULTILINE))


class _BothImpl(DefaultImpl):
    """Alembic's own extension point (``__dialect__``): types and expressions that SQLite and PostgreSQL both read.

    Attributes:
        modules: The modules of the types that were written.
    """

    __dialect__ = "fissile"
    modules: set[str]

    def render_type(self, type_obj: TypeEngine[Any], autogen_context: AutogenContext) -> str:
        """Return the code of a type; Alembic adds its variants."""
        return type_code(type_obj, self.modules)

    def render_ddl_sql_expr(
        self, expr: ClauseElement, is_server_default: bool = False, is_index: bool = False, **kw: Any
    ) -> str:
        """Return the code of an expression."""
        grouped = expr.self_group() if is_index and not isinstance(expr, ColumnClause) else expr
        return expression(grouped, is_literal=is_index)


class _BothDialect(DefaultDialect):
    name = _BothImpl.__dialect__


def _python(operations: ops.UpgradeOps | ops.DowngradeOps, modules: set[str]) -> str:
    context = MigrationContext.configure(dialect=_BothDialect())
    cast("_BothImpl", context.impl).modules = modules
    return render_python_code(operations, render_as_batch=True, render_item=_item, migration_context=context)


def _item(kind: str, item: Any, _: AutogenContext) -> str | Literal[False]:
    """Called by Alembic for each part of a revision; False leaves the part to it."""
    return (kind == "server_default" and server_default(item)) or False


def _arguments(table: ops.ModifyTableOps, metadata: MetaData, nameless: Sequence[str]) -> str:
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
    if nameless:
        checks = ", ".join(f"sa.CheckConstraint({one})" for one in nameless)
        arguments += f", table_args=[{checks}]"
    return arguments
