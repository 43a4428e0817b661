"""One process of the placement `apart`: a single component, at a Unix socket, until standard input ends.

    python -m fissile.testing.process shop.main:app orders /tmp/sockets 5 suppliers users

The arguments are the application, the component, the folder of the sockets, the descriptor that is told once the
component answers, and the names of the others.
"""

from __future__ import annotations

import importlib
import os
import sys
import threading
from pathlib import Path
from socket import socket

import uvicorn

from ..project import Placement, find
from ..project.defaults import read_defaults
from ..runtime import server
from ..runtime.app import App


class _Announced(uvicorn.Server):
    """A server that says when it answers.

    Args:
        config: uvicorn's.
        announce: The descriptor of a pipe that somebody waits at.
    """

    def __init__(self, config: uvicorn.Config, announce: int) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            os.write(self._announce, b"1")
        os.close(self._announce)


def main(entrypoint: str, component: str, folder: str, announce: str, *others: str) -> None:
    """Serves one component of an application."""
    module, _, name = entrypoint.partition(":")
    app = getattr(importlib.import_module(module), name)
    assert isinstance(app, App) and app.package is not None
    addresses = {other: address(Path(folder), other) for other in others}
    defaults, _ = read_defaults(find(app.package).folder)  # what is wrong with them was said where the tests run
    app.placement = Placement("apart", frozenset({component}), addresses, defaults=defaults)
    path = address(Path(folder), component).removeprefix("unix:")
    serving = _Announced(server.config(app, uds=path, links=True, drain=1.0, log_level="warning"), int(announce))
    threading.Thread(target=_end_with_input, args=(serving,), daemon=True).start()
    serving.run()


def address(folder: Path, component: str) -> str:
    """Where a component's process listens."""
    return f"unix:{folder / component}"


def _end_with_input(serving: uvicorn.Server) -> None:
    sys.stdin.read()
    serving.should_exit = True


if __name__ == "__main__":
    main(*sys.argv[1:])
