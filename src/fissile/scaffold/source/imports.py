"""Lines that import, in the order that isort and ruff have them in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable


def imports(names: Iterable[tuple[str, str]]) -> list[str]:
    """Writes one line for each module.

    Args:
        names: What is imported, each as module and name.
    """
    by_module: dict[str, set[str]] = defaultdict(set)
    for module, name in names:
        by_module[module].add(name)
    return [f"from {module} import {', '.join(sorted(by_module[module], key=_order))}" for module in sorted(by_module)]


def _order(name: str) -> tuple[int, str]:
    """Constants come before classes, and these before everything else."""
    kind = 0 if name.isupper() else 1 if name[:1].isupper() else 2
    return kind, name.lower()
