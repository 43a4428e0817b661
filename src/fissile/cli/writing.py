"""What every command shares that writes into a project: what it would do, doing it, and saying what comes next."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import ConfigurationError, Fault, shown
from .words import has_colour, say

if TYPE_CHECKING:
    from ..project import Project
    from ..scaffold.change import Change

DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would change, as a diff, and write nothing.")]
JSON = "Print what changes as JSON, for programs."
AsJson = Annotated[bool, typer.Option("--json", help=JSON)]

_COLOURS = {"+++": "1", "---": "1", "+": "32", "-": "31", "@@": "36", "rename": "33", "delete": "31"}
"""How lines of a diff are shown that begin like this (ANSI colours, as git has them)."""


def perform(plan: Callable[[Project], Change], *, dry_run: bool, as_json: bool) -> None:
    """Carries a change of the project out, and says what it did and what comes next; with `dry_run` it shows it only.

    Args:
        plan: Finds out what is to change in the project; it is asked when no other command writes any more.
        dry_run: Whether nothing is written.
        as_json: Whether a program reads it.

    Raises:
        ConfigurationError: It cannot be carried out, and nothing has changed.
    """
    from ..project import project_folder
    from ..scaffold.journal import carried_out
    from .application import project_of

    if dry_run:
        refuse_half_written()
        change = plan(project_of(None))
        change.check()
    else:
        recover()
        change = carried_out(project_folder(project_of(None)), lambda: plan(project_of(None)))
    tell(change, dry_run=dry_run, as_json=as_json)


def recover() -> bool:
    """Finish or undo what an interrupted command has begun in the project around the working directory.

    Returns:
        True if there was anything to do.

    Raises:
        ConfigurationError: Neither is possible; the files stay as they are.
    """
    from ..scaffold import journal

    folder = Path.cwd()
    if left := journal.left_in(folder):
        say(f"note: {shown(left)} is not followed: what is inside of a project may have come with it; remove it")
    done = journal.recover(folder)
    if done:
        say(done)
    return done is not None


def refuse_half_written() -> None:
    """Refuse to go on with a project into which an interrupted command has written one half of something.

    Raises:
        ConfigurationError: One was interrupted here.
    """
    if fault := half_written():
        raise ConfigurationError(fault)


def half_written() -> Fault | None:
    """Return the fault of a project into which an interrupted command has written one half of something, if one has."""
    from ..scaffold.journal import interrupted

    if (what := interrupted(Path.cwd())) is None:
        return None
    why = "its source may be one half of before and one half of after"
    return Fault(f"`fissile {what}` was interrupted in this project", "", why, "fissile recover")


def tell(change: Change, *, dry_run: bool, as_json: bool) -> None:
    """Says what a change did, or with `dry_run` what it would do."""
    if as_json:
        print(json.dumps({**change.as_json(), "dry_run": dry_run}, indent=2))
        return
    if dry_run:
        _show(change)
    else:
        for done in change.done():
            say(_said(done))
    for note in change.notes:
        say(f"note: {note}")
    for line in change.lines:
        say(f"    {line}")
    for command in () if dry_run else change.next:
        say(f"next: {_typed(command)}")


def _typed(command: str) -> str:
    """A command as whoever has typed this one types it: uv says in `UV` that it runs us."""
    ours = command.startswith(("fissile ", "pytest "))
    return f"uv run {command}" if ours and "UV" in os.environ else command


def _show(change: Change) -> None:
    coloured = has_colour(sys.stdout)
    for line in change.diff():
        print(_coloured(line) if coloured else line)


def _coloured(line: str) -> str:
    colour = next((code for beginning, code in _COLOURS.items() if line.startswith(beginning)), None)
    return f"\x1b[{colour}m{line}\x1b[0m" if colour else line


_DONE = {"create": "wrote", "edit": "edited", "move": "moved", "remove": "removed"}


def _said(done: dict[str, str]) -> str:
    to = f" to {done['to']}" if "to" in done else ""
    return f"{_DONE[done['action']]} {done['path']}{to}"
