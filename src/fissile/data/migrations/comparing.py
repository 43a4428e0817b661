"""The differences between the tables of the code and those of a database."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from alembic.autogenerate import produce_migrations
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    DefaultClause,
    Index,
    MetaData,
    Table,
    inspect,
    literal_column,
    text,
)
from sqlalchemy.engine.interfaces import ReflectedColumn
from sqlalchemy.exc import CompileError, DBAPIError
from sqlalchemy.sql.base import DialectKWArgs
from sqlalchemy.types import TypeDecorator

from ...errors import ConfigurationError, Fault, shown
from ..address import Address
from . import ledger, standalone
from .catalogue import Catalogue, Key, catalogue_of, inside, is_unnamed, plain, reason, unnamed, wanted
from .expressions import expression
from .locking import Database
from .naming import check_name, checks_of, without_nameless, without_warnings_of_expressions
from .printed import Printed
from .standalone import Changed, Statement
from .upgrading import Migrations


@dataclass
class Differences:
    """The differences, by what can be done about them.

    Attributes:
        operations: Those that operations of Alembic take away.
        standalone: Those of types and sequences.
        unwritable: Those that no operation takes away, for people.
        not_compared: Parts of the code's tables that were not compared, for people.
    """

    operations: list[ops.MigrateOperation] = field(default_factory=list)
    standalone: Changed = field(default_factory=Changed)
    unwritable: list[str] = field(default_factory=list)
    not_compared: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.operations or self.statements or self.unwritable)

    @property
    def statements(self) -> list[Statement]:
        """The statements about types and sequences."""
        return [*self.standalone.created, *self.standalone.dropped]


def changes(migrations: Migrations, address: Address) -> Differences:
    """Compare the tables of the code with those that its migrations make.

    Args:
        migrations: The migrations.
        address: The database; in SQLite it does not matter how it is.

    Raises:
        ConfigurationError: It is in PostgreSQL and not up to date, or in SQLite, which does not take the tables.
    """
    with _reached(migrations, address) as connection:
        return of_database(connection, migrations)


def of_database(connection: Connection, migrations: Migrations) -> Differences:
    """Compare the tables of the code with those of a database.

    Raises:
        ConfigurationError: It is in SQLite, which does not take the tables.
    """
    try:
        return differences(connection, migrations)
    except (CompileError, DBAPIError) as error:
        if connection.dialect.name != "sqlite":
            raise
        what = f"the tables of {migrations.component} cannot be made in SQLite"
        raise ConfigurationError(Fault(what, shown(migrations.history.folder), reason(error))) from None


@contextmanager
def _reached(migrations: Migrations, address: Address) -> Iterator[Connection]:
    if address.is_sqlite:
        with tempfile.TemporaryDirectory() as folder:
            scratch = migrations.scratch(Path(folder))
            with Database(scratch).looked_at() as connection:
                yield connection
        return
    if pending := migrations.state(address).pending:
        what = f"the database of {migrations.component} has not {', '.join(one.name for one in pending)} yet"
        why = "the tables of the code are compared with those of the database, which has to be up to date"
        fix = f"fissile db upgrade {migrations.component} --contract"
        raise ConfigurationError(Fault(what, str(address), why, fix))
    with Database(address).looked_at() as connection:
        yield connection


def differences(connection: Connection, migrations: Migrations) -> Differences:
    """Compare the tables of the code with those of a database that its migrations have made.

    Args:
        connection: The database.
        migrations: The migrations.

    Raises:
        CompileError: The database is SQLite, which has no such types.
        DBAPIError: The database is SQLite, which refuses the tables.
    """
    metadata = migrations.metadata
    found = compared(connection, metadata, wanted(connection, metadata))
    code, others = standalone.declared(metadata)
    if connection.dialect.name == "postgresql":
        present = standalone.there(connection)
    elif find_spec("psycopg") is None:  # without its driver the component has no database in PostgreSQL
        present = code
    else:
        printed = Printed.of(migrations)
        present = code if printed is None else printed.standalone()
        _add_printed(found, connection, metadata, printed)
        if printed is None:
            found.not_compared += [f"the {one.kind} {one.name}" for one in code]
    found.standalone = standalone.changed(code, present)
    found.unwritable += found.standalone.unwritable
    found.not_compared += [*others, *_options(metadata.tables.values())]
    return found


def _add_printed(found: Differences, connection: Connection, metadata: MetaData, printed: Printed | None) -> None:
    """Add what SQLite has no differences of, and PostgreSQL would."""
    inspector = inspect(connection)
    for table in metadata.tables.values():
        if not inspector.has_table(table.name):
            continue
        changed: list[ops.MigrateOperation] = []
        columns = {one["name"] for one in inspector.get_columns(table.name)}
        for column in [one for one in table.columns if one.name in columns and _has_another_type(one)]:
            is_same = printed and printed.has_type(table.name, column)
            if is_same is None:
                found.not_compared.append(f"the type of {table.name}.{column.name} in PostgreSQL")
            elif not is_same:
                changed.append(_retyped(table, column))
        for index in [one for one in table.indexes if any(key.startswith("postgresql_") for key in one.dialect_kwargs)]:
            is_same = printed and printed.has_index(index)
            if is_same is None:
                found.not_compared.append(f"the index {index.name} in PostgreSQL")
            elif not is_same:
                back = ops.CreateIndexOp.from_index(index)
                drop = ops.DropIndexOp(str(index.name), table.name, if_exists=True, _reverse=back)
                changed += [drop, ops.CreateIndexOp.from_index(index)]
        _add_to(found.operations, table.name, changed)
        found.not_compared += _postgresql_alone(table)


def _has_another_type(column: Column[Any]) -> bool:
    """Return True if a column may have a type in PostgreSQL that its type in SQLite does not show."""
    return bool(column.type._variant_mapping) or isinstance(column.type, TypeDecorator)


def _add_to(found: list[ops.MigrateOperation], table: str, changed: Sequence[ops.MigrateOperation]) -> None:
    known = next((one for one in _tables(found) if one.table_name == table), None)
    if known is not None:
        known.ops = _merged(known.ops, changed)
    elif changed:
        found.append(ops.ModifyTableOps(table, changed))


def _retyped(table: Table, column: Column[Any]) -> ops.AlterColumnOp:
    return ops.AlterColumnOp(
        table.name,
        column.name,
        existing_type=column.type,
        existing_nullable=column.nullable,
        modify_type=column.type,
    )


def compared(connection: Connection, metadata: MetaData, code: Catalogue) -> Differences:
    """Compare tables with those of a database, but for types and sequences.

    Args:
        connection: The database.
        metadata: The tables.
        code: Their catalogue, in the words of such a database.
    """
    options = {
        "compare_server_default": False,  # which is what catalogues are compared for
        "include_object": _is_its_own,
        "target_metadata": metadata,
        "render_as_batch": True,
    }
    comparison = _Comparison(connection, metadata, code)
    unread = [f"defaults, checks and indexes of {table}: {why}" for table, why in code.unread.items()]
    with without_warnings_of_expressions():
        produced = produce_migrations(MigrationContext.configure(connection, opts=options), metadata).upgrade_ops
        assert produced is not None, "there is one for one database"
        operations = comparison.completed(without_nameless(connection, produced.ops))
    return Differences(operations, unwritable=comparison.unwritable, not_compared=unread)


def _is_its_own(_: object, name: str | None, kind: str, __: bool, ___: object) -> bool:
    return not (kind == "table" and name in ledger.KEPT)


def _options(tables: Iterable[Table]) -> Iterator[str]:
    """Yield the options of tables, which no catalogue has."""
    for table in tables:
        yield from (f"{option} of {table.name}" for option in sorted(table.kwargs) if option != "sqlite_autoincrement")
        if table._prefixes:
            yield f"prefixes of {table.name}"


def _postgresql_alone(table: Table) -> Iterator[str]:
    """Yield parts of a table that SQLite does not have, and of which nothing is printed that could be compared."""
    yield from (f"the identity of {table.name}.{one.name} in PostgreSQL" for one in table.columns if one.identity)
    for item in table.constraints:
        given = item.dialect_kwargs if isinstance(item, DialectKWArgs) else ()
        if options := sorted(one for one in given if one.startswith("postgresql_")):
            yield f"{', '.join(options)} of {getattr(item, 'name', None) or 'a constraint'} of {table.name}"
    if table.comment or any(column.comment for column in table.columns):
        yield f"the comments of {table.name}"


def indexes_of_expressions(metadata: MetaData, found: Sequence[ops.MigrateOperation]) -> Iterator[ops.CreateIndexOp]:
    """Yield the indexes of expressions that are there and stay."""
    for table in metadata.tables.values():
        changed = _of_table(found, table.name)
        for index in table.indexes:
            is_plain = all(isinstance(one, Column) for one in index.expressions)
            if not is_plain and str(index.name) not in changed:
                made = ops.CreateIndexOp.from_index(index)
                made.if_not_exists = True
                yield made


class _Comparison:
    """One comparison of catalogues, which adds to the operations that Alembic has found.

    Args:
        connection: The database.
        metadata: The tables of the code.
        code: Their catalogue.

    Attributes:
        unwritable: The differences that no operation takes away.
    """

    def __init__(self, connection: Connection, metadata: MetaData, code: Catalogue) -> None:
        self.unwritable: list[str] = []
        self._inspector = inspect(connection)
        self._metadata = metadata
        self._code, self._unread = code.entries, code.unread
        self._there = catalogue_of(connection).entries
        self._added: dict[str, list[ops.MigrateOperation]] = {}
        self._columns: dict[str, Mapping[str, ReflectedColumn]] = {}

    def completed(self, found: Sequence[ops.MigrateOperation]) -> list[ops.MigrateOperation]:
        """Return the operations with those that Alembic does not find, and without those that change nothing."""
        tables = set(self._inspector.get_table_names())
        for table in self._metadata.tables.values():
            if table.name in tables:
                self._columns[table.name] = {one["name"]: one for one in self._inspector.get_columns(table.name)}
                if table.name not in self._unread:
                    self._compare(table, known=_of_table(found, table.name))
            else:
                self._add_skipped(table, known=_of_table(found, table.name))
        merged: list[ops.MigrateOperation] = []
        for one in found:
            if isinstance(one, ops.ModifyTableOps):
                one.ops = [each for each in one.ops if not self._is_idle(each)]
                one.ops = _merged(one.ops, self._added.pop(one.table_name, []))
                if not one.ops:
                    continue
            merged.append(one)
        return [*merged, *(ops.ModifyTableOps(name, added) for name, added in self._added.items() if added)]

    def _add_skipped(self, table: Table, known: set[str]) -> None:
        """Add the indexes of a new table that Alembic leaves out: those of expressions, in SQLite."""
        for index in table.indexes:
            if str(index.name) not in known:
                self._add(table, ops.CreateIndexOp.from_index(index))

    def _is_idle(self, one: ops.MigrateOperation) -> bool:
        """Return True for a change that Alembic finds although the database has the same words for both."""
        if isinstance(one, ops.AlterColumnOp) and one.modify_type is not None:
            if self._is_same(Key(one.table_name, "type", one.column_name)):
                one.modify_type = None
            return not one.has_changes()
        if not isinstance(one, ops.CreateIndexOp | ops.DropIndexOp):
            return False
        return self._is_same(Key(one.table_name or "", "index", str(one.index_name)))

    def _is_same(self, key: Key) -> bool:
        return key in self._code and _same(self._code[key], self._there.get(key))

    def _compare(self, table: Table, known: set[str]) -> None:
        keys = [key for key in {**self._code, **self._there} if key.table == table.name]
        names = {column.name for column in table.columns} & self._columns[table.name].keys()
        for key in keys:
            before, after = self._there.get(key), self._code.get(key)
            if _same(before, after):
                continue
            if key.kind == "default" and key.name in names and not self._is_generated(key):
                self._add(table, self._default(table, key))
            elif key.kind in ("computed", "identity", "collation") and key.name in names:
                self.unwritable.append(f"change the {_CALLED[key.kind]} of {table.name}.{key.name}")
            elif key.kind == "index" and key.name not in known:
                self._index(table, key)
            elif key.kind == "exclude" or (key.kind == "unique" and before and after):
                self.unwritable.append(f"change {after or before} of {table.name}")
        self._checks(table)

    def _is_generated(self, key: Key) -> bool:
        return any(
            key._replace(kind=kind) in entries
            for kind in ("computed", "identity")
            for entries in (self._code, self._there)
        )

    def _default(self, table: Table, key: Key) -> ops.AlterColumnOp:
        column = table.columns[_key_of(table, key.name)]
        there = self._columns[table.name][key.name]
        default = there["default"]
        return ops.AlterColumnOp(
            table.name,
            key.name,
            existing_type=there["type"],
            existing_nullable=there["nullable"],
            existing_server_default=None if default is None else DefaultClause(text(str(default))),
            modify_server_default=column.server_default,
        )

    def _index(self, table: Table, key: Key) -> None:
        made = next((one for one in table.indexes if one.name == key.name), None)
        if key in self._there:
            back = ops.CreateIndexOp.from_index(self._reflected(key))
            self._add(table, ops.DropIndexOp(key.name, table.name, _reverse=back))
        if made is not None:
            self._add(table, ops.CreateIndexOp.from_index(made))
        elif key in self._code:
            self.unwritable.append(f"create the index {key.name}")

    def _reflected(self, key: Key) -> Index:
        """Return an index of the database; SQLAlchemy does not read those of expressions in SQLite."""
        table = Table(key.table, MetaData())
        self._inspector.reflect_table(table, None)
        if found := next((one for one in table.indexes if one.name == key.name), None):
            return found
        body, rest = inside(self._there[key])
        where = text(rest[len("WHERE") :]) if rest else None
        unique = self._there[key].startswith("unique")
        return Index(
            key.name, literal_column(body), _table=table, unique=unique, sqlite_where=where, postgresql_where=where
        )

    def _checks(self, table: Table) -> None:
        code = {key.name: words for key, words in self._code.items() if key[:2] == (table.name, "check")}
        there = {key.name: words for key, words in self._there.items() if key[:2] == (table.name, "check")}
        for name in [name for name, words in code.items() if _same(words, there.get(name))]:
            del code[name], there[name]
        for name, words in list(code.items()):
            same = next((one for one, said in there.items() if _same(said, words) and _may_be(name, one)), None)
            if same is not None:
                del code[name], there[same]
        for name, words in there.items():
            self._drop_check(table, name, words)
        for name in code:
            self._create_check(table, name)

    def _drop_check(self, table: Table, name: str, words: str) -> None:
        if is_unnamed(name):
            self.unwritable.append(f"drop CHECK {name} of {table.name}, which has no name")
            return
        body = inside(words)[0] if words.startswith("CHECK") else words
        back = ops.CreateCheckConstraintOp(name, table.name, body)
        self._add(table, ops.DropConstraintOp(name, table.name, "check", _reverse=back))

    def _create_check(self, table: Table, name: str) -> None:
        columns = self._columns[table.name].keys()
        for one in checks_of(table):
            if one.name == name and getattr(one, "_type_bound", False) and not {c.name for c in one.columns} <= columns:
                return  # it comes with the column
            own = str(one.name) if one.name else check_name(table.name, table.columns, one)
            if own == name or (is_unnamed(name) and not one.name and _words(one) == name):
                self._add(table, ops.CreateCheckConstraintOp(own, table.name, one.sqltext))
                return
        self.unwritable.append(f"create the CHECK {name} of {table.name}")

    def _add(self, table: Table, operation: ops.MigrateOperation) -> None:
        self._added.setdefault(table.name, []).append(operation)


_CALLED = {"computed": "expression", "identity": "identity", "collation": "collation"}


def _words(check: CheckConstraint) -> str:
    return unnamed(expression(check.sqltext))


def _same(words: str | None, others: str | None) -> bool:
    return words == others or (words is not None and others is not None and plain(words) == plain(others))


def _may_be(name: str, other: str) -> bool:
    """Return True if two checks with the same words are one: it has no name in SQLite, or none in the code."""
    return is_unnamed(name) or is_unnamed(other)


def _tables(found: Sequence[ops.MigrateOperation]) -> list[ops.ModifyTableOps]:
    return [one for one in found if isinstance(one, ops.ModifyTableOps)]


def _of_table(found: Sequence[ops.MigrateOperation], table: str) -> set[str]:
    """Return the names of the indexes about which Alembic has found something."""
    return {
        str(each.index_name)
        for one in _tables(found)
        if one.table_name == table
        for each in one.ops
        if isinstance(each, ops.CreateIndexOp | ops.DropIndexOp)
    }


def _merged(found: Sequence[ops.MigrateOperation], added: Iterable[Any]) -> list[ops.MigrateOperation]:
    """Return the operations with others, but one for each column that changes."""
    merged = list(found)
    for one in added:
        same = next(
            (
                each
                for each in merged
                if isinstance(each, ops.AlterColumnOp)
                and isinstance(one, ops.AlterColumnOp)
                and each.column_name == one.column_name
            ),
            None,
        )
        if same is None and not _is_there(merged, one):
            merged.append(one)
        elif same is None:
            continue
        else:
            same.modify_type = same.modify_type if one.modify_type is None else one.modify_type
            if one.modify_server_default is not False:
                same.modify_server_default = one.modify_server_default
                same.existing_server_default = one.existing_server_default
    return merged


def _is_there(found: Sequence[ops.MigrateOperation], one: ops.MigrateOperation) -> bool:
    """Return True if an index is created or dropped already."""
    if not isinstance(one, ops.CreateIndexOp | ops.DropIndexOp):
        return False
    return any(isinstance(each, type(one)) and each.index_name == one.index_name for each in found)


def _key_of(table: Table, name: str) -> str:
    return next(key for key, column in table.columns.items() if column.name == name)
