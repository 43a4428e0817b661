"""``fissile add component``: a component that works, with tests."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from ..writing import AsJson, DryRun, perform


def add_component(
    name: Annotated[str, typer.Argument(help="Its name, such as orders.", show_default=False)],
    entity: Annotated[
        str | None,
        typer.Option(
            help='What it keeps, with the types of its fields: "Order: item=str quantity=int price=Decimal".',
            show_default=False,
        ),
    ] = None,
    layers: Annotated[
        bool, typer.Option("--layers", help="Make domain, db, service and api folders instead of modules.")
    ] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Add a component that works, with tests that pass.

    With --entity it keeps something: table, migration, repository, service, interface, and routes with paging. The
    types of fields are str, int, float, bool, Decimal, date, datetime and UUID.

    Examples:
        fissile add component orders
        fissile add component orders --entity "Order: item=str quantity=int price=Decimal"
        fissile add component orders --layers --dry-run
    """
    from ...project import URL_FOR_ALL
    from ...scaffold.adding import add_component as step
    from ...scaffold.entities import read_entity

    kept = read_entity(entity) if entity is not None else None
    on_server = os.environ.get(URL_FOR_ALL, "").startswith("postgres")
    perform(
        lambda project: step(project, name, kept, layers=layers, on_server=on_server), dry_run=dry_run, as_json=as_json
    )
