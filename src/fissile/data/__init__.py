"""A component's own data: its engine and its units of work."""

from .engine import Store
from .unit_of_work import UnitOfWork, begin, finish

__all__ = ["Store", "UnitOfWork", "begin", "finish"]
