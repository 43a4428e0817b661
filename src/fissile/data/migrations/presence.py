"""Which code uses a database right now: what older code still uses is not contracted."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from sqlalchemy import Connection, text

from ...errors import ConfigurationError, Fault
from ...project.folders import make_private_file
from ..address import IDENTIFIER, Address

if sys.platform != "win32":  # where nobody is seen
    import fcntl

NONE = "none"
"""The head of code without revisions."""


def application_name(component: str, head: str | None) -> str:
    """What the server calls the connections of some code."""
    return f"fissile {component[: IDENTIFIER - 45]}@{head or NONE}"


@contextmanager
def present(address: Address, head: str | None) -> Iterator[None]:
    """Says that code with this head uses a file, for as long as this lasts and the process lives.

    It is a shared lock on a file beside it, which ends with the process however that ends (flock(2)), and another on a
    file that all heads have in common. On a server the connections say it, by `application_name`.
    """
    if sys.platform == "win32" or not address.is_sqlite:
        yield
        return
    with _opened(_gate(address)) as gate, _opened(_mark(address, head or NONE)) as file:
        fcntl.flock(gate, fcntl.LOCK_SH)
        fcntl.flock(file, fcntl.LOCK_SH)
        yield


@contextmanager
def alone(address: Address) -> Iterator[bool]:
    """Keeps all code from a file that begins to use it meanwhile; whether none uses it already.

    Once it is over nothing is left of the locks of a file that is not there any more.
    """
    if sys.platform == "win32":
        yield True
        return
    with _opened(_gate(address)) as gate:
        try:
            fcntl.flock(gate, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True
        if not address.file.exists():
            for mark in [*(_mark(address, head) for head in _marks(address)), _gate(address)]:
                mark.unlink(missing_ok=True)


def heads_in_use(connection: Connection, address: Address) -> set[str]:
    """The heads of all code that uses a database."""
    if address.is_sqlite:
        return {head for head in _marks(address) if _is_held(_mark(address, head))}
    query = (
        "SELECT application_name FROM pg_stat_activity WHERE usename = current_user AND datname = current_database()"
    )
    names = connection.execute(text(f"{query} AND application_name LIKE 'fissile %@%'")).scalars()
    return {str(name).rpartition("@")[2] for name in names}


def _opened(lock: Path) -> TextIO:
    """Open the file of a lock, which only this user can read.

    Raises:
        ConfigurationError: It cannot be made.
    """
    make_private_file(lock)
    try:
        return lock.open("a")
    except OSError as error:
        why = "while code uses a database, it says so in it"
        raise ConfigurationError(
            Fault(f"cannot open the lock: {error.strerror}", str(lock), why, "mend its permissions")
        ) from None


def _gate(address: Address) -> Path:
    return address.file.with_name(f"{address.file.name}-code")


def _mark(address: Address, head: str) -> Path:
    return address.file.with_name(f"{address.file.name}-code-{head}")


def _marks(address: Address) -> list[str]:
    found = address.file.parent.glob(f"{address.file.name}-code-*")
    return [file.name.rpartition("-")[2] for file in found]


def _is_held(file: Path) -> bool:
    """Whether a process has it."""
    if sys.platform == "win32":
        return False
    with _opened(file) as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False
