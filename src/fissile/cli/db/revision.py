"""``fissile db revision``: writes what has changed in a component's tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ...errors import shown
from ..words import say
from .chosen import Component, chosen, reaching

if TYPE_CHECKING:
    from ...data.migrations.writing import Written


def revision(
    component: Component,
    message: Annotated[str, typer.Option("--message", "-m", help="What changes, in a few words.")],
    empty: Annotated[
        bool, typer.Option("--empty", help="Write one without changes of tables, for those of rows.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be written.")] = False,
) -> None:
    """Write a migration of what has changed in the tables of a component.

    It is applied, taken back and applied again before it is written: on a new SQLite file, and on a new PostgreSQL if
    there is one. A change that it cannot write is refused, and what it does not compare is named.

    What older code does not survive is written as a contraction of its own, which is applied when no older code runs.

    Examples:
        fissile db revision orders --message "orders have a note"
        fissile db revision orders --message "fill the notes" --empty
    """
    from ...data.migrations.trial import rehearse
    from ...data.migrations.writing import propose, write
    from .scratch import scratch

    (one,) = chosen(component)
    with reaching(one):
        proposal = propose(one.migrations, one.address, message, empty=empty)
        made = proposal.revisions
        if dry_run:
            for each in made:
                print(f"# {shown(each.file)}\n{each.text}")
        untried = rehearse(one.migrations, one.address, made, scratch)
    for part in proposal.not_compared:
        say(f"not compared: {part}")
    for place in untried:
        say(f"not tried in {place}")
    if dry_run:
        return
    write(made)
    for each in made:
        say(f"wrote {shown(each.file)}, {_said(each)}")
    option = "" if any(each.kind == "expand" for each in made) else " --contract"
    say(f"next: look at it, and then: fissile db upgrade {one.name}{option}")


def _said(written: Written) -> str:
    if written.kind == "expand":
        return "an expansion: older code runs on what it makes"
    return "a contraction: it is applied with --contract, when no older code runs"
