"""Circles in a directed graph."""

from __future__ import annotations

from collections.abc import Mapping


def cycles(needed: Mapping[str, tuple[str, ...]]) -> list[list[str]]:
    """Finds the circles in a graph.

    Args:
        needed: What each node leads to; every node is a key.

    Returns:
        One shortest circle for each knot of nodes that lead to each other, from its first node by name.
    """
    found: list[list[str]] = []
    seen: set[str] = set()
    for name in sorted(needed):
        if name in seen:
            continue
        cycle = _shortest_way_back(name, needed)
        if cycle:
            found.append(cycle)
            seen.update(_reachable(name, needed) & {other for other in needed if name in _reachable(other, needed)})
    return found


def _shortest_way_back(start: str, needed: Mapping[str, tuple[str, ...]]) -> list[str] | None:
    ways = [[start]]
    seen: set[str] = set()
    for way in ways:
        for provider in needed[way[-1]]:
            if provider == start:
                return way
            if provider not in seen:
                seen.add(provider)
                ways.append([*way, provider])
    return None


def _reachable(start: str, needed: Mapping[str, tuple[str, ...]]) -> set[str]:
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        for provider in needed[waiting.pop()]:
            if provider not in reached:
                reached.add(provider)
                waiting.append(provider)
    return reached
