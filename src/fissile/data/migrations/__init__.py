"""Migrations of each component: its own revisions, each an expansion or a contraction; Alembic underneath."""

from .foreign import foreign_keys
from .history import History, Revision
from .ledger import KEPT
from .state import State
from .upgrading import Migrations

__all__ = ["KEPT", "History", "Migrations", "Revision", "State", "foreign_keys"]
