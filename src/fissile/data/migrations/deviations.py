"""Deviations of a database from the files of the revisions: one that was applied is gone, rewritten or overtaken."""

from __future__ import annotations

from ...errors import Fault, shown
from ..address import Address
from .history import History
from .state import State


def deviations(history: History, state: State, address: Address) -> list[Fault]:
    """Return every deviation.

    Args:
        history: The revisions of the code.
        state: The state of the database.
        address: The database.
    """
    return [*unknown(history, state, address), *rewritten(history, state, address), *overtaken(history, state)]


def unknown(history: History, state: State, address: Address) -> list[Fault]:
    """Return the fault of revisions that were applied and have no file."""
    if not state.unknown:
        return []
    what = f"the database of {history.component} has {', '.join(state.unknown)}, which this code does not know"
    why = "newer code, or that of another branch, has applied it, or its file was deleted or has another id now"
    fix = "do this with the code that has it, and its own revisions after it; a deleted file has to come back"
    return [Fault(what, str(address), why, fix)]


def rewritten(history: History, state: State, address: Address) -> list[Fault]:
    """Return a fault for each revision whose code has changed since it was applied."""
    return [
        Fault(
            f"{one.name} of {history.component} was rewritten after it was applied",
            one.place("def upgrade"),
            f"it is not applied again, so {address} has what it did before",
            "take the change back, and write another revision for it",
        )
        for one in state.rewritten
    ]


def overtaken(history: History, state: State) -> list[Fault]:
    """Return the fault of an order in which a revision comes before one that was applied, so that it never would be."""
    order = history.revisions
    late = [one for one in state.pending if state.applied and order.index(one) < order.index(state.applied[-1])]
    if not late:
        return []
    first, after = late[0], order[order.index(late[-1]) + 1]
    what = f"{first.name} of {history.component} comes before {after.name}, which is applied already"
    why = "revisions are applied one after the other, so it would never be"
    before = f'"{first.below[0]}"' if first.below else "None"
    last = state.applied[-1].id
    fix = f'write down_revision = {before} in {shown(after.file)}, and "{last}" in {shown(first.file)}'
    return [Fault(what, first.place("down_revision"), why, fix)]
