"""The gateway as a process: its configuration, its start, whether it is ready, and its drain."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import os
import signal
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from fissile.errors import ConfigurationError, Fault
from fissile.generate.envoy import render
from fissile.generate.gateway import Gateway as Planned
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

READY = 60.0
"""Seconds in which it is ready, or started again."""

ADMIN = "gateway.sock"
"""The socket of Envoy's own interface."""


def in_memory(content: bytes) -> BinaryIO:
    """Return a file that nobody can remove, and for which no disk is too full where the system can do so."""
    if hasattr(os, "memfd_create"):
        file: BinaryIO = os.fdopen(os.memfd_create("fissile"), "w+b", 0)
    else:
        file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  # its caller closes it
    file.write(content)
    file.seek(0)
    return file


@contextlib.contextmanager
def reachable(socket: Path) -> Iterator[Path]:
    """A path that leads to a socket also after that is removed, where the system has one (Linux: open(2), O_PATH)."""
    descriptor = None
    if hasattr(os, "O_PATH"):
        with contextlib.suppress(OSError):  # it was removed already
            descriptor = os.open(socket, os.O_PATH | os.O_CLOEXEC)
    if descriptor is None:
        yield socket
        return
    try:
        yield Path(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)


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
        self._binary = Path()
        self._planned: Planned | None = None
        self._elsewhere: tempfile.TemporaryDirectory[str] | None = None
        self._admin = Path()
        self._was_ready = False

    def prepare(self, sockets: Path) -> None:
        """Finds the program, writes its configuration and has it checked.

        Args:
            sockets: The folder of the sockets.

        Raises:
            ConfigurationError: There is no program, it refuses the configuration, or that cannot be written.
        """
        self._binary = envoy.find(os.environ)
        planned = gateway(self._project, self._placement, sockets, self._host, self._port, sockets / ADMIN)
        planned = replace(planned, authorities=envoy.authorities(), connections=envoy.connections(), away=HEADER)
        self._planned = planned
        file = sockets / "gateway.json"
        try:
            file.write_text(render(self._planned))
        except OSError as error:
            raise ConfigurationError(
                Fault(f"the configuration cannot be written: {error.strerror}", str(file))
            ) from None
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
        assert self._planned is not None
        admin = self._place(self._planned.admin)
        admin.unlink(missing_ok=True)
        with in_memory(render(replace(self._planned, admin=admin)).encode()) as file:
            words = envoy.command(self._binary, Path(f"/dev/fd/{file.fileno()}"))
            child = await start(Command(words, os.environ, (file.fileno(),)), "gateway", stream)
        self._admin = admin
        child.keep(self._follow(child))
        return child

    def _place(self, admin: Path) -> Path:
        """Return the socket of Envoy's own interface: in another private folder if that of the sockets is of no use."""
        if os.access(admin.parent, os.W_OK):
            return admin
        if self._elsewhere is None:
            self._elsewhere = tempfile.TemporaryDirectory(prefix="fissile-")
        return Path(self._elsewhere.name) / ADMIN

    async def _follow(self, child: Child) -> None:
        """Say for Envoy that it is ready, and from then on that it answers."""
        until = time.monotonic() + READY
        while not child.has_ended:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if await asyncio.to_thread(envoy.is_ready, self._admin):
                    break
            if time.monotonic() > until:  # its socket was removed before it was ready, and it cannot be asked
                child.send(signal.SIGKILL)
            await asyncio.sleep(TICK)
        if child.has_ended:
            return
        self._was_ready = True
        child.beats()
        child.says({"status": "ready"})
        with reachable(self._admin) as self._admin:
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
