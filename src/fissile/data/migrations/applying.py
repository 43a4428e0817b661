"""Applying revisions to a database that is locked, and printing what that would do."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TextIO

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, MigrationStep
from alembic.script import Script
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.exc import DBAPIError

from ...errors import ConfigurationError, DependencyDown, Fault, shown
from . import ledger, locking
from .history import History, Revision, line_in
from .naming import nameless, without_warnings_of_expressions

PAUSE = 0.5
"""Seconds at most until it asks for such a lock again."""

Steps = Callable[[object, MigrationContext], Iterable[MigrationStep]]


def up_to(history: History, last: Revision) -> Steps:
    """Applies what was not, up to a revision."""

    def steps(heads: object, _: MigrationContext) -> Iterable[MigrationStep]:
        return history.script._upgrade_revs(last.id, heads)  # type: ignore[arg-type]  # as Alembic's own commands do it

    return steps


def back_to(history: History, last: Revision | None) -> Steps:
    """Takes back what was applied after a revision; everything without one."""

    def steps(heads: object, _: MigrationContext) -> Iterable[MigrationStep]:
        target = last.id if last is not None else "base"
        return history.script._downgrade_revs(target, heads)  # type: ignore[arg-type]  # as Alembic's own commands do it

    return steps


def stamped(history: History, revision: Revision) -> Steps:
    """Takes a revision for applied."""

    def steps(heads: object, _: MigrationContext) -> Iterable[MigrationStep]:
        return history.script._stamp_revs(revision.id, heads)  # type: ignore[arg-type]  # as Alembic's own commands do it

    return steps


def run(connection: Connection, history: History, metadata: MetaData, steps: Steps) -> None:
    """Runs steps on a database that is locked, each with its entry in the ledger.

    Raises:
        ConfigurationError: The database refuses one of them; those before it stay in PostgreSQL.
        DependencyDown: Somebody else held locks on its tables for too long; what was done before stays.
    """
    until = time.monotonic() + locking.PATIENCE
    begun: list[MigrationStep] = []

    def told(heads: object, context: MigrationContext) -> Iterator[MigrationStep]:
        for step in steps(heads, context):
            begun.append(step)
            yield step

    while True:
        if connection.dialect.name == "postgresql":
            connection.rollback()  # what has been read before, so that each revision is a transaction
        try:
            with (
                without_warnings_of_expressions(),
                environment(history, metadata, told, connection=connection) as env,
            ):
                env.run_migrations()
            return
        except DBAPIError as error:
            is_locked = getattr(error.orig, "sqlstate", None) == "55P03"  # lock_not_available
            if not is_locked and (not begun or error.connection_invalidated):
                raise
            if not is_locked:
                raise ConfigurationError(_failed(history, begun[-1], error)) from error
            if time.monotonic() > until:
                raise DependencyDown(_waited(connection, history)) from None
        except Exception as error:
            if not begun or (where := line_in(history.folder, error)) is None:
                raise
            raise ConfigurationError(_failed(history, begun[-1], error, where)) from error
        time.sleep(random.uniform(0, PAUSE))


def _failed(history: History, step: MigrationStep, error: Exception, where: str | None = None) -> Fault:
    """Return the fault of a revision that the database refuses, or whose own code fails."""
    script = getattr(step, "revision", None)
    file = Path(script.path) if isinstance(script, Script) else history.folder
    what = f"{file.stem} of {history.component} failed, and nothing of it was done"
    where = where or line_in(history.folder, error) or shown(file)
    if not isinstance(error, DBAPIError):
        return Fault(what, where, f"{type(error).__name__}: {error}", "mend it, and try again")
    said = str(error.orig).strip().partition("\n")[0]
    return Fault(what, where, said, "mend it, or the rows that it meets, and try again")


_HOLDERS = f"""
SELECT DISTINCT format('process %s (%s)', pid, coalesce(nullif(application_name, ''), usename))
FROM pg_locks JOIN pg_class ON pg_class.oid = relation JOIN pg_stat_activity USING (pid)
WHERE relnamespace = current_schema()::regnamespace AND relname <> '{ledger.LOCK_TABLE}' AND pid <> pg_backend_pid()
"""


def _waited(connection: Connection, history: History) -> Fault:
    """Who is in the way: whoever holds anything of the component's schema."""
    connection.rollback()
    holders = sorted(map(str, connection.scalars(text(_HOLDERS))))
    what = f"others held locks on the tables of {history.component} for more than {locking.PATIENCE:.0f} s"
    why = f"among them {', '.join(holders)}" if holders else "nobody does any more"
    return Fault(what, shown(history.folder), why, "end its transaction, if it has a long one, and try again")


@contextmanager
def environment(
    history: History,
    metadata: MetaData,
    steps: Steps,
    *,
    connection: Connection | None = None,
    dialect: str | None = None,
    output: TextIO | None = None,
    starting: str | None = None,
) -> Iterator[EnvironmentContext]:
    """Alembic's environment, in which revisions run; without a connection they are printed."""
    offline = connection is None
    with EnvironmentContext(
        Config(output_buffer=output), history.script, fn=steps, as_sql=offline, starting_rev=starting
    ) as env:
        env.configure(
            connection=connection,
            dialect_name=dialect,
            target_metadata=nameless(metadata),
            render_as_batch=True,
            transaction_per_migration=True,
            on_version_apply=ledger.write,
            output_buffer=output,
            literal_binds=offline,
        )
        if connection is not None and connection.dialect.name == "sqlite":
            # All of them are one transaction, and nobody could write meanwhile anyway.
            env.get_context().autocommit_block = nullcontext  # type: ignore[assignment]  # it does nothing
        with env.begin_transaction():
            yield env
