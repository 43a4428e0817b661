"""What a revision would do to older code, and to whoever uses its tables meanwhile, found in its SQL by squawk."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ...errors import ConfigurationError, Fault
from ...project.libraries import install
from .history import Revision
from .upgrading import Migrations


@dataclass(frozen=True)
class Rule:
    """A rule of squawk's, as we say it (https://squawkhq.com/docs/rules).

    Attributes:
        does: What a revision does that it forbids.
        instead: How to get there without.
        in_contraction: Whether it holds for contractions too: it is not about older code, which has ended by then.
    """

    does: str
    instead: str
    in_contraction: bool = False


_WITH_BOTH = "expand: add the new one beside it, and write both; migrate: copy the rows; contract: drop the old one"
_CONSTRAINT = "demand it in a contraction, when every process writes what it wants"

RULES = {
    "adding-required-field": Rule(
        "adds a column that older code does not fill",
        "expand: add it nullable or with server_default; migrate: fill it; contract: nullable=False",
    ),
    "adding-not-nullable-field": Rule(
        "demands a value of a column that older code may leave empty",
        "expand: leave it nullable; migrate: fill it; contract: nullable=False",
    ),
    "adding-field-with-default": Rule(
        "adds a column whose default is computed for each row, which locks and writes the whole table",
        "expand: add it nullable; migrate: fill it in batches; contract: nullable=False",
        in_contraction=True,
    ),
    "adding-serial-primary-key-field": Rule(
        "adds a primary key, which locks and writes the whole table", _WITH_BOTH, in_contraction=True
    ),
    "ban-drop-column": Rule(
        "drops a column that older code still uses",
        "expand: let newer code do without it, nullable where it was demanded; contract: drop it",
    ),
    "ban-drop-table": Rule(
        "drops a table that older code still uses", "expand: let newer code do without it; contract: drop it"
    ),
    "renaming-column": Rule("renames a column that older code still uses", _WITH_BOTH),
    "renaming-table": Rule("renames a table that older code still uses", _WITH_BOTH),
    "changing-column-type": Rule(
        "changes the type of a column, which older code may not know, and may lock and write the whole table",
        _WITH_BOTH,
    ),
    "adding-foreign-key-constraint": Rule("refuses rows that older code may write", _CONSTRAINT),
    "constraint-missing-not-valid": Rule("refuses rows that older code may write, and reads the table", _CONSTRAINT),
    "disallowed-unique-constraint": Rule("refuses rows that older code may write", _CONSTRAINT),
    "require-concurrent-index-creation": Rule(
        "makes an index while nobody can write to the table",
        "make it with postgresql_concurrently=True in `with op.get_context().autocommit_block():`, in a revision alone",
        in_contraction=True,
    ),
    "require-concurrent-index-deletion": Rule(
        "drops an index that older code still needs, and nobody reads the table meanwhile",
        "contract: drop it, when no older code runs",
    ),
    "ban-concurrent-index-creation-in-transaction": Rule(
        "makes an index concurrently, which PostgreSQL refuses inside a transaction",
        "put it in `with op.get_context().autocommit_block():`",
        in_contraction=True,
    ),
    "ban-truncate-cascade": Rule(
        "empties tables, and all that refer to them", "delete what is to go, by its condition", in_contraction=True
    ),
    "ban-drop-database": Rule("drops a database", "leave that to who runs the server", in_contraction=True),
    "syntax-error": Rule("is no SQL that PostgreSQL would read", "correct it", in_contraction=True),
}
"""The rules that are kept; its others are about style."""


def lint(migrations: Migrations) -> list[Fault]:
    """Finds what revisions do that would break older code, or lock out who uses their tables.

    A revision that reads rows before it knows what to do cannot be printed as SQL, and is not looked at.

    Raises:
        ConfigurationError: Squawk is not installed, or does not work.
    """
    return [fault for revision in migrations.history.revisions for fault in _of_revision(migrations, revision)]


def _of_revision(migrations: Migrations, revision: Revision) -> Iterator[Fault]:
    sql = _sql(migrations, revision)
    if sql is None:
        return
    for name, line in _findings(sql):
        rule = RULES.get(name)
        if rule is None or (revision.kind == "contract" and not rule.in_contraction):
            continue
        what = f"{revision.name} of {migrations.component} {rule.does}"
        statement = " ".join(_statement(sql, line).split())
        yield Fault(what, revision.place("def upgrade"), f"in PostgreSQL it is: {statement}", rule.instead)


def _sql(migrations: Migrations, revision: Revision) -> str | None:
    output = io.StringIO()
    below = revision.below[0] if revision.below else None
    try:
        migrations.write_steps(output, "postgresql", below, revision)
    except Exception:  # noqa: BLE001  # its own code has met that there is no database
        return None
    return output.getvalue()


def _statement(sql: str, line: int) -> str:
    """The statement that is written on this line and those after it."""
    return "\n".join(sql.splitlines()[line:]).partition(";")[0]


def _findings(sql: str) -> list[tuple[str, int]]:
    """The rules that SQL breaks, and the first line, from 0, of each statement."""
    command = [_squawk(), "--reporter", "json", "--stdin-filepath", "revision.sql"]
    done = subprocess.run(command, input=sql, capture_output=True, text=True, check=False)
    try:
        found = json.loads(done.stdout or "[]")
    except ValueError:
        said = (done.stderr or done.stdout).strip()
        raise ConfigurationError(Fault("squawk does not work", _squawk(), said, install("squawk"))) from None
    starts = [0, *(at + 1 for at, line in enumerate(sql.splitlines()) if line.rstrip().endswith(";"))]
    lines = sql.splitlines()
    pairs = []
    for one in found:
        start = max(start for start in starts if start <= one["line"])
        while start < one["line"] and (not lines[start].strip() or lines[start].startswith("--")):
            start += 1
        pairs.append((str(one["rule_name"]), start))
    return list(dict.fromkeys(pairs))


def _squawk() -> str:
    found = shutil.which("squawk", path=sysconfig.get_path("scripts")) or shutil.which("squawk")
    if found is None:
        why = "it reads the SQL of the migrations, and knows what breaks older code or locks tables"
        raise ConfigurationError(Fault("squawk is not installed", "", why, install("squawk")))
    return str(Path(found))
