"""HTTP requests to processes on this machine, over their Unix sockets."""

from __future__ import annotations

import http.client
import socket
from pathlib import Path

PATIENCE = 5.0
"""Seconds that an answer may take."""


class _Connection(http.client.HTTPConnection):
    """A connection to a Unix socket.

    Args:
        path: The socket.
    """

    def __init__(self, path: Path) -> None:
        super().__init__("fissile", timeout=PATIENCE)
        self._path = path

    def connect(self) -> None:
        """Called by the first request."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def ask(path: Path, target: str, method: str = "GET") -> tuple[int, bytes]:
    """Sends one request, and blocks until it is answered.

    Args:
        path: The socket.
        target: The path of the request.
        method: Its method.

    Returns:
        Status and body.

    Raises:
        OSError: Nobody answers.
        http.client.HTTPException: What answers speaks no HTTP.
    """
    connection = _Connection(path)
    try:
        connection.request(method, target)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
