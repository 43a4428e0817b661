"""What the code's tables have that a database has not: whatever lacks it answers no query of that table."""

from __future__ import annotations

from sqlalchemy import Connection, MetaData, inspect


def missing_columns(connection: Connection, metadata: MetaData) -> list[str]:
    """The tables that are not there, and the columns of others that are not, as ``orders.city``.

    Args:
        connection: The database.
        metadata: The code's tables.
    """
    there = {
        name: {one["name"] for one in found} for (_, name), found in inspect(connection).get_multi_columns().items()
    }
    missing: list[str] = []
    for table in metadata.tables.values():
        if table.name not in there:
            missing.append(table.name)
        else:
            missing += [f"{table.name}.{one.name}" for one in table.columns if one.name not in there[table.name]]
    return missing
