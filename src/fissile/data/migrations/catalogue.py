"""Defaults, expressions, checks and indexes of tables, in the words of the database that has them.

A database writes an expression in its own way, so two of them can be compared only after it has written both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import Connection, MetaData, Table, UniqueConstraint, create_engine, inspect, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.exc import CompileError, DBAPIError
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlalchemy.sql.elements import quoted_name
from sqlalchemy.types import NullType

from . import standalone


class Key(NamedTuple):
    """The place of an entry.

    Attributes:
        table: The name of the table.
        kind: ``type``, ``default``, ``computed``, ``identity`` or ``collation`` of a column; ``check``, ``index``,
            ``unique`` or ``exclude`` of the table.
        name: The name of the column, the constraint or the index; of a constraint without a name, its text.
    """

    table: str
    kind: str
    name: str


@dataclass(frozen=True)
class Catalogue:
    """The entries of a database.

    Attributes:
        entries: The words of the database for each.
        unread: The tables of which it has none, and the reasons.
    """

    entries: Mapping[Key, str]
    unread: Mapping[str, str] = field(default_factory=dict)


def catalogue_of(connection: Connection) -> Catalogue:
    """Read the catalogue of a database."""
    if connection.dialect.name == "sqlite":
        return Catalogue(dict(_sqlite(connection)))
    return Catalogue({Key(table, kind, name): value for table, kind, name, value in _postgresql(connection)})


def wanted(connection: Connection, metadata: MetaData) -> Catalogue:
    """Return the catalogue that a database like this one would have of the code's tables.

    SQLite makes them in memory. PostgreSQL makes them beside the real ones, under other names, in a transaction that
    is rolled back.

    Raises:
        CompileError: SQLite has no such types.
        DBAPIError: SQLite refuses them.
    """
    if connection.dialect.name == "postgresql":
        return _made_beside(connection, metadata)
    engine = create_engine("sqlite://")
    with engine.begin() as made:
        metadata.create_all(made)
        found = catalogue_of(made)
    engine.dispose()
    return found


# ---------------------------------------------------------------------------------------------------- SQLite


def _sqlite(connection: Connection) -> Iterator[tuple[Key, str]]:
    inspector = inspect(connection)
    for table in inspector.get_table_names():
        for column in inspector.get_columns(table):
            name = column["name"]
            if computed := column.get("computed"):
                kind = "stored" if computed.get("persisted") else "virtual"
                yield Key(table, "computed", name), f"{computed['sqltext']} {kind}"
            elif column["default"] is not None:
                yield Key(table, "default", name), str(column["default"])
        for check in inspector.get_check_constraints(table):
            words = check["sqltext"]
            yield Key(table, "check", check["name"] or unnamed(words)), words
    types = "SELECT t.name, c.name, c.type FROM sqlite_master t, pragma_table_xinfo(t.name) c WHERE t.type = 'table'"
    for table, name, kind in connection.exec_driver_sql(types).all():
        yield Key(table, "type", name), kind
    statements = connection.exec_driver_sql("SELECT tbl_name, type, name, sql FROM sqlite_master WHERE sql NOT NULL")
    for table, kind, index, sql in statements.all():
        if kind == "index":
            unique = "unique" if re.match(r"CREATE\s+UNIQUE", sql, re.IGNORECASE) else ""
            yield Key(table, "index", index), f"{unique} {sql[sql.index('(') :]}"
        elif kind == "table":
            yield from ((Key(table, "collation", name), collation) for name, collation in _collations(sql))


_COLLATED = re.compile(r"""\s*["`]?([^"`\s]+)["`]?\s.*?\bCOLLATE\s+["']?(\w+)""", re.IGNORECASE | re.DOTALL)


def _collations(sql: str) -> Iterator[tuple[str, str]]:
    for definition in _definitions(sql):
        if found := _COLLATED.match(definition):
            yield found[1], found[2].lower()


def _definitions(sql: str) -> Iterator[str]:
    """Yield the definitions of columns and constraints in a ``CREATE TABLE``."""
    body, _ = inside(sql)
    depth = start = 0
    for at, part in enumerate(_hidden(body)):
        depth += (part == "(") - (part == ")")
        if part == "," and depth == 0:
            yield body[start:at]
            start = at + 1
    yield body[start:]


def unnamed(words: str) -> str:
    """Return the name in a key of a constraint that has none."""
    return f"({plain(words)})"


def is_unnamed(name: str) -> bool:
    """Return True if a name is that of a constraint that has none."""
    return name.startswith("(")


_TRUTHS = {"true": "1", "false": "0"}
_WORDS = re.compile(r"('(?:[^']|'')*')")


def plain(words: str) -> str:
    """Return SQL without what may be written in several ways: spaces, quotes of names, capitals, outer parentheses."""
    parts = _WORDS.split(words)
    parts[::2] = [re.sub(r'[\s"`]+', "", part).lower() for part in parts[::2]]
    joined = "".join(parts).removeprefix("check")
    while joined.startswith("(") and _closes_at(joined) == len(joined) - 1:
        joined = joined[1:-1]
    return _TRUTHS.get(joined, joined)


def _hidden(words: str) -> str:
    """Return SQL with its strings made unreadable, at the same places."""
    return _WORDS.sub(lambda found: "x" * len(found[0]), words)


def inside(words: str) -> tuple[str, str]:
    """Return the words in the first parentheses, and those after them."""
    opened = words[words.index("(") :]
    at = _closes_at(opened)
    return opened[1:at], opened[at + 1 :].strip()


def _closes_at(words: str) -> int:
    depth = 0
    for at, part in enumerate(_hidden(words)):
        depth += (part == "(") - (part == ")")
        if depth == 0:
            return at
    return len(words)


# ------------------------------------------------------------------------------------------------ PostgreSQL

_COLUMNS = text("""
SELECT t.relname, what.kind, a.attname, what.value
FROM pg_class t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type ty ON ty.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = t.oid AND d.adnum = a.attnum
LEFT JOIN pg_collation c ON c.oid = a.attcollation AND a.attcollation <> ty.typcollation
LEFT JOIN pg_depend own ON own.refobjid = t.oid AND own.refobjsubid = a.attnum AND own.deptype IN ('a', 'i')
    AND own.classid = 'pg_class'::regclass AND own.refclassid = 'pg_class'::regclass
    AND EXISTS (SELECT 1 FROM pg_sequence WHERE seqrelid = own.objid)
LEFT JOIN pg_sequence s ON s.seqrelid = own.objid
CROSS JOIN LATERAL (VALUES
    ('default', CASE WHEN a.attgenerated = '' AND own.objid IS NULL THEN pg_get_expr(d.adbin, d.adrelid) END),
    ('computed', CASE WHEN a.attgenerated <> '' THEN
        pg_get_expr(d.adbin, d.adrelid) || ' ' || a.attgenerated::text END),
    ('identity', CASE WHEN a.attidentity <> '' THEN
        concat_ws(' ', a.attidentity::text, seqstart, seqincrement, seqmin, seqmax, seqcache, seqcycle) END),
    ('collation', c.collname::text),
    ('type', format_type(a.atttypid, a.atttypmod))
) AS what(kind, value)
WHERE t.relnamespace = current_schema()::regnamespace AND t.relkind IN ('r', 'p') AND what.value IS NOT NULL
""")

_CONSTRAINTS = text("""
SELECT t.relname, k.contype, k.conname, pg_get_constraintdef(k.oid)
FROM pg_constraint k JOIN pg_class t ON t.oid = k.conrelid
WHERE k.connamespace = current_schema()::regnamespace AND k.contype IN ('c', 'x', 'u')
""")

_INDEXES = text("""
SELECT t.relname, i.relname, CASE WHEN x.indisunique THEN 'unique ' ELSE '' END || pg_get_indexdef(i.oid)
FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
WHERE i.relnamespace = current_schema()::regnamespace
AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = i.oid AND contype IN ('p', 'u', 'x'))
""")


def _postgresql(connection: Connection) -> Iterator[tuple[str, str, str, str]]:
    for row in connection.execute(_COLUMNS):
        yield row[0], row[1], row[2], row[3]
    for table, kind, name, words in connection.execute(_CONSTRAINTS):
        if kind == "c":
            yield table, "check", name, words
        elif kind == "x":
            yield table, "exclude", words, words
        else:
            yield table, "unique", words[words.index("(") : words.index(")") + 1], words
    for table, name, words in connection.execute(_INDEXES):
        yield table, "index", name, words.partition(" ")[0].replace("CREATE", "") + words.partition(" USING ")[2]


def _made_beside(connection: Connection, metadata: MetaData) -> Catalogue:
    copies = {f"fissile${number}": table for number, table in enumerate(metadata.tables.values())}
    unread: dict[str, str] = {}
    step = connection.begin_nested()
    try:
        indexes: dict[str, str] = {}
        _make_standalone(connection, metadata)
        for name, table in copies.items():
            try:
                with connection.begin_nested():
                    indexes |= _make_copy(connection, table, name)
            except (DBAPIError, CompileError) as error:
                unread[table.name] = reason(error)
        entries = {
            Key(copies[table].name, kind, indexes.get(name, name.replace(f"{table}_", f"{copies[table].name}_"))): value
            for table, kind, name, value in _postgresql(connection)
            if table in copies
        }
    finally:
        step.rollback()
    return Catalogue(entries, unread)


def reason(error: DBAPIError | CompileError) -> str:
    """Return the first line of what was refused."""
    return str(error.orig if isinstance(error, DBAPIError) else error).strip().partition("\n")[0]


def _make_standalone(connection: Connection, metadata: MetaData) -> None:
    present = {one.name for one in standalone.there(connection)}
    for one in standalone.declared(metadata)[0]:
        if one.name not in present:
            connection.execute(text(one.create))


def _make_copy(connection: Connection, table: Table, name: str) -> dict[str, str]:
    """Make a table under another name, and return the names of its indexes by those that they have there."""
    copy = table.to_metadata(MetaData(naming_convention=table.metadata.naming_convention), name=name)
    copy.primary_key.name = None
    for column in copy.columns:
        if isinstance(column.type, NullType):  # that of the column to which its foreign key refers
            column.type = table.columns[column.key].type
    for constraint in copy.constraints:
        if isinstance(constraint, UniqueConstraint | ExcludeConstraint):
            constraint.name = None  # it would be an index of the same name
    connection.execute(CreateTable(copy, include_foreign_key_constraints=[]))
    indexes = {f"{name}.{at}": index for at, index in enumerate(copy.indexes)}
    known = {new: str(index.name).replace(name, table.name) for new, index in indexes.items()}
    for new, index in indexes.items():
        index.name = quoted_name(new, None)
        index.dialect_options["postgresql"]["concurrently"] = False
        connection.execute(CreateIndex(index))
    return known
