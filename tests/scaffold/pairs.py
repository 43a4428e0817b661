"""Covering arrays: few combinations of options, in which every pair of values occurs.

They are found greedily, as by AETG (Cohen and others, IEEE Transactions on Software Engineering 23(7), 1997).
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, product

Options = Mapping[str, Sequence[object]]
Combination = dict[str, object]


def pairs(options: Options) -> list[Combination]:
    """Combinations in which each two values of two options occur together.

    Args:
        options: The values of each option.
    """
    missing = set(_pairs_of(options))
    found: list[Combination] = []
    while missing:
        combination: Combination = dict(min(map(sorted, missing), key=repr))
        for option in [option for option in options if option not in combination]:
            combination[option] = max(
                options[option], key=lambda value: (_covered({**combination, option: value}, missing), repr(value))
            )
        missing -= {pair for pair in missing if pair <= combination.items()}
        found.append({option: combination[option] for option in options})
    return found


def everything(options: Options) -> list[Combination]:
    """All combinations."""
    return [dict(zip(options, values, strict=True)) for values in product(*options.values())]


def _pairs_of(options: Options) -> Iterator[frozenset[tuple[str, object]]]:
    for one, other in combinations(options, 2):
        for pair in product(options[one], options[other]):
            yield frozenset(zip((one, other), pair, strict=True))


def _covered(combination: Combination, missing: set[frozenset[tuple[str, object]]]) -> int:
    return sum(pair <= combination.items() for pair in missing)
