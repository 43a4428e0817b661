"""The trial of revisions before they are written: up, down and up again, on databases that are thrown away."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import CompileError, DBAPIError

from ...errors import ConfigurationError, Fault, shown
from ..address import Address
from .applying import back_to, run, up_to
from .catalogue import reason
from .history import History
from .locking import Database
from .upgrading import Migrations
from .writing import Written

Scratch = Callable[[Address], AbstractContextManager[Address | None]]
"""A place in PostgreSQL for a trial: given the component's address, an empty schema; None if there is no server."""


def rehearse(migrations: Migrations, address: Address, made: Sequence[Written], scratch: Scratch) -> list[str]:
    """Apply revisions to new databases, take them back, and apply them again.

    They are tried in SQLite and in PostgreSQL, but not in one that does not take the tables of the code, such as those
    with a JSONB in SQLite, or the earlier revisions: the component is not for that database then.

    Args:
        migrations: The migrations as they are.
        address: The component's database.
        made: The revisions.
        scratch: Where they are tried in PostgreSQL.

    Returns:
        Where they were not tried and why, for people.

    Raises:
        ConfigurationError: One of them fails.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        trial = _Trial(migrations, made, folder)
        skipped = trial.on(Address.of_file(migrations.component, folder / "trial.sqlite3"), is_own=address.is_sqlite)
        with scratch(address) as place:
            if place is None:
                return [*skipped, "PostgreSQL: there is none; pip install 'fissile[testing]' brings one"]
            return [*skipped, *trial.on(place, is_own=not address.is_sqlite)]


@contextmanager
def own_schema(address: Address) -> Iterator[Address | None]:
    """Yield an empty schema in the component's own database; None if its role may not make one.

    Args:
        address: The component's address in PostgreSQL.
    """
    engine = address.blocking_engine("fissile trial")
    name = f"{address.schema}$trial_{secrets.token_hex(4)}"  # which no component can be named
    try:
        with engine.begin() as connection:
            may = connection.scalar(text("SELECT has_database_privilege(current_database(), 'CREATE')"))
            if may:
                connection.execute(text(f'CREATE SCHEMA "{name}"'))
        if not may:
            yield None
            return
        try:
            yield replace(address, schema=name, formerly="")
        finally:
            with engine.begin() as connection:
                connection.execute(text(f'DROP SCHEMA "{name}" CASCADE'))
    finally:
        engine.dispose()


class _Trial:
    """Revisions in a copy of their component's folder.

    Args:
        migrations: The migrations as they are.
        made: The new revisions.
        folder: A folder for the copy.
    """

    def __init__(self, migrations: Migrations, made: Sequence[Written], folder: Path) -> None:
        self._metadata = migrations.metadata
        self._component = migrations.component
        self._head = migrations.head
        self._real = migrations.history.folder
        self._made = made
        self._copy = folder / "migrations"
        if self._real.is_dir():
            shutil.copytree(self._real, self._copy, ignore=shutil.ignore_patterns("__pycache__"))
        self._copy.mkdir(exist_ok=True)
        for one in made:
            (self._copy / one.file.name).write_text(one.text, encoding="utf-8")

    def on(self, address: Address, *, is_own: bool) -> list[str]:
        """Try them on an empty database; return why not, if it is not one that the component has.

        Raises:
            ConfigurationError: One of them fails, or the component has this database, which does not take its tables.
        """
        called = "SQLite" if address.is_sqlite else "PostgreSQL"
        with Database(address).locked() as connection:
            if refused := self._refuses_tables(connection):
                if is_own:
                    what = f"the tables of {self._component} cannot be made in {called}"
                    raise ConfigurationError(Fault(what, shown(self._real), refused))
                return [f"{called}: it does not take the tables: {refused}"]
            history = History(self._component, self._copy)
            try:
                self._run(connection, history, self._head)
            except ConfigurationError as error:
                if is_own:
                    raise self._told(error, called) from None
                return [f"{called}: {error.faults[0].what}: {error.faults[0].why}"]
            try:
                self._there_and_back(connection, history)
            except ConfigurationError as error:
                raise self._told(error, called) from None
        return []

    def _refuses_tables(self, connection: Connection) -> str | None:
        step = connection.begin_nested()
        try:
            self._metadata.create_all(connection)
        except (CompileError, DBAPIError) as error:
            return reason(error)
        finally:
            step.rollback()
        return None

    def _there_and_back(self, connection: Connection, history: History) -> None:
        self._run(connection, history, history.revisions[-1].id)
        before = next((one for one in history.revisions if one.id == self._head), None)
        run(connection, history, self._metadata, back_to(history, before))
        self._run(connection, history, history.revisions[-1].id)

    def _run(self, connection: Connection, history: History, last: str | None) -> None:
        if wanted := next((one for one in history.revisions if one.id == last), None):
            run(connection, history, self._metadata, up_to(history, wanted))

    def _told(self, error: ConfigurationError, called: str) -> ConfigurationError:
        """Return the error as one of the files that are not there yet, with the line that failed."""
        return ConfigurationError(*(self._of_real(fault, called) for fault in error.faults))

    def _of_real(self, fault: Fault, called: str) -> Fault:
        place, _, line = fault.where.rpartition(":")
        file = Path(place).name
        new = next((one for one in self._made if one.file.name == file), None)
        where = fault.where.replace(shown(self._copy), shown(self._real))
        if new is None:
            return replace(fault, where=where)
        code = new.text.splitlines()[int(line) - 1].strip()
        what = f"{new.file.stem} of {self._component} was not written: it fails on a new database in {called}"
        fix = "change the tables; or let --dry-run print it, and write the file by hand"
        return Fault(what, where, f"{fault.why}, at: {code}", fix)
