"""The command line: one thin file per command, and the only part that prints or exits.

Nothing heavier than typer is imported before a command runs, so that ``fissile --help`` answers at once.

Exit codes: 0 well; 1 a check failed, a call ended with an error, or the user's own code failed while it ran; 2 wrong
usage; 3 configuration, which includes an application that cannot be loaded; 4 something outside that is needed is not
there, such as a provider or a free port; 130 interrupted.
"""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from ..errors import ConfigurationError, Fault, shown
from .add import add
from .call import call
from .db import db
from .dev import dev
from .groups import Command, Group
from .list import list_components
from .new import new
from .openapi import openapi
from .recover import recover
from .remove import remove
from .rename import rename
from .restart import restart
from .run import run
from .secret import secret
from .words import BROKEN, OUTSIDE_DOWN, in_json, say, show_configuration, show_exception, show_fault
from .writing import half_written

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
cli.command("recover", cls=Command)(recover)
cli.add_typer(db)
cli.add_typer(secret)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"fissile {version('fissile')}")
        raise typer.Exit


_WRITING = ("new", "add", "rename", "remove", "recover", "secret")
"""Commands that finish themselves what was interrupted, or that have nothing to do with the source of the project."""

_READING = ("list",)
"""Commands that read the project and import none of it."""


@cli.callback()
def _options(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Refuse to run source into which an interrupted command has written one half of something."""
    if context.invoked_subcommand in _WRITING or "--help" in sys.argv:
        return
    if fault := half_written():
        if context.invoked_subcommand not in _READING:
            raise ConfigurationError(fault)
        say(f"warning: {fault}")


_OF_THE_SYSTEM = (errno.EACCES, errno.EDQUOT, errno.ENOSPC, errno.EPERM, errno.EROFS)
"""Errors of a disk that is full or read-only, or of missing rights; the user's own code shows its own."""


def _show_import_error(error: ImportError) -> int:
    """Show that an extra is missing, or the whole exception; return the exit code."""
    from ..project.libraries import missing_extra

    if fault := missing_extra(error):
        return show_configuration(ConfigurationError(fault))
    show_exception(error)
    return BROKEN


def main() -> None:
    """Runs the command that the arguments name, and exits."""
    try:
        sys.exit(cli(prog_name="fissile", standalone_mode=not in_json()))
    except TyperException as error:  # with --json alone; else typer shows it
        show_fault(Fault(error.format_message()))
        sys.exit(error.exit_code)
    except ConfigurationError as error:
        sys.exit(show_configuration(error))
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # its reader has left; Python would report that again at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(BROKEN)
    except OSError as error:
        if error.errno not in _OF_THE_SYSTEM:
            show_exception(error)
            sys.exit(BROKEN)
        where = "" if error.filename is None else shown(Path(os.fsdecode(error.filename)))
        show_fault(Fault(error.strerror or str(error), where, "", "mend that, and run it again"))
        sys.exit(OUTSIDE_DOWN)
    except ImportError as error:
        sys.exit(_show_import_error(error))
    except Exception as error:  # noqa: BLE001  # the last one to see it: nothing may pass unsaid
        show_exception(error)
        sys.exit(BROKEN)
