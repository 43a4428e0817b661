"""The socket over which a process reports to its supervisor, and receives further listeners."""

from __future__ import annotations

import json
import os
import socket
import stat
from collections.abc import Mapping
from contextlib import suppress

BEAT = 1.0
"""Seconds between two lines that say that the loop turns."""

HANDED = 16
"""Listeners that are taken at once."""


class Announcing:
    """The socket between a process and its supervisor.

    Nothing here waits: what a supervisor that is stopped does not read is said later.

    Args:
        descriptor: The socket, or a pipe, over which nothing is handed to this process.
    """

    def __init__(self, descriptor: int) -> None:
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        is_socket = stat.S_ISSOCK(os.fstat(descriptor).st_mode)
        self._socket = socket.socket(fileno=descriptor) if is_socket else None
        self._said: Mapping[str, object] = {}
        self._unsent = b""

    def say(self, what: Mapping[str, object]) -> None:
        """Tell how this process is, unless it has been told already."""
        if what != self._said:
            self._said = what
            self._add()

    def beat(self) -> None:
        """Tell the same again, which says that the loop turns."""
        if not self._unsent:
            self._add()

    def _add(self) -> None:
        self._unsent += json.dumps(self._said).encode() + b"\n"
        with suppress(BlockingIOError, ConnectionError):  # a supervisor that is gone ends this process in a moment
            while self._unsent:
                self._unsent = self._unsent[os.write(self._descriptor, self._unsent) :]

    def listeners(self) -> list[socket.socket]:
        """Return the listeners that the supervisor has handed over since the last time."""
        if self._socket is not None:
            with suppress(BlockingIOError, ConnectionError):
                _, descriptors, _, _ = socket.recv_fds(self._socket, 1024, HANDED)
                return [socket.socket(fileno=descriptor) for descriptor in descriptors]
        return []
