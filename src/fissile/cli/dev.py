"""``fissile dev``: serves the application, and starts it again whenever a file of the project changes."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from .application import Target
from .logs import LogLevel
from .words import INTERRUPTED

DRAIN = 1
"""Seconds that requests in flight get when a file has changed."""

CLOSING = 0.9
"""Seconds that closing may take after that; then the process is killed."""


def dev(
    target: Target = None,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 for any free one.")] = 8000,
    log_level: LogLevel = "info",
) -> None:
    """Serve the application in development: start it again whenever a file changes."""
    from ..supervisor.reload import Reloader
    from . import logs, sockets
    from .application import project_of

    sockets.refuse_unless_loopback(host)
    project = project_of(target)
    logs.configure(log_level)
    command = [sys.executable, "-P", "-m", "fissile.cli", "run", *([target] if target else [])]
    command += ["--log-level", log_level, "--drain", str(DRAIN), "--supervisor", str(os.getpid())]
    with sockets.listen(host, port) as listener:
        command += ["--fd", str(listener.fileno())]
        environment = {**os.environ, "FISSILE_MODE": "development"}
        reloader = Reloader(command, environment, _watched(project.root), listener, patience=DRAIN + CLOSING)
        was_interrupted = reloader.run()
    raise typer.Exit(INTERRUPTED if was_interrupted else 0)


def _watched(root: Path) -> Path:
    """The folder of the project's ``pyproject.toml``, else the one that its package is imported from."""
    near = (root, root.parent)
    return next((folder for folder in near if (folder / "pyproject.toml").is_file()), root)
