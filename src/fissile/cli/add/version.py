"""``fissile add version``: a version of a component's API beside those that are there."""

from __future__ import annotations

from typing import Annotated

import typer

from ..completing import offer_components
from ..writing import AsJson, DryRun, perform


def add_version(
    component: Annotated[
        str, typer.Argument(help="The component.", show_default=False, autocompletion=offer_components)
    ],
    version: Annotated[str, typer.Argument(help="What the version is called: v2.", show_default=False)],
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Add a version of a component's API beside those that are there, with a test that passes.

    It begins as a copy of the newest one. The URLs of the others stay as they are.

    Examples:
        fissile add version orders v2
    """
    from ...scaffold.versions import add_version as step

    perform(lambda project: step(project, component, version), dry_run=dry_run, as_json=as_json)
