"""``fissile db``: the databases of the components, and their migrations."""

from __future__ import annotations

from ..groups import Command, group
from .check import check
from .current import current
from .downgrade import downgrade
from .history import history
from .provision import provision
from .revision import revision
from .upgrade import upgrade

db = group("db", "Look after the databases of the components: roles, migrations, checks.")
db.command("revision", cls=Command)(revision)
db.command("upgrade", cls=Command)(upgrade)
db.command("downgrade", cls=Command, context_settings={"ignore_unknown_options": True})(downgrade)  # -1 is none
db.command("current", cls=Command)(current)
db.command("history", cls=Command)(history)
db.command("check", cls=Command)(check)
db.command("provision", cls=Command)(provision)
