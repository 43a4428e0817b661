"""SQL expressions of the code's tables as Python code that SQLite and PostgreSQL both read."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import DefaultClause, Dialect, FetchedValue, TextClause
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.dialects.sqlite.base import SQLiteDialect
from sqlalchemy.exc import CompileError
from sqlalchemy.sql.elements import ClauseElement, False_, True_
from sqlalchemy.sql.functions import Function, GenericFunction, next_value

IS_POSTGRESQL = "op.get_context().dialect.name == 'postgresql'"
"""The condition, in a revision, under which it runs on PostgreSQL; it can be printed as SQL too."""

_BIND = re.compile(r"(?<![:\w\\]):(?=\w+(?!:))")
"""A colon that `sqlalchemy.text` would take for a parameter."""


def dialects() -> tuple[Dialect, Dialect]:
    """Return the dialects of SQLite and PostgreSQL, as they are without a driver."""
    postgresql: Dialect = PGDialect(paramstyle="named")  # type: ignore[no-untyped-call]  # as SQLAlchemy has it
    postgresql._backslash_escapes = False  # type: ignore[attr-defined]  # SQLAlchemy reads standard_conforming_strings at the first connection
    return SQLiteDialect(), postgresql


class Code(str):
    """The SQL of an expression, whose `repr` is the Python code that a revision has for it."""

    def __new__(cls, text: str, code: str) -> Code:
        """Return the text with its code."""
        made = super().__new__(cls, text)
        made.code = code
        return made

    code: str

    def __repr__(self) -> str:
        return self.code


def expression(value: ClauseElement, *, is_literal: bool = False, in_parentheses: bool = False) -> Code:
    """Return an expression as a string literal, or as a choice of two if the databases are told different things.

    Args:
        value: The expression.
        is_literal: True if the string is for `sqlalchemy.literal_column`, which takes colons as they are.
        in_parentheses: True for a default, which SQLite takes in parentheses alone, unless it is a literal.

    Raises:
        CompileError: Neither database has it.
    """
    sqlite, postgresql = (_sql(value, dialect) for dialect in dialects())
    if in_parentheses:
        sqlite, postgresql = (text and f"({text})" for text in (sqlite, postgresql))
    if not is_literal:
        sqlite, postgresql = (text and escaped(text) for text in (sqlite, postgresql))
    text = sqlite if sqlite is not None else postgresql
    if text is None:
        raise CompileError(f"neither SQLite nor PostgreSQL has {value!r}")
    if None in (sqlite, postgresql) or sqlite == postgresql:
        return Code(text, repr(text))
    return Code(text, f"({postgresql!r} if {IS_POSTGRESQL} else {sqlite!r})")


def escaped(text: str) -> str:
    """Return SQL for `sqlalchemy.text`, with a backslash before colons that it would take for parameters."""
    return _BIND.sub(r"\\:", text)


def server_default(default: FetchedValue | str | None) -> str | None:
    """Return the code of a server default; None for those that Alembic writes well."""
    if not isinstance(default, DefaultClause):
        return None
    value: Any = default.arg
    if isinstance(value, str):
        return repr(value)
    if isinstance(value, TextClause):
        return f"sa.text({expression(value)!r})"
    if isinstance(value, True_ | False_):
        return f"sa.{str(value).lower()}()"
    if isinstance(value, Function | GenericFunction) and value.name.isidentifier() and _has_no_arguments(value):
        return f"sa.func.{value.name}()"
    return f"sa.text({expression(value, in_parentheses=True)!r})"


def _has_no_arguments(value: Function[Any] | GenericFunction[Any]) -> bool:
    return not isinstance(value, next_value) and not len(value.clauses)


def _sql(value: ClauseElement, dialect: Dialect) -> str | None:
    try:
        made = value.compile(dialect=dialect, compile_kwargs={"literal_binds": True, "include_table": False})
    except (CompileError, NotImplementedError):
        return None
    return str(made)
