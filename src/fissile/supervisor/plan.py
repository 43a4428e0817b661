"""What a supervisor is to run."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass

from fissile.project import Placement, Process, Project

from .child import Command
from .gateway import Gateway
from .reload import Edits

MakeCommand = Callable[[Process, int, int], Command]
"""Gives the command of a worker: the process, which of its workers (from 1), the descriptor of its listener."""


@dataclass(frozen=True)
class Plan:
    """What is to be run.

    Attributes:
        project: The project.
        placement: The placement, which has processes.
        command: Gives the command of each worker.
        drain: Seconds that requests in flight get at the end of a process.
        url: Where it all is.
        gateway: What stands in front.
        listener: Where one process runs everything and nothing stands in front: its own socket.
        edits: What is edited meanwhile, in development.
        secret: What the processes at an address answer to.
    """

    project: Project
    placement: Placement
    command: MakeCommand
    drain: float
    url: str
    gateway: Gateway | None = None
    listener: socket.socket | None = None
    edits: Edits | None = None
    secret: str = ""

    @property
    def here(self) -> list[Process]:
        """The processes that run on this machine."""
        return [process for process in self.placement.processes if process.address is None]

    def names(self) -> list[str]:
        """The names that stand before the lines of the log: none where one process runs everything."""
        if self.gateway is None:
            return []
        return [*(name for process in self.here for name in self.workers(process)), "gateway"]

    def workers(self, process: Process) -> list[str]:
        """What the workers of a process are called."""
        if self.gateway is None:
            return [""]
        if process.workers == 1:
            return [process.name]
        return [f"{process.name}.{number + 1}" for number in range(process.workers)]
