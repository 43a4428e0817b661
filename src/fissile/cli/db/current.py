"""``fissile db current``: where each database is."""

from __future__ import annotations

import json
from dataclasses import asdict

from ..list import table
from ..words import show_warning
from .chosen import AsJson, Components, chosen, reaching


def current(component: Components = None, as_json: AsJson = False) -> None:
    """Show where each database is: what was applied last, and what was not.

    A revision that was applied and is gone, rewritten or overtaken is named, as by upgrade and check.

    --json prints an object with a key for each component: database, applied, pending and unknown revisions, and
    deviations: a list of what, where, why and fix.

    Examples:
        fissile db current
        fissile db current orders --json
    """
    from ...data import former

    found = []
    deviations = {}
    for one in chosen(component):
        with reaching(one):
            address = former.where_it_is(one.address)
            found.append((one.name, address, one.migrations.state(address)))
            deviations[one.name] = one.migrations.deviations(address)
    if as_json:
        states = {
            name: {
                "database": str(address),
                "applied": [revision.name for revision in state.applied],
                "pending": [revision.name for revision in state.pending],
                "unknown": list(state.unknown),
                "deviations": [asdict(fault) for fault in deviations[name]],
            }
            for name, address, state in found
        }
        print(json.dumps(states, indent=2))
        return
    rows = [
        (
            name,
            state.unknown[-1] if state.unknown else state.applied[-1].name if state.applied else "-",
            ", ".join(revision.name for revision in state.pending) or "-",
            str(address),
        )
        for name, address, state in found
    ]
    for line in table(("COMPONENT", "APPLIED", "PENDING", "DATABASE"), rows):
        print(line)
    for faults in deviations.values():
        for fault in faults:
            show_warning(fault)
