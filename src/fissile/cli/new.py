"""``fissile new``: a project that works at once."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated

import typer

from .choices import one_of
from .completing import offer_ci, offer_databases, offer_shapes
from .words import say
from .writing import AsJson, DryRun, tell


def new(
    name: Annotated[str | None, typer.Argument(help="Its name, such as shop.", show_default=False)] = None,
    shape: Annotated[
        str | None,
        typer.Option(
            help="tiny: one file; small: a flat package; large: components.  [default: tiny]",
            autocompletion=offer_shapes,
        ),
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(help="sqlite or postgresql.  [default: sqlite]", autocompletion=offer_databases),
    ] = None,
    ci: Annotated[
        str | None, typer.Option(help="github: a workflow that checks and tests it.", autocompletion=offer_ci)
    ] = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Make a project that works at once, with tests, checks and a README.

    On a terminal it asks for the name, the shape and the database where they are not said.

    Examples:
        fissile new shop
        fissile new shop --shape large --database postgresql --ci github
        fissile new shop --shape small --dry-run
    """
    from ..scaffold.journal import carry_out
    from ..scaffold.new import CI, DATABASES, SHAPES, Wish, new_project

    asks = sys.stdin.isatty() and sys.stderr.isatty() and not as_json
    if name is None:
        if not asks:
            raise typer.BadParameter("say what it shall be called", param_hint="'NAME'")
        name = str(typer.prompt("Name", err=True))
    shape = _one_of(shape, SHAPES, "--shape") or (_asked_shape(SHAPES) if asks else "tiny")
    database = _one_of(database, DATABASES, "--database")
    if database is None:
        database = _asked("Database", DATABASES) if asks and shape != "tiny" else DATABASES[0]
    wish = Wish(name, shape, database, _one_of(ci, CI, "--ci"))
    change = new_project(Path.cwd(), wish)
    if dry_run:
        change.check()
    else:
        carry_out(change)
    tell(change, dry_run=dry_run, as_json=as_json)


def _asked_shape(shapes: Mapping[str, str]) -> str:
    for shape, what in shapes.items():
        say(f"{shape}: {what}")
    return _asked("Shape", shapes)


def _asked(what: str, choices: Iterable[str]) -> str:
    """Asks until one of them is said."""
    first, *_ = known = list(choices)
    while True:
        said = str(typer.prompt(f"{what} ({', '.join(known)})", default=first, err=True))
        if said in known:
            return said


def _one_of(said: str | None, known: Iterable[str], option: str) -> str | None:
    return None if said is None else one_of(said, known, option)
