"""``fissile db``: the databases of the components, and their migrations."""

from __future__ import annotations

import typer

from ..groups import Group
from .check import check
from .current import current
from .downgrade import downgrade
from .history import history
from .provision import provision
from .revision import revision
from .upgrade import upgrade

db = typer.Typer(
    name="db",
    cls=Group,
    help="Look after the databases of the components: roles, migrations, checks.",
    rich_markup_mode=None,
    no_args_is_help=True,
)
db.command("revision")(revision)
db.command("upgrade")(upgrade)
db.command("downgrade", context_settings={"ignore_unknown_options": True})(downgrade)  # -1 is none
db.command("current")(current)
db.command("history")(history)
db.command("check")(check)
db.command("provision")(provision)
