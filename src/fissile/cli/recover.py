"""``fissile recover``: finishes what an interrupted command has begun."""

from __future__ import annotations

from typing import Annotated

import typer

from .words import say
from .writing import half_written
from .writing import recover as recover_project


def recover(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what was interrupted, and write nothing.")] = False,
) -> None:
    """Finish what an interrupted command has begun to write, or undo it if that is not possible.

    Commands that write do so first anyway; those that run the application refuse until it is done.

    Examples:
        fissile recover
        fissile recover --dry-run
    """
    if dry_run:
        fault = half_written()
        say(f"{fault.what}: it would be finished" if fault else "no command was interrupted")
    elif not recover_project():
        say("no command was interrupted")
