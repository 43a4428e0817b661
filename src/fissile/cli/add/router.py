"""``fissile add router``: further routes of a component."""

from __future__ import annotations

from typing import Annotated

import typer

from ..completing import offer_components, offer_versions
from ..writing import AsJson, DryRun, perform


def add_router(
    component: Annotated[
        str, typer.Argument(help="The component.", show_default=False, autocompletion=offer_components)
    ],
    name: Annotated[str, typer.Argument(help="What the router is called, such as refunds.", show_default=False)],
    version: Annotated[
        str | None,
        typer.Option(
            help="The version of the API that it belongs to, where there are several.", autocompletion=offer_versions
        ),
    ] = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Add routes to a component, below a path of their own, with a test that passes.

    Examples:
        fissile add router orders refunds
        fissile add router orders refunds --version v2
    """
    from ...scaffold.routers import add_router as step

    perform(lambda project: step(project, component, name, version), dry_run=dry_run, as_json=as_json)
