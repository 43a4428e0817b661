"""``fissile add call``: one component calls another."""

from __future__ import annotations

from typing import Annotated

import typer

from ..completing import offer_components, offer_others
from ..writing import AsJson, DryRun, perform


def add_call(
    consumer: Annotated[
        str, typer.Argument(help="The component that calls.", show_default=False, autocompletion=offer_components)
    ],
    provider: Annotated[
        str, typer.Argument(help="The component that is called.", show_default=False, autocompletion=offer_others)
    ],
    interface: Annotated[str | None, typer.Option(help="Which of its interfaces, where it has several.")] = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Declare that a component calls another, and show the lines that do it.

    Examples:
        fissile add call orders suppliers
        fissile add call orders suppliers --interface Suppliers
    """
    from ...scaffold.calls import add_call as step

    perform(lambda project: step(project, consumer, provider, interface), dry_run=dry_run, as_json=as_json)
