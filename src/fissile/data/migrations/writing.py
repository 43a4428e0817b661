"""Writing revisions: what the tables of the code have that those of its migrations lack, and the other way round."""

from __future__ import annotations

import re
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from alembic.autogenerate import produce_migrations
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, MetaData

from ...errors import ConfigurationError, Fault, raise_faults, shown
from ..address import Address
from . import ledger
from .defaults import has_changed
from .foreign import foreign_keys
from .history import Kind
from .locking import Database
from .naming import name_constraints, without_nameless
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


def changes(migrations: Migrations, address: Address) -> list[ops.MigrateOperation]:
    """What the tables of the code have that those of its migrations have not, and the other way round.

    Args:
        migrations: The migrations.
        address: The database; in SQLite it does not matter how it is.

    Raises:
        ConfigurationError: It is in PostgreSQL, and is not up to date.
    """
    with _compared(migrations, address) as connection:
        return differences(connection, migrations.metadata)


def differences(connection: Connection, metadata: MetaData) -> list[ops.MigrateOperation]:
    """What would have to be done to a database, so that it has these tables and no others."""
    options = {
        "compare_server_default": has_changed,
        "include_object": _is_its_own,
        "target_metadata": metadata,
        "render_as_batch": True,
    }
    found = produce_migrations(MigrationContext.configure(connection, opts=options), metadata).upgrade_ops
    assert found is not None, "there is one for one database"
    return without_nameless(connection, found.ops)


@contextmanager
def _compared(migrations: Migrations, address: Address) -> Iterator[Connection]:
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


def _is_its_own(_: object, name: str | None, kind: str, __: bool, ___: object) -> bool:
    return not (kind == "table" and name in ledger.KEPT)


def revisions(migrations: Migrations, address: Address, message: str, *, empty: bool = False) -> list[Written]:
    """What to write for the changes of the code: expansions, then contractions, whichever there are.

    Args:
        migrations: The migrations.
        address: The database.
        message: What the change is.
        empty: Whether a revision without changes of tables is meant, for changes of rows.

    Raises:
        ConfigurationError: The message says nothing, or nothing has changed.
    """
    slug = _slug(message)
    raise_faults(foreign_keys(migrations.component, migrations.metadata, shown(migrations.history.folder)))
    parts: list[Changes | Indexes | None] = [None]
    if not empty:
        found = changes(migrations, address)
        for one in found:
            name_constraints(one)
        parts = [*split(found)]
    if not parts:
        what = f"the tables of {migrations.component} are as its migrations make them"
        fix = "change the tables first; --empty writes a revision for changes of rows"
        raise ConfigurationError(Fault(what, shown(migrations.history.folder), "there is nothing to write", fix))
    return _written(migrations, message.strip().rstrip("."), slug, parts)


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
