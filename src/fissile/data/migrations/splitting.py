"""What has changed, in parts that are applied one after the other: first what older code does not notice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from alembic.operations import ops
from sqlalchemy import Column

from .history import Kind
from .standalone import Changed, Statement


@dataclass
class Part:
    """What becomes one revision.

    Attributes:
        kind: What it is to older code.
        operations: What it does.
    """

    kind: Kind
    operations: list[ops.MigrateOperation] = field(default_factory=list)


@dataclass
class Changes(Part):
    """Changes of tables and their columns.

    Attributes:
        demanded: Columns that must have a value from now on, with their tables.
        first: Statements before the operations, taken back after them.
        last: Statements after the operations, taken back before them.
        kept: Indexes of expressions of the tables, which stay; SQLite loses them where it makes a table anew.
        nameless: Checks without a name of the tables, by their tables; SQLite loses them as well.
    """

    demanded: list[tuple[str, str]] = field(default_factory=list)
    first: list[Statement] = field(default_factory=list)
    last: list[Statement] = field(default_factory=list)
    kept: list[ops.CreateIndexOp] = field(default_factory=list)
    nameless: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass
class Indexes(Part):
    """New indexes of tables that are in use, which are made outside a transaction, thus in a revision of their own.

    Attributes:
        made: The indexes.
        replaced: The former ones of the same names.
    """

    made: list[ops.CreateIndexOp] = field(default_factory=list)
    replaced: list[ops.DropIndexOp] = field(default_factory=list)


def split(
    found: Sequence[ops.MigrateOperation],
    standalone: Changed,
    kept: Sequence[ops.CreateIndexOp] = (),
    nameless: Mapping[str, Sequence[str]] | None = None,
) -> list[Changes | Indexes]:
    """Splits changes into expansions and contractions.

    Args:
        found: What has changed.
        standalone: The changes of types and sequences.
        kept: Indexes of expressions that stay.
        nameless: Code of the checks without a name, by their tables.

    Returns:
        Those that there are of: new tables and columns, new indexes, what takes away, new unique indexes.
    """
    splitting = _Splitting()
    for one in found:
        splitting.take(one)
    splitting.expand.first += standalone.created
    splitting.contract.last += standalone.dropped
    for part in (splitting.expand, splitting.contract):
        changed = {one.table_name for one in part.operations if isinstance(one, ops.ModifyTableOps)}
        part.kept = [one for one in kept if one.table_name in changed]
        part.nameless = nameless or {}
    changes = [part for part in (splitting.expand, splitting.contract) if part.operations or part.first or part.last]
    indexes = [part for part in (splitting.indexes, splitting.unique) if part.made]
    return sorted([*changes, *indexes], key=lambda part: (part.kind == "contract", isinstance(part, Indexes)))


class _Splitting:
    def __init__(self) -> None:
        self.expand, self.contract = Changes("expand"), Changes("contract")
        self.indexes, self.unique = Indexes("expand"), Indexes("contract")
        self._new: set[str] = set()

    def take(self, one: ops.MigrateOperation) -> None:
        """Takes a change to where it belongs."""
        if isinstance(one, ops.CreateTableOp):
            self._new.add(one.table_name)
        if not isinstance(one, ops.ModifyTableOps):
            (self.contract if isinstance(one, ops.DropTableOp) else self.expand).operations.append(one)
        elif one.table_name in self._new:
            indexes = [each for each in one.ops if isinstance(each, ops.CreateIndexOp)]
            self.expand.operations += indexes
            self._add(self.expand, one, [each for each in one.ops if each not in indexes])
        else:
            self._take_table(one)

    def _take_table(self, table: ops.ModifyTableOps) -> None:
        expand: list[ops.MigrateOperation] = []
        contract: list[ops.MigrateOperation] = []
        made = {str(one.index_name) for one in table.ops if isinstance(one, ops.CreateIndexOp)}
        for one in table.ops:
            if isinstance(one, ops.CreateIndexOp):
                (self.unique if one.unique else self.indexes).made.append(one)
            elif isinstance(one, ops.DropIndexOp) and str(one.index_name) in made:
                (self.unique if _becomes_unique(table, one) else self.indexes).replaced.append(one)
            elif isinstance(one, ops.DropIndexOp):
                self.contract.operations.append(one)
            elif isinstance(one, ops.AddColumnOp) and _is_demanded(one.column):
                added, demanded = _filled_between(one)
                expand.append(added)
                contract.append(demanded)
            elif isinstance(one, ops.DropColumnOp) and _is_demanded(one.to_column()):
                optional, dropped = _optional_between(one)
                expand.append(optional)
                contract.append(dropped)
            else:
                (contract if _takes_away(one) else expand).append(one)
        self._add(self.expand, table, expand)
        self._add(self.contract, table, contract)
        changed = [one for one in contract if isinstance(one, ops.AlterColumnOp)]
        self.contract.demanded += [(one.table_name, one.column_name) for one in changed if one.modify_nullable is False]

    @staticmethod
    def _add(part: Changes, table: ops.ModifyTableOps, operations: list[ops.MigrateOperation]) -> None:
        if operations:
            part.operations.append(ops.ModifyTableOps(table.table_name, operations))


def _becomes_unique(table: ops.ModifyTableOps, former: ops.DropIndexOp) -> bool:
    return any(
        isinstance(one, ops.CreateIndexOp) and one.index_name == former.index_name and one.unique for one in table.ops
    )


def _is_demanded(column: Column[object]) -> bool:
    """Whether no row can be written without it."""
    has_default = column.server_default is not None or column.computed is not None or column.identity is not None
    return not column.nullable and not has_default and not column.primary_key


def _filled_between(added: ops.AddColumnOp) -> tuple[ops.AddColumnOp, ops.AlterColumnOp]:
    """A column that older code does not fill is added without being demanded, and demanded when none runs."""
    column = added.column._copy()
    column.nullable = True
    demanded = ops.AlterColumnOp(
        added.table_name, column.name, existing_type=column.type, existing_nullable=True, modify_nullable=False
    )
    return ops.AddColumnOp(added.table_name, column), demanded


def _optional_between(dropped: ops.DropColumnOp) -> tuple[ops.AlterColumnOp, ops.DropColumnOp]:
    """A column that newer code does not fill any more is first not demanded, and dropped when no older code runs."""
    column = dropped.to_column()._copy()
    column.nullable = True
    optional = ops.AlterColumnOp(
        dropped.table_name, column.name, existing_type=column.type, existing_nullable=False, modify_nullable=True
    )
    back = ops.AddColumnOp(dropped.table_name, column)
    return optional, ops.DropColumnOp(dropped.table_name, column.name, _reverse=back)


def _takes_away(one: ops.MigrateOperation) -> bool:
    if isinstance(one, ops.AlterColumnOp):
        is_demanded = one.modify_nullable is False or (one.modify_server_default is None and not one.existing_nullable)
        return is_demanded or one.modify_type is not None or one.modify_name is not None
    refusing = ops.CreateUniqueConstraintOp, ops.CreateForeignKeyOp, ops.CreateCheckConstraintOp
    return isinstance(one, (ops.DropColumnOp, *refusing))
