"""``fissile db downgrade``: takes revisions back."""

from __future__ import annotations

from typing import Annotated

import typer

from ..completing import offer_revisions
from ..words import say
from .chosen import Component, chosen, reaching


def downgrade(
    component: Component,
    revision: Annotated[
        str,
        typer.Argument(
            help="The revision to go back to: its number, name or id; -1 for the one before; base.",
            autocompletion=offer_revisions,
        ),
    ],
) -> None:
    """Take back what was applied after a revision.

    Examples:
        fissile db downgrade orders -1
        fissile db downgrade orders 0001_start
        fissile db downgrade orders base
    """
    from ...data import former

    (one,) = chosen(component)
    with reaching(one):
        former.refuse(one.address)
        applied = one.migrations.state(one.address).applied
        if revision == "base":
            to = None
        elif revision.startswith("-") and revision[1:].isdigit():
            kept = len(applied) - int(revision[1:])
            to = applied[kept - 1] if kept > 0 else None
        else:
            to = one.migrations.history.find(revision)
        undone = one.migrations.downgrade(one.address, to)
    for each in undone:
        say(f"{one.name}: took back {each.name}")
    if not undone:
        say(f"{one.name} has nothing to take back")
