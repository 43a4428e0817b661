"""A component's own data: where it is, its engines, its units of work and its migrations."""

from .budget import Budget
from .migrations import Migrations, foreign_keys
from .store import Store
from .unit_of_work import CURRENT, UnitOfWork, begin, finish

__all__ = ["CURRENT", "Budget", "Migrations", "Store", "UnitOfWork", "begin", "finish", "foreign_keys"]
