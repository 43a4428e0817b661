"""``fissile db current``: where each database is."""

from __future__ import annotations

import json

from ..list import table
from .chosen import AsJson, Components, chosen, reaching


def current(component: Components = None, as_json: AsJson = False) -> None:
    """Show where each database is: what was applied last, and what was not.

    Examples:
        fissile db current
        fissile db current orders --json
    """
    found = []
    for one in chosen(component):
        with reaching(one):
            found.append((one, one.migrations.state(one.address)))
    if as_json:
        states = {
            one.name: {
                "database": str(one.address),
                "applied": [revision.name for revision in state.applied],
                "pending": [revision.name for revision in state.pending],
                "unknown": list(state.unknown),
            }
            for one, state in found
        }
        print(json.dumps(states, indent=2))
        return
    rows = [
        (
            one.name,
            state.unknown[-1] if state.unknown else state.applied[-1].name if state.applied else "-",
            ", ".join(revision.name for revision in state.pending) or "-",
            str(one.address),
        )
        for one, state in found
    ]
    for line in table(("COMPONENT", "APPLIED", "PENDING", "DATABASE"), rows):
        print(line)
