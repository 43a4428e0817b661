"""The command line: one thin file per command, and the only part that prints or exits.

Nothing heavier than typer is imported before a command runs, so that ``fissile --help`` answers at once.

Exit codes: 0 well; 1 a check failed, a call ended with an error, or the user's own code failed while it ran; 2 wrong
usage; 3 configuration, which includes an application that cannot be loaded; 4 something outside that is needed is not
there, such as a provider or a free port; 130 interrupted.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from .add import add
from .call import call
from .db import db
from .dev import dev
from .groups import Command, Group
from .list import list_components
from .new import new
from .openapi import openapi
from .remove import remove
from .rename import rename
from .restart import restart
from .run import run
from .words import BROKEN, say, show_configuration, show_exception

cli = typer.Typer(
    name="fissile",
    cls=Group,
    help="Build a FastAPI backend out of decoupled components; run them as one process or as many.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
)
cli.command("new", cls=Command)(new)
cli.add_typer(add)
cli.add_typer(rename)
cli.add_typer(remove)
cli.command("dev", cls=Command)(dev)
cli.command("run", cls=Command)(run)
cli.command("list", cls=Command)(list_components)
cli.command("restart", cls=Command)(restart)
cli.command("openapi", cls=Command)(openapi)
cli.command("call", cls=Command)(call)
cli.add_typer(db)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"fissile {version('fissile')}")
        raise typer.Exit


@cli.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Ends what a command has begun here and was killed in, before the next one does anything."""
    from ..scaffold.journal import recover

    if done := recover(Path.cwd()):
        say(done)


def main() -> None:
    """Runs the command that the arguments name, and exits."""
    from ..errors import ConfigurationError

    try:
        cli(prog_name="fissile")
    except ConfigurationError as error:
        sys.exit(show_configuration(error))
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:  # noqa: BLE001  # the last one to see it: nothing may pass unsaid
        show_exception(error)
        sys.exit(BROKEN)
