"""Runs a server in a process of its own, and starts it again whenever a file of the project changes."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from watchfiles import Change, DefaultFilter, watch

logger = logging.getLogger("fissile.dev")

TICK = 100
"""Milliseconds between two looks at the process."""

_WORDS = b"The application has ended, its log says why; it starts again when a file changes.\n"
STOPPED = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
) % (len(_WORDS), _WORDS)


class Sources(DefaultFilter):
    """The files that an application is made of: Python, TOML and ``.env``."""

    ignore_dirs = (*DefaultFilter.ignore_dirs, ".fissile", ".ruff_cache", "build", "dist")

    def __call__(self, change: Change, path: str) -> bool:
        """Whether a change of this file counts."""
        return path.endswith((".py", ".toml", ".env")) and super().__call__(change, path)


class Reloader:
    """Keeps one process running, and never two.

    Args:
        command: The command that serves.
        environment: Its environment variables.
        folder: The folder of the project; what changes below it starts the process again.
        listener: The socket that every process serves in turn, so that no connection is refused meanwhile.
        patience: Seconds that the process gets to end after it was asked to.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        listener: socket.socket,
        *,
        patience: float,
    ) -> None:
        self._command = command
        self._environment = environment
        self._folder = folder
        self._listener = listener
        self._patience = patience
        self._stop = threading.Event()
        self._was_interrupted = False
        self._process: subprocess.Popen[bytes] | None = None

    def run(self) -> bool:
        """Runs until SIGINT or SIGTERM.

        Returns:
            Whether it was interrupted (SIGINT).
        """
        self._listener.setblocking(False)
        with self._signals():
            try:
                self._watch()
            finally:
                self._end()
        return self._was_interrupted

    def _watch(self) -> None:
        """Watches first and starts then, so that no edit is missed."""
        logger.info("watching %s", self._folder)
        has_started = False
        for changes in watch(
            self._folder,
            watch_filter=Sources(),
            stop_event=self._stop,
            rust_timeout=TICK,
            debounce=400,
            yield_on_timeout=True,
            raise_interrupt=False,
        ):
            if not has_started:
                has_started = True
                self._start()
            elif changes:
                logger.info("%s changed: starting again", self._names({path for _, path in changes}))
                self._end()
                self._start()
            elif self._process is None or self._process.poll() is not None:
                self._while_ended()

    def _names(self, paths: set[str]) -> str:
        names = sorted(os.path.relpath(path, self._folder) for path in paths)
        return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")

    def _start(self) -> None:
        if not self._stop.is_set():
            self._process = subprocess.Popen(
                self._command, env=self._environment, pass_fds=[self._listener.fileno()], stdin=None
            )

    def _end(self) -> None:
        """Ends the process, and returns when it is gone."""
        process = self._process
        if process is None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(self._patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._process = None

    def _while_ended(self) -> None:
        """The process has ended by itself: says so once, and answers whoever asks."""
        if self._process is not None:
            logger.error("it ended with code %s: waiting for an edit", self._process.returncode)
            self._process = None
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:  # nobody waits
                return
            with connection:
                connection.settimeout(0.1)
                try:
                    connection.recv(65536)  # a socket closed with unread data resets, and the answer would be lost
                    connection.sendall(STOPPED)
                except OSError:
                    continue

    @contextmanager
    def _signals(self) -> Iterator[None]:
        before = {number: signal.signal(number, self._asked_to_stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _asked_to_stop(self, number: int, _: FrameType | None) -> None:
        self._was_interrupted |= number == signal.SIGINT
        self._stop.set()
