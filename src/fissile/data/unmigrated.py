"""The tables of a component that has no revisions yet: they are made as they are declared, and never changed."""

from __future__ import annotations

from sqlalchemy import Connection, MetaData

from ..errors import ConfigurationError, Fault
from .address import Address
from .columns import missing_columns


def create_missing(connection: Connection, metadata: MetaData, address: Address) -> None:
    """Creates the tables that are missing.

    Args:
        connection: To a SQLite file, in a transaction.
        metadata: The tables.
        address: Where the file is, for the fault.

    Raises:
        ConfigurationError: A table is there, made by older code, and lacks columns.
    """
    metadata.create_all(connection)
    if lacking := missing_columns(connection, metadata):
        name = address.component
        what = f"the database of {name} lacks {', '.join(lacking)}"
        why = "its tables were made when the code had none of it, and without migrations no table is changed"
        first = f"fissile db revision {name} -m start, in the code as it was, and again for what has changed"
        fix = f"{first}; or remove {address.file}, if its rows may go"
        raise ConfigurationError(Fault(what, str(address), why, fix))
