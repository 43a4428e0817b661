"""A component's history as SQL for PostgreSQL, in which a component in SQLite finds what SQLite does not have."""

from __future__ import annotations

import io
import re
from typing import Any

from sqlalchemy import Column, Index
from sqlalchemy.schema import CreateIndex

from . import standalone
from .catalogue import inside, plain
from .expressions import dialects
from .upgrading import Migrations

_INTEGERS = {"SMALLSERIAL": "SMALLINT", "SERIAL": "INTEGER", "BIGSERIAL": "BIGINT"}
"""The types of columns that SQLAlchemy writes as serial ones (PostgreSQL documentation, 8.1.4)."""

_SERIAL = re.compile(rf"^({'|'.join(_INTEGERS)})\b")


class Printed:
    """The statements that the revisions of a component execute in PostgreSQL.

    Args:
        sql: The statements, as Alembic prints them.
    """

    def __init__(self, sql: str) -> None:
        self._statements = [" ".join(one.split()) for one in sql.split(";\n")]
        self._dialect = dialects()[1]

    @classmethod
    def of(cls, migrations: Migrations) -> Printed | None:
        """Print the history of a component; None if it reads rows, for which there has to be a database."""
        output = io.StringIO()
        try:
            if migrations.exists:
                migrations.write_steps(output, "postgresql", None, migrations.history.revisions[-1])
        except Exception:  # noqa: BLE001  # its own code has met that there is no database
            return None
        return cls(output.getvalue())

    def standalone(self) -> list[standalone.Standalone]:
        """Return the types, domains and sequences that the statements leave behind."""
        return standalone.printed("; ".join(self._statements))

    def has_type(self, table: str, column: Column[Any]) -> bool | None:
        """Return True if the statements give a column its type; None if they do not name it."""
        name, of = re.escape(column.name), re.escape(table)
        patterns = (
            rf'\bCREATE TABLE "?{of}"? \( ?(?:.*?, )?"?{name}"? (.*)',
            rf'\bALTER TABLE "?{of}"? ADD COLUMN "?{name}"? (.*)',
            rf'\bALTER TABLE "?{of}"? ALTER COLUMN "?{name}"? TYPE (.*)',
        )
        said = self._last(*patterns)
        wanted = " ".join(column.type.compile(dialect=self._dialect).split())
        said = said and _SERIAL.sub(lambda found: _INTEGERS[found[0]], said)
        return None if said is None else re.match(rf"{re.escape(wanted)}(?![\w(\[ ]*[(\[])(\W|$)", said) is not None

    def has_nameless_check(self, table: str, words: str) -> bool:
        """Return True if the statements make a table with such a check, without a name."""
        said = self._last(rf'\bCREATE TABLE "?{re.escape(table)}"? \((.*)') or ""
        checks = re.finditer(r"(?<!CONSTRAINT )(?:[(,]|^)[^,]*?(?<!\w)CHECK \(", said)
        return any(
            plain(inside(said[match.end() - 1 :])[0]) == plain(words)
            for match in checks
            if not re.search(r'CONSTRAINT ("[^"]+"|\S+) CHECK \($', match[0])
        )

    def has_index(self, index: Index) -> bool | None:
        """Return True if the statements make an index as it is; None if they do not name it."""
        name = re.escape(str(index.name))
        said = self._last(rf'\bCREATE (?:UNIQUE )?INDEX (?:CONCURRENTLY )?(?:IF NOT EXISTS )?"?{name}"? ON (.*)')
        wanted = " ".join(str(CreateIndex(index).compile(dialect=self._dialect)).split()).partition(" ON ")[2]
        return None if said is None else said == wanted

    def _last(self, *patterns: str) -> str | None:
        found = [match[1] for one in self._statements for each in patterns if (match := re.search(each, one))]
        return found[-1] if found else None
