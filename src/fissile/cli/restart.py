"""``fissile restart``: replaces processes that run, without failing a request."""

from __future__ import annotations

from typing import Annotated

import typer

from .completing import offer_processes
from .words import BROKEN, OUTSIDE_DOWN, WRONG_USAGE, say, show_fault


def restart(
    process: Annotated[
        str | None,
        typer.Argument(
            help="The process; all of them, one after another, by default.",
            show_default=False,
            autocompletion=offer_processes,
        ),
    ] = None,
    application: Annotated[str | None, typer.Option("--app", help="The application, such as shop.main:app.")] = None,
) -> None:
    """Replace a running process without failing a request.

    The new one is ready before the old one is asked to end.

    Examples:
        fissile restart
        fissile restart orders
    """
    from ..errors import Fault
    from ..project import sockets_folder
    from ..supervisor.control import ask
    from .application import project_of

    project = project_of(application)
    answer = ask(sockets_folder(project), {"ask": "restart", "process": process}, patience=None)
    if answer is None:
        why = "no supervisor runs here, and so there is no process that could be replaced"
        show_fault(Fault(f"{project.name} does not run in several processes", "", why, "fissile run --placement apart"))
        raise typer.Exit(OUTSIDE_DOWN)
    if "error" in answer:
        last_words = "".join(f"\n      | {line}" for line in answer.get("last_words", ()))
        why = f"the end of its output was{last_words}" if last_words else ""
        show_fault(Fault(answer["error"], "", why, answer.get("fix", "")))
        raise typer.Exit(WRONG_USAGE if answer.get("usage") else BROKEN)
    say(f"restarted {', '.join(answer['restarted'])}")
