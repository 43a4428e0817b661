"""``fissile rename component``: a component, and everything that refers to it, under another name."""

from __future__ import annotations

from typing import Annotated

import typer

from .completing import offer_components
from .groups import Command, group
from .writing import AsJson, DryRun, perform


def rename_component(
    old: Annotated[str, typer.Argument(help="The component.", show_default=False, autocompletion=offer_components)],
    new: Annotated[str, typer.Argument(help="What it is to be called.", show_default=False)],
    and_urls: Annotated[
        bool, typer.Option("--and-urls", help="Rename its URLs, too, and redirect the old ones.")
    ] = False,
    and_data: Annotated[
        bool, typer.Option("--and-data", help="Rename what is stored, too: its schema and its events.")
    ] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Rename a component, with its folder, its tests and whatever refers to it.

    Its URLs and its data stay where they are, unless you say otherwise.

    Examples:
        fissile rename component orders purchases --dry-run
        fissile rename component orders purchases
        fissile rename component orders purchases --and-urls --and-data
    """
    from ..scaffold.renaming import rename_component as step

    perform(
        lambda project: step(project, old, new, and_urls=and_urls, and_data=and_data), dry_run=dry_run, as_json=as_json
    )


rename = group("rename", "Rename a part of the project everywhere at once.")
rename.command("component", cls=Command)(rename_component)
