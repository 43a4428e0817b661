"""Whether the default that a database gives a column has changed."""

from __future__ import annotations

import re

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, DefaultClause

_CAST = re.compile(r"::[a-z ]+(\(\d+(, *\d+)?\))?(\[\])?")
_PLAIN = re.compile(r"'([^']|'')*'|-?\d+(\.\d+)?")
_TRUTHS = {"true": "1", "false": "0"}


def has_changed(
    _: MigrationContext,
    there: Column[object],
    declared: Column[object],
    default_there: str | None,
    __: object,
    default_declared: str | None,
) -> bool:
    """Compares defaults as far as their words can be trusted; Alembic's own comparison fails at quotes and functions.

    Of expressions, which PostgreSQL writes in its own way, it is known only whether there is one.

    Args:
        there: The column of the database.
        declared: The column of the code.
        default_there: What the database says of its default.
        default_declared: What it would be told.
    """
    if declared.primary_key or there.computed is not None or there.identity is not None:
        return False
    if declared.server_default is None:
        return default_there is not None and "nextval(" not in default_there
    if not isinstance(declared.server_default, DefaultClause):
        return False  # a trigger does it
    if default_there is None or default_declared is None:
        return default_there is not default_declared
    before, after = _plain(default_there), _plain(_quoted(declared.server_default, default_declared))
    return before is not None and after is not None and before != after


def _quoted(default: DefaultClause, said: str) -> str:
    """What the code says; Alembic gives a string without doubling the quotes in it."""
    if isinstance(default.arg, str):
        return "'" + default.arg.replace("'", "''") + "'"
    return said


def _plain(default: str) -> str | None:
    """A string or a number without what one database and the other write around it; None for an expression."""
    found = _CAST.sub("", default.strip().strip("()"))
    if found.lower() in _TRUTHS:
        return _TRUTHS[found.lower()]
    return found.strip("'") if _PLAIN.fullmatch(found) else None
