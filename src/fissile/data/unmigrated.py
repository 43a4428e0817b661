"""The tables of a component that has no revisions yet: they are made as they are declared, and never changed."""

from __future__ import annotations

from sqlalchemy import Connection, MetaData, inspect

from ..errors import ConfigurationError, Fault
from .address import Address


def create_missing(connection: Connection, metadata: MetaData, address: Address) -> None:
    """Creates the tables that are missing.

    Args:
        connection: To a SQLite file, in a transaction.
        metadata: The tables.
        address: Where the file is, for the fault.

    Raises:
        ConfigurationError: A table is there, made by older code, and lacks columns.
    """
    inspector = inspect(connection)
    known = set(inspector.get_table_names())
    metadata.create_all(connection)
    for table in metadata.tables.values():
        if table.name not in known:
            continue
        there = {column["name"] for column in inspector.get_columns(table.name)}
        if lacking := [column.name for column in table.columns if column.name not in there]:
            name = address.component
            what = f"the table {table.name} of {name} has no column {', '.join(lacking)}"
            why = "it was made when the code had none, and a component without migrations makes new tables only"
            first = f"fissile db revision {name} -m start, in the code as it was, and again for what has changed"
            fix = f"{first}; or remove {address.file}, if its rows may go"
            raise ConfigurationError(Fault(what, str(address), why, fix))
