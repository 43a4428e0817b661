"""HTTP requests to processes, on this machine over their Unix sockets."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Mapping
from email.message import Message
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

PATIENCE = 5.0
"""Seconds that an answer may take."""


class Answer(NamedTuple):
    """What came back.

    Attributes:
        status: The status.
        headers: The headers, found whatever the case of their names.
        body: The body.
    """

    status: int
    headers: Message
    body: bytes


class _Local(http.client.HTTPConnection):
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


def ask(endpoint: Path | str, target: str, method: str = "GET", headers: Mapping[str, str] | None = None) -> Answer:
    """Sends one request, and blocks until it is answered.

    Args:
        endpoint: A Unix socket, or an address such as ``https://trade.internal:8000``.
        target: The path of the request.
        method: Its method.
        headers: Its headers besides ``Host``.

    Raises:
        OSError: Nobody answers.
        http.client.HTTPException: What answers speaks no HTTP.
    """
    connection = _connection(endpoint)
    try:
        connection.request(method, target, headers=headers or {})
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())
    finally:
        connection.close()


def _connection(endpoint: Path | str) -> http.client.HTTPConnection:
    if isinstance(endpoint, Path):
        return _Local(endpoint)
    parts = urlsplit(endpoint)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    return kind(parts.hostname or "", parts.port, timeout=PATIENCE)
