"""Writing lines for somebody who may stop reading, which holds up nobody here."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import ClassVar, TextIO


class Writer:
    """Takes lines without waiting, and writes them in a thread of its own.

    Args:
        out: Where they go. `sys.stderr` itself is not for it: Python flushes that at its end, and would wait there for
            the thread that is held up in it.
        tell: Gives the line that says how many were left out at its place.
    """

    ROOM: ClassVar[int] = 1024 * 1024
    """Characters that may wait to be written; lines beyond are left out until those are on their way."""

    LAST: ClassVar[float] = 1.0
    """Seconds that whoever reads gets at the end for what still waits."""

    def __init__(self, out: TextIO, tell: Callable[[int], str]) -> None:
        self._out = out
        self._tell = tell
        self._changed = threading.Condition()
        self._lines: list[str] = []
        self._size = 0
        self._left_out = 0
        self._is_closed = False
        self._thread: threading.Thread | None = None

    def write(self, line: str) -> None:
        """Takes a line, its end included."""
        with self._changed:
            if self._left_out or self._size + len(line) > self.ROOM:
                self._left_out += 1  # a shorter one that still found room would stand before those that did not
            else:
                self._lines.append(line)
                self._size += len(line)
            self._start()
            self._changed.notify_all()

    def close(self) -> None:
        """Returns when all is written, or when whoever reads has had the time for it."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(self.LAST)

    def _start(self) -> None:
        if self._thread is None:
            # A daemon, as nobody waits at the end for one that is held up.
            self._thread = threading.Thread(target=self._write, name="fissile-log", daemon=True)
            self._thread.start()

    def _write(self) -> None:
        while text := self._taken():
            with contextlib.suppress(OSError):  # nobody reads any more, or the disk is full: that ends no process
                self._out.write(text)
                self._out.flush()

    def _taken(self) -> str:
        """Waits for lines and takes all; none once it is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._lines or self._left_out or self._is_closed)
            lines, self._lines, self._size = self._lines, [], 0
            if self._left_out:
                lines.append(self._tell(self._left_out))
                self._left_out = 0
            return "".join(lines)
