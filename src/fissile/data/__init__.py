"""A component's own data: repositories for users, and for the runtime engines, units of work and migrations.

Loaded lazily, since an adapter to another store needs the port and not SQLAlchemy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .budget import Budget
    from .memory import MemoryRepository
    from .migrations import Migrations, foreign_keys
    from .plan import Plan
    from .repository import Conflict, Page, Repository, check_limit, page_of
    from .sql_repository import SqlRepository
    from .store import Store
    from .types import Exact, Instant
    from .unit_of_work import CURRENT, UnitOfWork, begin, finish

__all__ = [
    "CURRENT",
    "Budget",
    "Conflict",
    "Exact",
    "Instant",
    "MemoryRepository",
    "Migrations",
    "Page",
    "Plan",
    "Repository",
    "SqlRepository",
    "Store",
    "UnitOfWork",
    "begin",
    "check_limit",
    "finish",
    "foreign_keys",
    "page_of",
]

_HOME = {
    "CURRENT": "unit_of_work",
    "Budget": "budget",
    "Conflict": "repository",
    "Exact": "types",
    "Instant": "types",
    "MemoryRepository": "memory",
    "Migrations": "migrations",
    "Page": "repository",
    "Plan": "plan",
    "Repository": "repository",
    "SqlRepository": "sql_repository",
    "Store": "store",
    "UnitOfWork": "unit_of_work",
    "begin": "unit_of_work",
    "check_limit": "repository",
    "finish": "unit_of_work",
    "foreign_keys": "migrations",
    "page_of": "repository",
}


if not TYPE_CHECKING:  # a type checker that saw it would accept every misspelt name

    def __getattr__(name: str) -> object:
        """Load a name from the module it lives in (PEP 562)."""
        if name not in _HOME:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
        globals()[name] = found
        return found
