"""The placement `apart`: a process for each component, all linked by Unix sockets, for as long as the tests run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from httpx2 import AsyncBaseTransport, AsyncHTTPTransport, Request, Response

from ..runtime.state import VARIABLE
from .process import address

ENDING = 5.0
"""Seconds that a process gets to end by itself."""


class Processes:
    """The processes of one application.

    Args:
        entrypoint: Where the application is, as ``shop.main:app``.
        components: A process each.
        state: The folder of their databases, and of what they print.
        environment: Their environment variables: those from before any component was imported here.
    """

    def __init__(self, entrypoint: str, components: Sequence[str], state: Path, environment: Mapping[str, str]) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="fissile-"))  # pytest's own is too long for a socket's path
        self.addresses = {name: address(self._folder, name) for name in components}
        self._running: list[subprocess.Popen[bytes]] = []
        waiting: dict[str, int] = {}
        for name in components:
            waiting[name], announce = os.pipe()
            others = [other for other in components if other != name]
            arguments = [entrypoint, name, str(self._folder), str(announce), *others]
            with (state / f"{name}.log").open("wb") as log:
                self._running.append(_start(arguments, {**environment, VARIABLE: str(state)}, announce, log.fileno()))
            os.close(announce)
        for name, announced in waiting.items():
            is_there = os.read(announced, 1)  # nothing, once the process has ended
            os.close(announced)
            if not is_there:
                said = (state / f"{name}.log").read_text()
                self.close()
                pytest.fail(f"the process of {name} did not start:\n{said}", pytrace=False)

    def close(self) -> None:
        """Ends them."""
        for process in self._running:
            assert process.stdin is not None
            process.stdin.close()
        for process in self._running:
            try:
                process.wait(ENDING)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._running.clear()
        shutil.rmtree(self._folder, ignore_errors=True)


def _start(
    arguments: Sequence[str], environment: Mapping[str, str], announce: int, log: int
) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "fissile.testing.process", *arguments]
    importable = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=log, stderr=log, env={**environment, **importable}, pass_fds=(announce,)
    )


class ByPrefix(AsyncBaseTransport):
    """Sends each request to the process of the component that it is for, as a gateway does.

    Args:
        addresses: Where each prefix is served.
        front: Where everything else is.
    """

    def __init__(self, addresses: Mapping[str, str], front: str) -> None:
        self._transports = {
            prefix: AsyncHTTPTransport(uds=where.removeprefix("unix:")) for prefix, where in addresses.items()
        }
        self._front = front

    async def handle_async_request(self, request: Request) -> Response:
        """Sends one request."""
        segments = request.url.path.split("/")
        known = ("/".join(segments[:count]) for count in range(len(segments), 1, -1))
        prefix = next((prefix for prefix in known if prefix in self._transports), self._front)
        return await self._transports[prefix].handle_async_request(request)

    async def aclose(self) -> None:
        """Closes the connections."""
        for transport in self._transports.values():
            await transport.aclose()
