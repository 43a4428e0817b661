"""Columns, defaults, constraints and indexes as SQLAlchemy's documentation shows them, each with a value to insert."""

from __future__ import annotations

import enum
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from ipaddress import ip_address
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, MetaData, Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import SchemaItem
from sqlalchemy.types import TypeDecorator, TypeEngine

from fissile.data import Exact, Instant

BOTH = ("sqlite", "postgresql")


class Colour(enum.Enum):
    """An enum of Python, whose names are the values of the column."""

    RED = "r"
    BLUE = "b"


class Money(TypeDecorator[str]):
    """A user's type with the arguments of the type under it."""

    impl = sa.String
    cache_ok = True


class Currency(TypeDecorator[str]):
    """A user's type whose ``repr`` does not make it again."""

    impl = sa.String
    cache_ok = True

    def __init__(self, currency: str) -> None:
        super().__init__(length=len(currency))


class Shade(TypeDecorator[str]):
    """A user's type over an Enum, which PostgreSQL has a name for."""

    impl = sa.Enum("dark", "light", name="shade")
    cache_ok = True


def values(kind: type[enum.Enum]) -> list[str]:
    """Return the values of an enum of Python."""
    return [str(one.value) for one in kind]


def local_type() -> TypeEngine[str]:
    """Return a type of a class that no revision can import."""

    class Local(TypeDecorator[str]):
        impl = sa.String(7)
        cache_ok = True

    return Local()


@dataclass(frozen=True)
class Case:
    """One thing that a table may have.

    Attributes:
        items: Makes what the table has beside its id, and its column ``a`` of integers.
        row: Values to insert; a column that it leaves out is filled by the database.
        databases: The databases that have it.
        is_new: True if it is for a new table alone.
    """

    items: Any
    row: Mapping[str, Any]
    databases: tuple[str, ...] = BOTH
    is_new: bool = False


def column(kind: Any, value: Any, *databases: str) -> Case:
    """Return the case of a column that may be empty."""
    return Case(lambda: [Column("x", kind() if callable(kind) else kind)], {"x": value}, databases or BOTH)


def default(value: Any, kind: Any = None, *databases: str, **options: Any) -> Case:
    """Return the case of a column that the database fills."""
    return Case(lambda: [Column("x", kind or sa.String(20), server_default=value, **options)], {}, databases or BOTH)


def items(*made: Any, databases: tuple[str, ...] = BOTH, is_new: bool = False, **row: Any) -> Case:
    """Return the case of items, each made anew by a function."""
    return Case(lambda: [each() for each in made], row, databases, is_new)


NOW = datetime(2026, 12, 1, 10, 30)
PG = ("postgresql",)
ID = uuid.UUID(int=7)

TYPES: dict[str, Case] = {
    "big_integer": column(sa.BigInteger, 2**40),
    "boolean": column(sa.Boolean, True),
    "boolean_checked": column(lambda: sa.Boolean(create_constraint=True, name="truth"), True),
    "date": column(sa.Date, date(2026, 12, 1)),
    "datetime": column(sa.DateTime, NOW),
    "datetime_zone": column(sa.DateTime(timezone=True), NOW.replace(tzinfo=UTC), *PG),
    "double": column(sa.Double, 1.5),
    "double_of_digits": column(sa.Double(53), 1.5),
    "enum": column(lambda: sa.Enum("a", "b", name="letter"), "b"),
    "enum_of_quotes": column(lambda: sa.Enum("it's", "a:b", "100%", name="odd Name"), "a:b"),
    "enum_of_python": column(lambda: sa.Enum(Colour), Colour.RED),
    "enum_values": column(lambda: sa.Enum(Colour, name="tone", values_callable=values), Colour.RED),
    "enum_checked": column(lambda: sa.Enum("a", "b", name="kept", native_enum=False, create_constraint=True), "a"),
    "enum_of_strings": column(lambda: sa.Enum("a", "b", native_enum=False, length=9), "a"),
    "float": column(sa.Float, 1.5),
    "float_of_digits": column(sa.Float(24), 1.5),
    "interval": column(sa.Interval, timedelta(days=1, seconds=2)),
    "interval_of_digits": column(sa.Interval(second_precision=3, day_precision=2), timedelta(seconds=2)),
    "binary": column(sa.LargeBinary, b"\0\xff"),
    "binary_of_bytes": column(sa.LargeBinary(10), b"\0"),
    "numeric": column(sa.Numeric, Decimal("1.50"), *PG),
    "numeric_of_digits": column(sa.Numeric(10, 2), Decimal("1.50")),
    "numeric_float": column(sa.Numeric(10, 2, asdecimal=False), 1.5),
    "pickle": column(sa.PickleType, {"a": 1}),
    "small_integer": column(sa.SmallInteger, 7),
    "string": column(sa.String, "a"),
    "string_of_length": column(sa.String(20), "a"),
    "string_collated": column(lambda: sa.String(20, collation="C"), "a", *PG),
    "string_without_case": column(lambda: sa.String(20, collation="NOCASE"), "a", "sqlite"),
    "text": column(sa.Text, "a"),
    "text_of_length": column(sa.Text(20), "a", "sqlite"),
    "time": column(sa.Time, time(10, 30)),
    "unicode": column(sa.Unicode(9), "ж"),
    "unicode_text": column(sa.UnicodeText, "ж"),
    "uuid": column(sa.Uuid, ID),
    "uuid_of_strings": column(sa.Uuid(as_uuid=False), str(ID)),
    "uuid_of_characters": column(sa.Uuid(native_uuid=False), ID),
    "json": column(sa.JSON, {"a": [1]}),
    "json_of_null": column(sa.JSON(none_as_null=True), {"a": 1}),
    "json_or_jsonb": column(lambda: sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), {"a": 1}),
    "json_or_array": column(lambda: sa.JSON().with_variant(postgresql.ARRAY(sa.String(5)), "postgresql"), ["a"]),
    "integer_of_room": column(lambda: sa.BigInteger().with_variant(sa.Integer(), "sqlite"), 7),
    "BIGINT": column(sa.BIGINT, 7),
    "BLOB": column(sa.BLOB, b"a", "sqlite"),
    "BOOLEAN": column(sa.BOOLEAN, True),
    "CHAR": column(sa.CHAR(3), "abc"),
    "CLOB": column(sa.CLOB, "a", "sqlite"),
    "DATE": column(sa.DATE, date(2026, 12, 1)),
    "DATETIME": column(sa.DATETIME, NOW, "sqlite"),
    "DECIMAL": column(sa.DECIMAL(5, 2), Decimal("1.50")),
    "DOUBLE": column(sa.DOUBLE, 1.5, "sqlite"),
    "DOUBLE_PRECISION": column(sa.DOUBLE_PRECISION, 1.5),
    "FLOAT": column(sa.FLOAT, 1.5),
    "INT": column(sa.INT, 7),
    "NCHAR": column(sa.NCHAR(3), "abc", "sqlite"),
    "NUMERIC": column(sa.NUMERIC(5, 2), Decimal("1.50")),
    "NVARCHAR": column(sa.NVARCHAR(3), "abc", "sqlite"),
    "REAL": column(sa.REAL, 1.5),
    "SMALLINT": column(sa.SMALLINT, 7),
    "TEXT": column(sa.TEXT, "a"),
    "TIME": column(sa.TIME, time(10, 30)),
    "TIMESTAMP": column(sa.TIMESTAMP, NOW),
    "timestamp_zone": column(sa.TIMESTAMP(timezone=True), NOW.replace(tzinfo=UTC), *PG),
    "UUID": column(sa.UUID, ID, *PG),
    "VARBINARY": column(sa.VARBINARY(5), b"a", "sqlite"),
    "VARCHAR": column(sa.VARCHAR(10), "a"),
    "array": column(lambda: sa.ARRAY(sa.Integer), [1, 2], *PG),
    "array_of_arrays": column(lambda: postgresql.ARRAY(sa.String(5), dimensions=2), [["a"], ["b"]], *PG),
    "array_of_enums": column(lambda: postgresql.ARRAY(sa.Enum("p", "q", name="pq")), ["q"], *PG),
    "bit": column(postgresql.BIT(3), "101", *PG),
    "bytea": column(postgresql.BYTEA, b"a", *PG),
    "domain": column(lambda: postgresql.DOMAIN("positive", sa.Integer, check="VALUE > 0"), 7, *PG),
    "pg_enum": column(lambda: postgresql.ENUM("m", "n", name="mn"), "n", *PG),
    "inet": column(postgresql.INET, ip_address("10.0.0.1"), *PG),
    "interval_of_days": column(postgresql.INTERVAL(fields="DAY TO SECOND", precision=3), timedelta(days=1), *PG),
    "jsonb": column(lambda: postgresql.JSONB(), {"a": 1}, *PG),
    "money": column(postgresql.MONEY, "$1.50", *PG),
    "range": column(postgresql.INT4RANGE, postgresql.Range(1, 5), *PG),
    "timestamp_of_digits": column(postgresql.TIMESTAMP(precision=3), NOW, *PG),
    "tsvector": column(postgresql.TSVECTOR, "'a'", *PG),
    "instant": column(lambda: Instant(), NOW.replace(tzinfo=UTC)),
    "exact": column(lambda: Exact(12, 2), Decimal("1.50")),
    "users_type": column(lambda: Money(10), "a"),
    "users_type_of_arguments": column(lambda: Currency("EUR"), "a"),
    "users_type_of_a_function": column(local_type, "a"),
    "users_type_over_an_enum": column(lambda: Shade(), "dark"),
}

DEFAULTS: dict[str, Case] = {
    "now": default(sa.func.now(), sa.DateTime(timezone=True)),
    "now_demanded": default(sa.func.now(), sa.DateTime(), nullable=False),
    "current_timestamp": default(sa.func.current_timestamp(), sa.DateTime()),
    "current_date": default(sa.func.current_date(), sa.Date()),
    "current_time": default(sa.func.current_time(), sa.Time()),
    "current_timestamp_text": default(sa.text("CURRENT_TIMESTAMP"), sa.DateTime()),
    "word": default("it's"),
    "quoted_word": default("'a'"),
    "percent": default("100%"),
    "json_colon": default('{"a":1, "b": ":c"}', sa.JSON()),
    "number": default("0", sa.Integer),
    "number_text": default(sa.text("-1"), sa.Integer),
    "number_literal": default(sa.literal(5), sa.Integer),
    "text_literal": default(sa.literal("it's :a 100% \\ b")),
    "true": default(sa.true(), sa.Boolean, nullable=False),
    "false": default(sa.false(), sa.Boolean),
    "expression": default(sa.text("(lower('A'))")),
    "function": default(sa.func.lower("A:b")),
    "nested_function": default(sa.func.upper(sa.func.lower("A"))),
    "cast": default(sa.cast("7", sa.Integer), sa.Integer),
    "enum_value": default("a", sa.Enum("a", "b", name="defaulted")),
    "instant_now": default(sa.func.now(), Instant(), nullable=False),
    "random_uuid": default(sa.func.gen_random_uuid(), sa.Uuid(), *PG),
    "array": default("{}", postgresql.ARRAY(sa.Integer), *PG),
    "jsonb": default(sa.text("'{}'::jsonb"), postgresql.JSONB(), *PG),
}

CONSTRAINTS: dict[str, Case] = {
    "computed": items(lambda: Column("x", sa.Integer, sa.Computed("a + 1")), a=1),
    "computed_stored": items(lambda: Column("x", sa.Integer, sa.Computed("a * 2", persisted=True)), a=1),
    "computed_modulo": items(lambda: Column("x", sa.Integer, sa.Computed("a % 2", persisted=True)), a=1),
    "identity": items(lambda: Column("x", sa.Integer, sa.Identity(always=True, start=5, increment=2)), databases=PG),
    "identity_by_default": items(lambda: Column("x", sa.BigInteger, sa.Identity(minvalue=3, cycle=True)), databases=PG),
    "sequence": items(lambda: Column("x", sa.Integer, sa.Sequence("counted", start=3)), databases=PG),
    "sequence_of_server": items(
        lambda: Column("x", sa.Integer, s := sa.Sequence("served"), server_default=s.next_value()), databases=PG
    ),
    "unique": items(lambda: Column("x", sa.Integer, unique=True), x=1),
    "unique_named": items(lambda: Column("x", sa.Integer), lambda: sa.UniqueConstraint("x", "a", name="both"), x=1),
    "unique_later": items(
        lambda: Column("x", sa.Integer),
        lambda: sa.UniqueConstraint("x", name="later", deferrable=True, initially="DEFERRED"),
        databases=PG,
        x=1,
    ),
    "unique_of_nulls": items(
        lambda: Column("x", sa.Integer),
        lambda: sa.UniqueConstraint("x", name="nulls", postgresql_nulls_not_distinct=True),
        databases=PG,
        x=1,
    ),
    "check": items(lambda: Column("x", sa.Integer), lambda: sa.CheckConstraint("x > 0", name="positive"), x=1),
    "check_of_column": items(lambda: Column("x", sa.Integer, sa.CheckConstraint("x > 0")), x=1),
    "check_of_table": items(lambda: Column("x", sa.Integer), lambda: sa.CheckConstraint("x > a OR a IS NULL"), x=1),
    "check_of_colons": items(
        lambda: Column("x", sa.String(9)), lambda: sa.CheckConstraint("x <> 'a:b' AND x <> '%'", name="odd"), x="1"
    ),
    "key": items(lambda: Column("x", sa.ForeignKey("other.id")), x=None),
    "key_of_options": items(
        lambda: Column(
            "x",
            sa.Integer,
            sa.ForeignKey("other.id", ondelete="CASCADE", onupdate="SET NULL", deferrable=True, initially="DEFERRED"),
        ),
        x=None,
    ),
    "key_named": items(lambda: Column("x", sa.ForeignKey("other.id", name="to_other", ondelete="SET NULL")), x=None),
    "keys": items(lambda: Column("x", sa.Integer, primary_key=True, autoincrement=False), is_new=True, x=1, id=1),
    "exclude": items(
        lambda: Column("x", postgresql.INT4RANGE),
        lambda: postgresql.ExcludeConstraint(("x", "&&"), name="no_overlap"),
        databases=PG,
        is_new=True,
        x=postgresql.Range(1, 2),
    ),
    "comment": items(lambda: Column("x", sa.Integer, comment="it's :a 100%"), x=1),
}

X: sa.ColumnClause[Any] = sa.column("x")

INDEXES: dict[str, Case] = {
    "plain": items(lambda: Column("x", sa.Integer, index=True), x=1),
    "unique": items(lambda: Column("x", sa.Integer, index=True, unique=True), x=1),
    "several": items(lambda: Column("x", sa.Integer), lambda: sa.Index("ix_several", "x", "a"), x=1),
    "descending": items(lambda: Column("x", sa.Integer), lambda: sa.Index("ix_descending", sa.desc("x")), x=1),
    "function": items(lambda: Column("x", sa.String(9)), lambda: sa.Index("ix_function", sa.text("lower(x)")), x="A"),
    "unique_function": items(
        lambda: Column("x", sa.String(9)), lambda: sa.Index("ix_lower", sa.func.lower(X), unique=True), x="A"
    ),
    "partial": items(
        lambda: Column("x", sa.Integer),
        lambda: sa.Index("ix_partial", "x", sqlite_where=X > 5, postgresql_where=X > 5),
        x=1,
    ),
    "colons": items(
        lambda: Column("x", sa.String(9)), lambda: sa.Index("ix_colons", sa.func.coalesce(X, "a:b 100%")), x="A"
    ),
    "include": items(
        lambda: Column("x", sa.Integer),
        lambda: sa.Index("ix_include", "x", postgresql_include=["a"]),
        databases=PG,
        x=1,
    ),
    "gin": items(
        lambda: Column("x", postgresql.JSONB),
        lambda: sa.Index("ix_gin", "x", postgresql_using="gin", postgresql_ops={"x": "jsonb_path_ops"}),
        databases=PG,
        x={"a": 1},
    ),
    "of_operators": items(
        lambda: Column("x", sa.Text),
        lambda: sa.Index("ix_operators", "x", postgresql_ops={"x": "text_pattern_ops"}),
        x="a",
    ),
    "of_distinct_nulls": items(
        lambda: Column("x", sa.Integer),
        lambda: sa.Index("ix_nulls", "x", unique=True, postgresql_nulls_not_distinct=True),
        databases=PG,
        x=1,
    ),
}

EVERY: dict[str, Case] = {
    f"{'s' if name.isupper() else kind}_{name.lower()}": case
    for kind, cases in {"t": TYPES, "d": DEFAULTS, "c": CONSTRAINTS, "i": INDEXES}.items()
    for name, case in cases.items()
}


def tables(cases: Mapping[str, Case], *, with_items: bool) -> MetaData:
    """Return a table for each case, with what it is about or without."""
    metadata = MetaData()
    Table("other", metadata, Column("id", sa.Integer, primary_key=True))
    for name, case in cases.items():
        made: list[SchemaItem] = case.items() if with_items else []
        Table(name, metadata, Column("id", sa.Integer, primary_key=True), Column("a", sa.Integer), *made)
    return metadata
