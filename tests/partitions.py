"""Every way to put components into processes."""

from collections.abc import Sequence


def partitions(names: Sequence[str]) -> list[list[list[str]]]:
    """Every partition of a set: one block for each process."""
    if not names:
        return [[]]
    first, *others = names
    found = []
    for blocks in partitions(others):
        found.append([[first], *blocks])
        for number, block in enumerate(blocks):
            found.append([*blocks[:number], [first, *block], *blocks[number + 1 :]])
    return found
