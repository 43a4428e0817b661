"""Data that is still kept under the id that its component had before, and its way to the one of today."""

from __future__ import annotations

import logging
import os
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path

from sqlalchemy import text

from ..errors import ConfigurationError, Fault
from .address import Address
from .migrations import presence
from .migrations.ledger import LOCK_TABLE
from .problems import PROVISION

logger = logging.getLogger("fissile.data")

PATIENCE = 5.0
"""Seconds that a file gets until nobody uses it: in development the code from before is just about to end."""

_TICK = 0.05

HAS_TABLES = f"""EXISTS (
    SELECT 1 FROM pg_class
    WHERE relnamespace = pg_namespace.oid AND relkind IN ('r', 'p') AND relname <> '{LOCK_TABLE}'
)"""

_HERE = f"""
SELECT nspname, {HAS_TABLES}
FROM pg_namespace
WHERE nspname = :schema OR nspname = :former AND pg_get_userbyid(nspowner) IN (:role, :former_role)
"""


def refuse(address: Address) -> None:
    """Makes sure that no data is left under the former name, of which the code would see nothing.

    Raises:
        ConfigurationError: There is.
    """
    if fault := fault_of(address):
        raise ConfigurationError(fault)


def fault_of(address: Address) -> Fault | None:
    """Says that data has not moved yet, or is hidden by an empty database of the new name."""
    if not address.formerly:
        return None
    return _fault_of_file(address) if address.is_sqlite else _fault_of_schema(address)


def move(address: Address) -> bool:
    """Moves a SQLite file to its new name, when nobody uses it; one rename, so it is whole here or there.

    Returns:
        Whether there was anything to move.

    Raises:
        ConfigurationError: Somebody uses it, an empty file is in its place, or it is a schema, which is not moved here.
    """
    if not is_waiting(address):
        refuse(address)
        return False
    until = time.monotonic() + PATIENCE
    while is_waiting(address):
        with presence.alone(address.former) as is_alone:
            if is_alone and is_waiting(address) and _renamed(address):
                logger.info("%s: moved its data from %s to %s", address.component, address.former, address)
                return True
        if time.monotonic() > until:
            raise ConfigurationError(_in_use(address))
        time.sleep(_TICK)
    return False


def where_it_is(address: Address) -> Address:
    """Where the data is at present, for what only looks at it.

    Raises:
        ConfigurationError: An empty database of the new name hides it, or it is a schema that has not been renamed.
    """
    if is_waiting(address):
        return address.former
    refuse(address)
    return address


def is_waiting(address: Address) -> bool:
    """Whether a SQLite file has to move."""
    if not address.formerly or not address.is_sqlite or address.file.exists():
        return False
    return _has_tables(address.former.file)


def _has_tables(file: Path) -> bool:
    if not file.is_file():
        return False
    try:
        with closing(_opened(file)) as connection:
            return connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table'").fetchone() is not None
    except sqlite3.OperationalError:
        if file.is_file():
            raise
        return False  # somebody has moved it meanwhile


def _opened(file: Path, patience: float = PATIENCE) -> sqlite3.Connection:
    """A connection to a file that is there: it is never made."""
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=patience)


def _renamed(address: Address) -> bool:
    """Renames the file, with all that its write-ahead log had; False where somebody has it open.

    Without its log a file is whole by itself, and whoever opens it before it is renamed waits for this lock, and cannot
    write to it afterwards (SQLITE_READONLY_DBMOVED, https://sqlite.org/rescode.html#readonly_dbmoved).
    """
    former = address.former.file
    with closing(_opened(former, _TICK)) as connection:
        try:
            (mode,) = connection.execute("PRAGMA journal_mode = DELETE").fetchone()
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            return False
        if mode != "delete" or former.with_name(f"{former.name}-wal").exists() or address.file.exists():
            return False
        if sys.platform == "win32":  # where nothing is renamed that is open
            connection.close()
        _rename(former, address.file)
    return True


def _rename(former: Path, file: Path) -> None:
    try:
        former.rename(file)
    except OSError as error:
        what = f"cannot rename {former} to {file.name}: {error.strerror}"
        raise ConfigurationError(Fault(what, str(former), "", "look at the permissions of its folder")) from None
    if sys.platform != "win32":
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # the new name outlives a power cut
        finally:
            os.close(folder)


def _fault_of_file(address: Address) -> Fault | None:
    former = address.former.file
    if is_waiting(address):
        what = f"the data of {address.component} has not moved to {address.file.name} yet"
        why = f"{address.component} was formerly {address.formerly}, and the data is in {former.name}"
        return Fault(what, str(former), why, f"fissile db upgrade {address.component}")
    if not address.file.exists() or not _has_tables(former) or _has_tables(address.file):
        return None
    what = f"the database of {address.component} is empty, and hides the data that is in {former.name}"
    why = f"{address.component} was formerly {address.formerly}, and nothing moves to where something is"
    fix = f"remove {address.file}, and then: fissile db upgrade {address.component}; or take {_written(address)} away"
    return Fault(what, str(address), why, fix)


def _fault_of_schema(address: Address) -> Fault | None:
    former = address.former
    names = {"schema": address.schema, "former": former.schema}
    roles = {"role": address.url.username, "former_role": former.url.username}
    engine = address.blocking_engine()
    try:
        with engine.connect() as connection:
            found = {str(name): bool(has_tables) for name, has_tables in connection.execute(text(_HERE), names | roles)}
    finally:
        engine.dispose()
    if former.schema not in found or found.get(address.schema):
        return None
    if address.schema in found:
        return hidden(address) if found[former.schema] else None
    what = f"the data of {address.component} has not moved to the schema {address.schema} yet"
    why = f"{address.component} was formerly {address.formerly}, and the data is in the schema {former.schema}"
    return Fault(what, address.where, why, PROVISION)


def hidden(address: Address) -> Fault:
    """What is wrong with an empty schema beside the former one, which has tables."""
    role = address.url.username
    what = f"the schema {address.schema} of {address.component} is empty, and hides the data in {address.formerly}"
    why = f"{address.component} was formerly {address.formerly}, and nothing moves to where something is"
    fix = f'DROP OWNED BY "{role}"; DROP ROLE "{role}", and then: {PROVISION}; or take {_written(address)} away'
    return Fault(what, address.where, why, fix)


def _written(address: Address) -> str:
    return f'formerly="{address.formerly}"'


def _in_use(address: Address) -> Fault:
    what = f"the data of {address.component} cannot move to {address.file.name}: somebody uses it"
    why = f"a process has {address.former.file.name} open, such as code that knows it as {address.formerly}"
    return Fault(what, str(address.former), why, f"end it, and then: fissile db upgrade {address.component}")
