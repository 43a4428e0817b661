"""Test components in every placement: a pytest plugin, faults to inject, and tests that adapters inherit."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .faults import Faults
    from .repositories import (
        Adapter,
        RepositoryConformance,
        TransactionalConformance,
        Units,
        UnversionedConformance,
        VersionedConformance,
    )

__all__ = [
    "Adapter",
    "Faults",
    "RepositoryConformance",
    "TransactionalConformance",
    "Units",
    "UnversionedConformance",
    "VersionedConformance",
]


if not TYPE_CHECKING:  # pytest imports this package in every project: nothing is loaded before it is used

    def __getattr__(name: str) -> object:
        """Load a public name from the module it lives in (PEP 562)."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        home = "faults" if name == "Faults" else "repositories"
        return getattr(import_module(f"{__name__}.{home}"), name)
