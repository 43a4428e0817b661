"""Names of constraints: one without a name could not be dropped, since SQLite gives it none at all."""

from __future__ import annotations

import re
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, count
from typing import Any

from alembic.operations import ops
from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    ForeignKeyConstraint,
    MetaData,
    Table,
    UniqueConstraint,
    inspect,
)
from sqlalchemy.schema import SchemaItem

from ..address import IDENTIFIER

CONVENTION = {"uq": "%(table_name)s_%(column_0_N_name)s_key", "fk": "%(table_name)s_%(column_0_N_name)s_fkey"}
"""The names that PostgreSQL gives by itself
(https://alembic.sqlalchemy.org/en/latest/batch.html#dropping-unnamed-or-named-foreign-keys)."""


def nameless(metadata: MetaData) -> MetaData:
    """What names the constraints that a revision makes without a name, by the code's own convention or by ours."""
    own: Mapping[Any, Any] = metadata.naming_convention
    return MetaData(naming_convention={**CONVENTION, **own})


def name_constraints(operation: ops.MigrateOperation) -> None:
    """Gives the constraints that an operation makes or drops the names that PostgreSQL would give them."""
    if isinstance(operation, ops.OpContainer):
        for each in operation.ops:
            name_constraints(each)
    elif isinstance(operation, ops.CreateTableOp):
        for item in operation.columns:
            _name_item(operation.table_name, item)
        operation.columns = [*_named_checks(operation)]
    elif isinstance(operation, ops.CreateUniqueConstraintOp):
        operation.constraint_name = operation.constraint_name or _name(operation.table_name, operation.columns, "key")
    elif isinstance(operation, ops.CreateForeignKeyOp):
        columns = operation.local_cols
        operation.constraint_name = operation.constraint_name or _name(operation.source_table, columns, "fkey")
    elif isinstance(operation, ops.DropConstraintOp) and not operation.constraint_name:
        name_constraints(reversed_ := operation.reverse())
        operation.constraint_name = getattr(reversed_, "constraint_name", None)


def _name_item(table: str, item: SchemaItem) -> None:
    if isinstance(item, UniqueConstraint) and item.name is None:
        item.name = _name(table, (column.name for column in item.columns), "key")
    elif isinstance(item, ForeignKeyConstraint) and item.name is None:
        item.name = _name(table, item.column_keys, "fkey")


def _name(table: str, columns: Iterable[str], kind: str) -> str:
    return f"{'_'.join([table, *map(str, columns)])[: IDENTIFIER - 1 - len(kind)]}_{kind}"


def without_nameless(connection: Connection, found: Sequence[ops.MigrateOperation]) -> list[ops.MigrateOperation]:
    """Leaves out unique constraints that are there and have no name in SQLite: Alembic does not see them."""
    inspector = inspect(connection)
    there = {
        (table, tuple(one["column_names"]))
        for table in inspector.get_table_names()
        for one in inspector.get_unique_constraints(table)
        if one["name"] is None
    }
    return [one for each in found if (one := _without(there, each)) is not None]


def _without(there: set[tuple[str, tuple[str, ...]]], one: ops.MigrateOperation) -> ops.MigrateOperation | None:
    if isinstance(one, ops.ModifyTableOps):
        one.ops = [each for each in one.ops if _without(there, each) is not None]
        return one if one.ops else None
    is_there = isinstance(one, ops.CreateUniqueConstraintOp) and (one.table_name, tuple(one.columns)) in there
    return None if is_there else one


def checks_of(table: Table) -> list[CheckConstraint]:
    """Return the checks of a table and of its columns."""
    own = [one for one in table.constraints if isinstance(one, CheckConstraint)]
    return [*own, *(one for column in table.columns for one in _checks(column))]


def _checks(column: Column[Any]) -> list[CheckConstraint]:
    return [one for one in column.constraints if isinstance(one, CheckConstraint)]


def _named_checks(operation: ops.CreateTableOp) -> Iterator[SchemaItem]:
    """Yield the parts of a new table, with a name for each check; those of columns, too, are parts of the table."""
    used: set[str] = set()
    columns = [item for item in operation.columns if isinstance(item, Column)]
    for item in [*operation.columns, *(one for column in columns for one in _checks(column))]:
        if isinstance(item, CheckConstraint) and not getattr(item, "_type_bound", False):
            name = item.name or _unused(check_name(operation.table_name, columns, item), used)
            used.add(str(name))
            yield CheckConstraint(item.sqltext, name=name, _autoattach=False)  # it is another one than the code's
        else:
            yield item


def _unused(name: str, used: Collection[str]) -> str:
    return next(one for one in chain([name], (f"{name}{number}" for number in count(1))) if one not in used)


@contextmanager
def without_warnings_of_expressions() -> Iterator[None]:
    """Silence the warnings that indexes of expressions are not read from SQLite; catalogues have them."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Skipped unsupported reflection of expression-based index")
        warnings.filterwarnings("ignore", "autogenerate skipping metadata-specified expression-based index")
        yield


def check_name(table: str, columns: Iterable[Column[Any]], check: CheckConstraint) -> str:
    """Return the name that PostgreSQL gives a CHECK without one: with the column, if it is about a single one."""
    words = str(check.sqltext.compile(compile_kwargs={"include_table": False}))
    names = [column.name for column in columns if re.search(rf"\b{re.escape(column.name)}\b", words)]
    return _name(table, names if len(names) == 1 else (), "check")
