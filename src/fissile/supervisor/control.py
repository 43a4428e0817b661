"""Asking the supervisor that runs: one JSON object a line, each answered by one, over a socket beside the others."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
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


@asynccontextmanager
async def answering(sockets: Path, answer: Answer) -> AsyncIterator[None]:
    """Answers questions while the block runs, and those that are due after it.

    Args:
        sockets: The folder of the sockets.
        answer: Gives the answer to a question.
    """
    due: set[asyncio.Future[None]] = set()

    async def reply(line: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(json.dumps(await answer(json.loads(line))).encode() + b"\n")
        await writer.drain()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(ConnectionError, ValueError):
            async for line in reader:
                due.add(replying := asyncio.ensure_future(reply(line, writer)))
                replying.add_done_callback(due.discard)
                await replying

    server = await asyncio.start_unix_server(serve, sock=listen_on(control_path(sockets)))
    try:
        yield
    finally:
        server.close()
        if due:
            await asyncio.wait(due, timeout=LAST_ANSWERS)


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
