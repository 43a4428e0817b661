"""Bringing a component's database to where its code wants it, and finding out where it is."""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TextIO

from alembic.util.exc import CommandError
from sqlalchemy import Connection, MetaData, inspect
from sqlalchemy.engine.interfaces import DBAPIConnection

from ...errors import ConfigurationError, Fault, raise_faults, shown
from ..address import Address
from ..columns import missing_columns
from . import deviations, ledger, presence
from .adopting import adopt
from .applying import back_to, environment, run, up_to
from .history import History, Revision, folder_of
from .locking import Database
from .state import State

logger = logging.getLogger("fissile.data")


class Migrations:
    """The revisions of one component, and what is done with them.

    Args:
        component: The component's name.
        metadata: Its tables.
        folder: Its folder.
    """

    def __init__(self, component: str, metadata: MetaData, folder: Path) -> None:
        self.component = component
        self.metadata = metadata
        self.history = History(component, folder_of(folder))

    @property
    def exists(self) -> bool:
        """Whether there are any."""
        return bool(self.history.revisions)

    @property
    def head(self) -> str | None:
        """The last one of the code."""
        return self.history.head.id if self.history.head else None

    # ---------------------------------------------------------------------------------- the running application

    def prepare(self, address: Address, *, apply: bool) -> None:
        """Makes sure that the code runs on a database.

        Args:
            address: The database.
            apply: Whether what it lacks is applied, contractions as well, as in development.

        Raises:
            ConfigurationError: It lacks something, or newer code has taken away what this code needs.
        """
        if apply:
            for one in self.upgrade(address, contract=True, force=True):
                logger.info("%s: applied %s", self.component, one.name)
        with Database(address).settled() as connection:
            state = self._state(connection)
            missing = missing_columns(connection, self.metadata)
        self._refuse_contracted(state, address)
        if state.lacking:
            raise ConfigurationError(*[self._lacks(one, address, state) for one in state.lacking])
        if missing:
            what = f"the database of {self.component} lacks {', '.join(missing)}, and no migration adds it"
            fix = f'fissile db revision {self.component} -m "what has changed"'
            raise ConfigurationError(Fault(what, shown(self.history.folder), "the tables of the code have it", fix))

    def refuse_if_contracted(self, connection: DBAPIConnection) -> None:
        """Looks at a new connection of a pool to PostgreSQL: newer code may have contracted the database meanwhile.

        Raises:
            ConfigurationError: It has.
        """
        known = {one.id for one in self.history.revisions}
        names = [name for one, name in ledger.contractions(connection) if one not in known]
        if names:
            raise ConfigurationError(self._contracted(names, ""))

    def application_name(self) -> str:
        """What PostgreSQL calls the connections of this code."""
        return presence.application_name(self.component, self.head)

    def presence(self, address: Address) -> AbstractContextManager[None]:
        """Says that this code uses a database, while it lasts."""
        return presence.present(address, self.head)

    # ---------------------------------------------------------------------------------------------- commands

    def state(self, address: Address) -> State:
        """Where a database is."""
        if address.is_sqlite and not address.file.is_file():
            return State((), self.history.revisions)
        with Database(address).looked_at() as connection:
            return self._state(connection)

    def deviations(self, address: Address) -> list[Fault]:
        """Return what a database has applied otherwise than the files have it, the same for every command."""
        return deviations.deviations(self.history, self.state(address), address)

    def is_new(self, address: Address) -> bool:
        """Whether a database has no table yet, so that no code can use it."""
        if address.is_sqlite and not address.file.is_file():
            return True
        with Database(address).looked_at() as connection:
            return not set(inspect(connection).get_table_names()) - {ledger.LOCK_TABLE}

    def upgrade(self, address: Address, *, contract: bool = False, force: bool = False) -> list[Revision]:
        """Applies what was not.

        Args:
            address: The database.
            contract: Whether contractions are applied; without it, it ends before the first of them.
            force: Whether they are although older code uses the database.

        Returns:
            What was applied.

        Raises:
            ConfigurationError: There are tables that no migration made, or older code is in the way of a contraction.
            DependencyDown: Somebody else held locks for too long.
        """
        with Database(address).locked(contracting=contract) as connection:
            adopt(connection, self.history, self.metadata, address)
            state = self._state(connection)
            self._refuse_contracted(state, address)
            raise_faults(deviations.overtaken(self.history, state))
            wanted = _up_to_contraction(state.pending, contract=contract)
            if wanted:
                raise_faults(deviations.unknown(self.history, state, address))
            first = next((one for one in wanted if one.kind == "contract"), None)
            if first is not None and not force:
                self._refuse_older(connection, address, first)
            if wanted:
                run(connection, self.history, self.metadata, up_to(self.history, wanted[-1]))
            return list(wanted)

    def downgrade(self, address: Address, to: Revision | None) -> list[Revision]:
        """Takes back what was applied after a revision; everything without one.

        Raises:
            ConfigurationError: It was not applied, or newer code has applied what this code does not know.
        """
        with Database(address).locked() as connection:
            state = self._state(connection)
            raise_faults(deviations.unknown(self.history, state, address))
            applied = state.applied
            if to is not None and to not in applied:
                why = f"there {'is ' + applied[-1].name if applied else 'is nothing'} to go back from"
                raise ConfigurationError(Fault(f"{to.name} of {self.component} was not applied", str(address), why))
            undone = applied[applied.index(to) + 1 :] if to is not None else applied
            if undone:
                run(connection, self.history, self.metadata, back_to(self.history, to))
            return list(reversed(undone))

    def write_sql(
        self, address: Address, output: TextIO, *, dialect: str | None = None, contract: bool = False
    ) -> None:
        """Prints what an upgrade would do, from where the database is.

        Raises:
            ConfigurationError: It cannot be said without a database: SQLite makes some tables anew.
        """
        state = self.state(address)
        wanted = _up_to_contraction(state.pending, contract=contract)
        if not wanted:
            return
        name = dialect or ("sqlite" if address.is_sqlite else "postgresql")
        printed = io.StringIO()
        try:
            self.write_steps(printed, name, state.applied[-1].id if state.applied else None, wanted[-1])
        except CommandError as error:
            what = f"the migrations of {self.component} cannot be printed for {name}"
            why = str(error).partition(";")[0]
            fix = "let them run without --sql, or print them with --dialect postgresql"
            raise ConfigurationError(Fault(what, shown(self.history.folder), why, fix)) from None
        if name == "postgresql":
            output.write(
                f"-- {self.component}: as the role that owns this schema\nSET search_path TO {address.schema};\n\n"
            )
        output.write(printed.getvalue())

    def write_steps(self, output: TextIO, dialect: str, starting: str | None, last: Revision) -> None:
        """Prints some revisions as SQL."""
        steps = up_to(self.history, last)
        with environment(
            self.history, self.metadata, steps, dialect=dialect, output=output, starting=starting or "base"
        ) as env:
            env.run_migrations()

    def scratch(self, folder: Path) -> Address:
        """A SQLite database as the migrations make it."""
        address = Address.of_file(self.component, folder / "scratch.sqlite3")
        if self.exists:
            with Database(address).locked() as connection:
                run(connection, self.history, self.metadata, up_to(self.history, self.history.revisions[-1]))
        return address

    # ---------------------------------------------------------------------------------------------- parts

    def _state(self, connection: Connection) -> State:
        done = ledger.applied(connection)
        revisions = self.history.revisions
        unknown = [entry for one, entry in done.items() if one not in {one.id for one in revisions}]
        return State(
            tuple(one for one in revisions if one.id in done),
            tuple(one for one in revisions if one.id not in done),
            tuple(entry.name for entry in unknown),
            tuple(entry.name for entry in unknown if entry.kind == "contract"),
            tuple(one for one in revisions if one.id in done and done[one.id].digest not in (None, one.digest)),
        )

    def _refuse_older(self, connection: Connection, address: Address, contraction: Revision) -> None:
        """Refuses a contraction while code runs that does not have it."""
        known = [one.id for one in self.history.revisions]
        older = {presence.NONE, *known[: known.index(contraction.id)]}
        if in_use := presence.heads_in_use(connection, address) & older:
            names = ", ".join(sorted(one if one == presence.NONE else self.history.find(one).name for one in in_use))
            what = f"{contraction.name} would take away what older code of {self.component} still uses"
            why = f"processes are connected whose last revision is {names}"
            fix = f"end or replace them, and then: fissile db upgrade {self.component} --contract"
            raise ConfigurationError(Fault(what, shown(contraction.file), why, fix))

    def _refuse_contracted(self, state: State, address: Address) -> None:
        if state.contracted:
            raise ConfigurationError(self._contracted(state.contracted, address.where))

    def _contracted(self, names: Sequence[str], where: str) -> Fault:
        what = f"this code of {self.component} is too old for its database"
        why = f"{', '.join(names)} took away what it may use, and this code does not have that"
        return Fault(what, where, why, "run the newer code")

    def _lacks(self, one: Revision, address: Address, state: State) -> Fault:
        what = f"the database of {self.component} lacks {one.name}: {one.message or 'no message'}"
        before = state.pending[: state.pending.index(one)]
        is_behind = any(other.kind == "contract" for other in before)
        fix = f"fissile db upgrade {self.component}{' --contract' if is_behind else ''}"
        return Fault(what, shown(one.file), f"the code needs it, and the database is {address}", fix)


def _up_to_contraction(pending: Sequence[Revision], *, contract: bool) -> Sequence[Revision]:
    if contract:
        return pending
    first = next((at for at, one in enumerate(pending) if one.kind == "contract"), len(pending))
    return pending[:first]
