"""What reaches out of a component's own tables."""

from __future__ import annotations

from sqlalchemy import MetaData

from ...errors import Fault


def foreign_keys(component: str, metadata: MetaData, where: str) -> list[Fault]:
    """Finds what reaches out of a component's own tables.

    Args:
        component: The component's name.
        metadata: Its tables.
        where: The place of its declaration.
    """
    faults = []
    for table in metadata.tables.values():
        if table.schema is not None:
            why = "a component's tables are in its own schema, which its role finds by itself"
            what = f"the table {table.name} of {component} names the schema {table.schema}"
            faults.append(Fault(what, where, why, "remove schema="))
        for key in table.foreign_keys:
            target = key.target_fullname.rpartition(".")[0]
            if target not in metadata.tables:
                what = f"{table.name}.{key.parent.name} of {component} refers to {target}, which is none of its tables"
                why = "no component reads the tables of another, so that each can be moved alone"
                fix = "keep the id without ForeignKey, and ask the other component whether it is there"
                faults.append(Fault(what, where, why, fix))
    return faults
