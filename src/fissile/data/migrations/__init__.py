"""Migrations of each component: its own revisions, each an expansion or a contraction; Alembic underneath."""

from .foreign import foreign_keys
from .history import History, Revision
from .ledger import KEPT
from .upgrading import Migrations, State

__all__ = ["KEPT", "History", "Migrations", "Revision", "State", "foreign_keys"]
