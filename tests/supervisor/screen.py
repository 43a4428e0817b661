"""A command in a terminal of its own, as somebody meets it who sits before one."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import termios
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.cli.terminal import PATIENCE

CTRL_C = "\x03"

_OWNING = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
"""Makes the terminal that of the session, so that what is typed there ends who reads there."""


class Screen:
    """A terminal with a command in it; all that it shows is kept.

    Args:
        words: The command.
        folder: Its working directory.
        environment: Its environment variables.
    """

    def __init__(self, words: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        self._keyboard, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _OWNING, *words],
            cwd=folder,
            env=environment,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        self._theirs = theirs  # kept open, so that what was shown last is not lost with it
        self.shown = ""
        self._seen = 0
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while data := os.read(self._keyboard, 65536):
            with self._changed:
                self.shown += data.decode(errors="replace")
                self._changed.notify_all()
                if data.endswith(_END):
                    return

    def shows(self, words: str) -> str:
        """Waits until these words are shown after those that were waited for before; what stands between."""
        with self._changed:
            assert self._changed.wait_for(lambda: words in self.shown[self._seen :], PATIENCE), self.shown
            found = self.shown.index(words, self._seen) + len(words)
            between, self._seen = self.shown[self._seen : found], found
        return between

    def types(self, keys: str) -> None:
        """Types something."""
        os.write(self._keyboard, keys.encode())

    @property
    def echoes(self) -> bool:
        """Whether the terminal shows what is typed, as a shell needs it."""
        return bool(termios.tcgetattr(self._theirs)[3] & termios.ECHO)

    def ended(self) -> int:
        """Waits for the end of the command; its exit code."""
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        """Takes the terminal away."""
        os.write(self._theirs, _END)
        self._reader.join(PATIENCE)
        os.close(self._theirs)
        os.close(self._keyboard)


_END = b"\x04\x04"
