"""What databases say when something is wrong, in our words: a fault at the start, a `CallError` in a call."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError

from ..errors import ConfigurationError, DependencyDown, Fault
from .address import Address

PROVISION = "fissile db provision --admin-url URL"


@dataclass(frozen=True, slots=True)
class Trouble:
    """What kept a unit of work from its end, where that is no fault of its code.

    Attributes:
        what: What happened, in one sentence.
        passes: Whether the same work, done again at once, would very likely get through: it met another one.
    """

    what: str
    passes: bool


# https://www.postgresql.org/docs/current/errcodes-appendix.html
_STATES = {
    "40001": Trouble("another transaction changed what it had read", passes=True),
    "40P01": Trouble("it and another transaction waited for each other", passes=True),
    "55P03": Trouble("a lock that it wanted was not free in time", passes=False),
    "25P04": Trouble("its transaction was open for longer than the server allows", passes=False),
    "53100": Trouble("the disk of its database is full", passes=False),
    "53200": Trouble("its database is out of memory", passes=False),
    "53300": Trouble("its database takes no further connection", passes=False),
    "57P01": Trouble("its database is being shut down", passes=False),
    "57P02": Trouble("its database has crashed", passes=False),
    "57P03": Trouble("its database is starting or stopping", passes=False),
}

# https://sqlite.org/rescode.html: the primary result codes.
_CODES = {
    sqlite3.SQLITE_BUSY: Trouble("another process was writing to its database", passes=True),
    sqlite3.SQLITE_LOCKED: Trouble("another connection was writing to its database", passes=True),
    sqlite3.SQLITE_FULL: Trouble("the disk of its database is full", passes=False),
    sqlite3.SQLITE_IOERR: Trouble("its database could not be read or written", passes=False),
    sqlite3.SQLITE_CANTOPEN: Trouble("its database could not be opened", passes=False),
}

_LOST = Trouble("the connection to its database was lost, or could not be made", passes=False)


def trouble(error: BaseException) -> Trouble | None:
    """What a database error means for the call it ended; None where the code, or nobody, is to blame."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        return _CODES.get(getattr(cause, "sqlite_errorcode", 0) & 0xFF)
    if not isinstance(error, DBAPIError):
        return None
    state = getattr(cause, "sqlstate", None)
    if found := _STATES.get(state or ""):
        return found
    is_away = error.connection_invalidated or (state or "").startswith("08")
    # psycopg gives no state where it got no answer, and calls that an operational error (PEP 249).
    return _LOST if is_away or (state is None and type(cause).__name__ == "OperationalError") else None


@contextmanager
def connecting(address: Address) -> Iterator[None]:
    """Turns what a database says at the start into a fault.

    Raises:
        DependencyDown: It does not answer, or cannot take a connection now.
        ConfigurationError: It refuses: a wrong password, a role or a database that is not there.
    """
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        raise _refused(address, error) from None


def _refused(address: Address, error: DBAPIError | sqlite3.Error) -> ConfigurationError:
    said = _said(error)
    what = f"{address.component} cannot use its database, {address}"
    for pattern, fix in _SAYINGS.items():
        if re.search(pattern, said):
            if address.formerly and pattern in _LOGGING_IN:
                fix = f"{fix}, or rename it where it is still {address.former.url.username}"
            return ConfigurationError(Fault(what, address.where, said, fix))
    if trouble(error) is None:
        return ConfigurationError(Fault(what, address.where, said, f"look at {address}"))
    if address.is_sqlite:
        return DependencyDown(Fault(what, address.where, said, f"look at {address.file}, and at the space on its disk"))
    return DependencyDown(Fault(what, address.where, said, "start the server, or correct the URL"))


_LOGGING_IN = (r"password authentication failed|no password supplied", r'role ".*" does not exist')
"""What they say of a role that is not there, or is called otherwise."""

_SAYINGS = {
    _LOGGING_IN[0]: f"correct the password among the secrets, or let {PROVISION} write a new one",
    _LOGGING_IN[1]: f"let {PROVISION} create it",
    r'database ".*" does not exist': f"correct the name, or let {PROVISION} create it",
    r"permission denied|no schema has been selected": f"let {PROVISION} give the role what is its own",
    r"no pg_hba.conf entry": "let the server's pg_hba.conf take this role from this machine",
    r"could not translate host name|Name or service not known": "correct the host in the URL",
    r"is not a database|file is encrypted": "it is no SQLite file: move it away",
    r"unable to open database file": "look at the folder's permissions, or set FISSILE_STATE to another",
    r"attempt to write a readonly database": "correct the permissions of the file and of its folder",
}
"""What servers say, in the language they mostly speak, and what mends it."""


def _said(error: DBAPIError | sqlite3.Error) -> str:
    """What the server said, on one line and without where libpq tried it from."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    lines = [line.strip() for line in str(cause).splitlines() if line.strip()]
    line = next((line for line in lines if "FATAL:" in line), lines[0] if lines else type(cause).__name__)
    return re.sub(r"^.*(FATAL|ERROR):\s*|^connection (failed|is bad): (connection to server .*? failed: )?", "", line)
