"""Test components in every placement: a pytest plugin, faults to inject and carriers that look closely."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .faults import Faults

__all__ = ["Faults"]


if not TYPE_CHECKING:  # pytest imports this package in every project: nothing is loaded before it is used

    def __getattr__(name: str) -> object:
        """Load a public name from the module it lives in (PEP 562)."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from . import faults

        return faults.Faults
