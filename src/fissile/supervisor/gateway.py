"""The gateway as a process: its configuration, its start, whether it is ready, and its drain."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import os
from dataclasses import replace
from pathlib import Path

from fissile.errors import Fault
from fissile.generate.envoy import render
from fissile.generate.gateway import gateway
from fissile.project import Placement, Project

from . import envoy
from .child import Child, Command, start
from .listener import HEADER, is_taken
from .lock import Taken
from .logs import Stream

TICK = 0.05
"""Seconds between two looks at whether it is ready."""

BEAT = 1.0
"""Seconds between two looks at whether it answers."""


class Gateway:
    """Envoy, in front of the processes of a placement.

    Args:
        project: The project, whose components say their prefixes.
        placement: Where they are.
        host: The IP address to listen on.
        port: The port.
    """

    def __init__(self, project: Project, placement: Placement, host: str, port: int) -> None:
        self.url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        self._project = project
        self._placement = placement
        self._host = host
        self._port = port
        self._folder = Path()
        self._binary = Path()
        self._was_ready = False

    @property
    def _admin(self) -> Path:
        return self._folder / "gateway.sock"

    def prepare(self, sockets: Path) -> None:
        """Finds the program, writes its configuration and has it checked.

        Args:
            sockets: The folder of the sockets.

        Raises:
            ConfigurationError: There is no program, or it refuses the configuration.
        """
        self._folder = sockets
        self._binary = envoy.find(os.environ)
        planned = gateway(self._project, self._placement, sockets, self._host, self._port, self._admin)
        wanted = replace(planned, authorities=envoy.authorities(), connections=envoy.connections(), away=HEADER)
        file = sockets / "gateway.json"
        file.write_text(render(wanted))
        envoy.validate(self._binary, file)

    async def start(self, stream: Stream) -> Child:
        """Starts it.

        Raises:
            Taken: Its port is another program's, and it has never been ready. Envoy ends with code 1 then, as for every
                other reason, and a log line: ``cannot bind '127.0.0.1:8000': Address already in use``.
            OSError: The program cannot be started.
        """
        if not self._was_ready and is_taken(self._host, self._port):
            what, why = f"port {self._port} is in use on {self._host}", "one program listens on a port"
            raise Taken(Fault(what, "", why, "end the other program, or try another --port"))
        self._admin.unlink(missing_ok=True)
        words = envoy.command(self._binary, self._folder / "gateway.json")
        child = await start(Command(words, os.environ), "gateway", stream)
        child.keep(self._follow(child))
        return child

    async def _follow(self, child: Child) -> None:
        """Say for Envoy that it is ready, and from then on that it answers."""
        while not child.has_ended:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if await asyncio.to_thread(envoy.is_ready, self._admin):
                    break
            await asyncio.sleep(TICK)
        if child.has_ended:
            return
        self._was_ready = True
        child.beats()
        child.says({"status": "ready"})
        while not child.has_ended:
            if await asyncio.to_thread(envoy.answers, self._admin):
                child.beats()
            await asyncio.sleep(BEAT)

    async def drain(self, seconds: float) -> None:
        """Lets nobody in any more, and waits until those inside are answered, at most so many seconds."""
        with contextlib.suppress(OSError, http.client.HTTPException, TimeoutError):
            async with asyncio.timeout(seconds):
                await asyncio.to_thread(envoy.stop_listening, self._admin)
                while await asyncio.to_thread(envoy.is_busy, self._admin):  # noqa: ASYNC110  # it does not tell
                    await asyncio.sleep(TICK)
