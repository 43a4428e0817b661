"""The order in which the processes of a placement end: consumers before those that they call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set

from fissile.project import MAIN, Edge


def ending_order(processes: Mapping[str, Sequence[str]], edges: Iterable[Edge]) -> list[set[str]]:
    """Return the processes in groups that end one after the other.

    Args:
        processes: The components of each process.
        edges: Who calls whom. `main.py` runs in every process.

    Returns:
        The names of the processes. Processes that call each other, directly or through others, are in one group.
    """
    home = {component: process for process, components in processes.items() for component in components}
    called: dict[str, set[str]] = {process: set() for process in processes}
    for edge in edges:
        consumers = processes if edge.consumer == MAIN else [home.get(edge.consumer, "")]
        for consumer in consumers:
            if consumer in called and (provider := home.get(edge.provider)):
                called[consumer].add(provider)
    reached = {process: _reached(process, called) for process in processes}
    groups, left = [], set(processes)
    while left:
        groups.append({name for name in left if not _is_awaited(name, left, reached)})
        left -= groups[-1]
    return groups


def _is_awaited(name: str, others: Set[str], reached: Mapping[str, Set[str]]) -> bool:
    """Return True if one of the others calls this process, and is not called by it."""
    return any(name in reached[other] and other not in reached[name] for other in others)


def _reached(process: str, called: Mapping[str, Set[str]]) -> set[str]:
    found: set[str] = set()
    ahead = [process]
    while ahead:
        for provider in called[ahead.pop()] - found:
            found.add(provider)
            ahead.append(provider)
    return found
