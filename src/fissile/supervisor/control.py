"""Asking the supervisor that runs: one JSON object a line, each answered by one, over a socket beside the others."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from .listener import LONGEST, listen_on

Answer = Callable[[Mapping[str, Any]], Awaitable[Mapping[str, Any]]]

LAST_ANSWERS = 1.0
"""Seconds that answers which are due get at the end."""

PATIENCE = 5.0
"""Seconds that an answer may take, unless it waits for processes."""


def control_path(sockets: Path) -> Path:
    """Where a supervisor is asked."""
    return sockets / "control.sock"


class Control:
    """Answers questions over a socket in the folder of the sockets.

    Args:
        sockets: The folder of the sockets.
        answer: Gives the answer to a question.
    """

    def __init__(self, sockets: Path, answer: Answer) -> None:
        self._path = control_path(sockets)
        self._answer = answer
        self._servers: list[asyncio.Server] = []
        self._due: set[asyncio.Future[None]] = set()

    async def __aenter__(self) -> Control:
        await self._listen()  # a supervisor that was killed may have left its socket
        return self

    async def __aexit__(self, *_: object) -> None:
        for server in self._servers:
            server.close()
        if self._due:
            await asyncio.wait(self._due, timeout=LAST_ANSWERS)

    async def listen(self) -> None:
        """Listen, again if the socket was removed.

        Raises:
            ConfigurationError: It cannot be listened on.
        """
        if not self._path.is_socket():
            await self._listen()

    async def _listen(self) -> None:
        self._servers.append(await asyncio.start_unix_server(self._serve, sock=listen_on(self._path)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(ConnectionError, ValueError):
            async for line in reader:
                self._due.add(replying := asyncio.ensure_future(self._reply(line, writer)))
                replying.add_done_callback(self._due.discard)
                await replying

    async def _reply(self, line: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(json.dumps(await self._answer(json.loads(line))).encode() + b"\n")
        await writer.drain()


def ask(sockets: Path, question: Mapping[str, Any], patience: float | None = PATIENCE) -> Mapping[str, Any] | None:
    """Asks the supervisor of a project.

    Args:
        sockets: The folder of the sockets.
        question: The question.
        patience: Seconds that the answer may take; None for any time.

    Returns:
        Its answer; None where none runs.

    Raises:
        TimeoutError: It does not answer.
    """
    path = control_path(sockets)
    if len(bytes(path)) > LONGEST:  # none can have started
        return None
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(patience)
        try:
            connection.connect(str(path))
            connection.sendall(json.dumps(question).encode() + b"\n")
            with connection.makefile("rb") as answers:
                line = answers.readline()
        except (FileNotFoundError, ConnectionError):
            return None
    return json.loads(line) if line else None
