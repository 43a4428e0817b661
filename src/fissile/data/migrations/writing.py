"""Writing revisions: what the tables of the code have that those of its migrations lack, and the other way round."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from ...errors import ConfigurationError, Fault, raise_faults, shown
from ..address import Address
from .comparing import Differences, changes, indexes_of_expressions
from .expressions import expression
from .foreign import foreign_keys
from .history import Kind
from .naming import checks_of, name_constraints
from .printed import Printed
from .rendering import rendered
from .splitting import Changes, Indexes, split
from .upgrading import Migrations

SLUG = 40
"""Characters of a message that its file is named by."""


@dataclass(frozen=True)
class Written:
    """A revision that is to be written.

    Attributes:
        file: Where.
        text: What.
        kind: What it is to older code.
    """

    file: Path
    text: str
    kind: Kind


@dataclass(frozen=True)
class Proposal:
    """The revisions that are to be written.

    Attributes:
        revisions: Expansions, then contractions.
        not_compared: Parts of the code's tables that were not compared, for people.
    """

    revisions: list[Written]
    not_compared: list[str]


def propose(migrations: Migrations, address: Address, message: str, *, empty: bool = False) -> Proposal:
    """Return the revisions to write for the changes of the code.

    Args:
        migrations: The migrations.
        address: The database.
        message: What the change is.
        empty: True for a revision without changes of tables, for changes of rows.

    Raises:
        ConfigurationError: The message says nothing, nothing has changed, or a change is one that cannot be written.
    """
    slug = _slug(message)
    raise_faults(foreign_keys(migrations.component, migrations.metadata, shown(migrations.history.folder)))
    found = Differences() if empty else changes(migrations, address)
    if found.unwritable:
        raise ConfigurationError(_by_hand(migrations, found.unwritable))
    for one in found.operations:
        name_constraints(one)
    kept = [*indexes_of_expressions(migrations.metadata, found.operations)]
    parts: list[Changes | Indexes | None] = (
        [None] if empty else [*split(found.operations, found.standalone, kept, _nameless(migrations))]
    )
    if not parts:
        what = f"the tables of {migrations.component} are as its migrations make them"
        why = f"not compared: {'; '.join(found.not_compared)}" if found.not_compared else "there is nothing to write"
        fix = "change the tables first; --empty writes a revision for changes of rows"
        raise ConfigurationError(Fault(what, shown(migrations.history.folder), why, fix))
    return Proposal(_written(migrations, message.strip().rstrip("."), slug, parts), found.not_compared)


def _nameless(migrations: Migrations) -> dict[str, list[str]]:
    """Return the code of the checks to which the history gives no name, by their tables."""
    printed = Printed.of(migrations)
    return {
        table.name: [
            repr(words)
            for one in checks_of(table)
            if one.name is None and (words := expression(one.sqltext)) is not None
            if printed is None or printed.has_nameless_check(table.name, words)
        ]
        for table in migrations.metadata.tables.values()
    }


def _by_hand(migrations: Migrations, unwritable: Sequence[str]) -> Fault:
    what = f"no revision can be written for {migrations.component} to {'; to '.join(unwritable)}"
    why = "there is no operation for it that SQLite and PostgreSQL both have"
    fix = (
        f'fissile db revision {migrations.component} -m "what has changed" --empty, and write it there, with op.execute'
    )
    return Fault(what, shown(migrations.history.folder), why, fix)


def _slug(message: str) -> str:
    """The part of a file's name that says what it is about."""
    slug = "_".join(re.findall(r"[a-z0-9]+", message.lower()))[:SLUG].strip("_")
    if not slug:
        why = "the file is named by it, in letters from a to z"
        raise ConfigurationError(
            Fault(f"the message {message!r} says nothing", "--message", why, 'say what: "add city"')
        )
    if not message.isprintable() or "\\" in message or '"' in message:
        why = "it becomes the first line of the file"
        what = f"the message {message!r} has quotes, backslashes or line breaks"
        raise ConfigurationError(Fault(what, "--message", why, "leave them out"))
    return slug


def _written(
    migrations: Migrations, message: str, slug: str, parts: Sequence[Changes | Indexes | None]
) -> list[Written]:
    numbers = [int(found[0]) for one in migrations.history.revisions if (found := re.match(r"\d+", one.name))]
    first = max(numbers, default=0) + 1
    below = migrations.head
    made: list[Written] = []
    for number, part in enumerate(parts, first):
        kind: Kind = part.kind if part is not None else "expand"
        revision = uuid.uuid4().hex[-12:]
        text = rendered(part, migrations.metadata, message=message, revision=revision, below=below, kind=kind)
        file = migrations.history.folder / f"{number:04d}_{_name(slug, kind, part, parts)}.py"
        made.append(Written(file, text, kind))
        below = revision
    return made


def _name(slug: str, kind: Kind, part: Changes | Indexes | None, parts: Sequence[object]) -> str:
    """The slug, and what tells several of one message apart."""
    if len(parts) == 1:
        return slug
    index = "_index" if isinstance(part, Indexes) else ""
    return f"{slug}{index}{'_contract' if kind == 'contract' else ''}"


def write(made: Sequence[Written]) -> None:
    """Writes them, all or none.

    Raises:
        ConfigurationError: One of them is there already, or cannot be written.
    """
    with ExitStack() as undoing:
        for one in made:
            try:
                if not one.file.parent.is_dir():
                    one.file.parent.mkdir(parents=True, exist_ok=True)
                    undoing.callback(one.file.parent.rmdir)
                with one.file.open("x", encoding="utf-8") as file:
                    undoing.callback(one.file.unlink)
                    file.write(one.text)
            except OSError as error:
                fault = Fault(f"it cannot be written: {error.strerror}", shown(one.file), "none of them was")
                raise ConfigurationError(fault) from None
        undoing.pop_all()
