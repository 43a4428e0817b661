"""``fissile add``: the next right step of a project, which works at once."""

from __future__ import annotations

import typer

from ..groups import Command, Group
from .call import add_call
from .component import add_component
from .router import add_router
from .version import add_version

add = typer.Typer(
    name="add",
    cls=Group,
    help="Add to the project: a component, a router, an API version, a call.",
    rich_markup_mode=None,
    no_args_is_help=True,
)
add.command("component", cls=Command)(add_component)
add.command("router", cls=Command)(add_router)
add.command("version", cls=Command)(add_version)
add.command("call", cls=Command)(add_call)
