"""What every benchmark prints: a table for people, or with ``--json`` a list for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Row:
    """One claim and what came out.

    Attributes:
        what: The claim.
        measured: The number.
        unit: What it counts.
        goal: The number to reach, with its direction.
        met: Whether it is reached.
    """

    what: str
    measured: float
    unit: str
    goal: str
    met: bool


def at_least(what: str, measured: float, unit: str, goal: float) -> Row:
    """A row whose number should not be smaller than the goal."""
    return Row(what, round(measured, 3), unit, f"at least {goal:g}", measured >= goal)


def at_most(what: str, measured: float, unit: str, goal: float) -> Row:
    """A row whose number should not be larger than the goal."""
    return Row(what, round(measured, 3), unit, f"at most {goal:g}", measured <= goal)


def report(rows: Sequence[Row], caveats: str) -> None:
    """Prints the rows, as JSON when the command line says ``--json``."""
    if "--json" in sys.argv[1:]:
        print(json.dumps([asdict(row) for row in rows], indent=2))
        return
    width = max(len(row.what) for row in rows)
    for row in rows:
        verdict = "met" if row.met else "MISSED"
        print(f"{row.what:<{width}}  {row.measured:>10.3f} {row.unit:<8} {row.goal:<14} {verdict}")
    print(f"\n{caveats}")
