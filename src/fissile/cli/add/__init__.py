"""``fissile add``: the next right step of a project, which works at once."""

from __future__ import annotations

from ..groups import Command, group
from .call import add_call
from .component import add_component
from .router import add_router
from .version import add_version

add = group("add", "Add to the project: a component, a router, an API version, a call.")
add.command("component", cls=Command)(add_component)
add.command("router", cls=Command)(add_router)
add.command("version", cls=Command)(add_version)
add.command("call", cls=Command)(add_call)
