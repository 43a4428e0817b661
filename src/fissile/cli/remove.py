"""``fissile remove component``: a component that nobody needs any more, out of the project."""

from __future__ import annotations

from typing import Annotated

import typer

from .completing import offer_components
from .groups import Command, group
from .writing import AsJson, DryRun, perform


def remove_component(
    name: Annotated[str, typer.Argument(help="The component.", show_default=False, autocompletion=offer_components)],
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Remove a component that nobody needs, with its own tests.

    Its files are kept in .fissile/removed, and its data stays.

    Examples:
        fissile remove component orders --dry-run
        fissile remove component orders
    """
    from ..scaffold.removing import remove_component as step

    perform(lambda project: step(project, name), dry_run=dry_run, as_json=as_json)


remove = group("remove", "Remove a part of the project that nobody needs.")
remove.command("component", cls=Command)(remove_component)
