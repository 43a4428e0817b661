"""One stream of what all processes write, a line at a time, each with the name of its process before it."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from typing import ClassVar, TextIO

from .writer import Writer

OWN = "fissile"
"""What stands before the supervisor's own lines."""

_COLOURS = ("36", "33", "35", "32", "34", "31")


class Stream:
    """Where the lines of all processes go; nobody waits until they are read.

    Args:
        out: The stream; not `sys.stderr` itself, as a `Writer` says.
        names: The names of the processes; with one alone, nothing stands before its lines.
        colour: Whether the names are coloured.
    """

    LONGEST: ClassVar[int] = 64 * 1024
    """Bytes of a line that are kept together; a longer one is broken."""

    def __init__(self, out: TextIO, names: Sequence[str], *, colour: bool) -> None:
        self._writer = Writer(out, self._left_out)
        self._width = max(map(len, names), default=0) if len(names) > 1 else 0
        self._colours = {name: _COLOURS[number % len(_COLOURS)] for number, name in enumerate(names)} if colour else {}

    async def copy(self, name: str, reader: asyncio.StreamReader, last: deque[bytes]) -> None:
        """Copy the output of a process until it ends, and keep its last lines.

        Args:
            name: The process.
            reader: Its output.
            last: Receives each line as well; its length bounds how many are kept.
        """
        rest = b""
        while data := await reader.read(self.LONGEST):
            *lines, rest = (rest + data).split(b"\n")
            if len(rest) > self.LONGEST:
                lines, rest = [*lines, rest], b""
            self.write(name, lines)
            last.extend(lines)
        if rest:
            self.write(name, [rest])
            last.append(rest)

    def write(self, name: str, lines: Sequence[bytes]) -> None:
        """Writes whole lines of one process."""
        before = self._before(name)
        for line in lines:
            self._writer.write(f"{before}{line.decode(errors='replace')}\n")

    def say(self, words: str) -> None:
        """Writes what is of no process, for whoever sits there."""
        self._writer.write(f"{words}\n")

    def close(self) -> None:
        """Ends it when all is written, or when whoever reads has had a second for it."""
        self._writer.close()

    def _left_out(self, number: int) -> str:
        return f"{self._before(OWN)}lines left out here, because nobody read them: {number}\n"

    def _before(self, name: str) -> str:
        if not self._width:
            return ""
        if colour := self._colours.get(name):
            return f"\x1b[{colour}m{name:<{self._width}} |\x1b[0m "
        return f"{name:<{self._width}} | "


class Own(logging.Handler):
    """The supervisor's own lines, formatted as those of the processes and written to the same stream.

    Args:
        stream: Where they go.
    """

    def __init__(self, stream: Stream) -> None:
        super().__init__()
        self._stream = stream

    def emit(self, record: logging.LogRecord) -> None:
        """Called by logging for each record."""
        self._stream.write(OWN, self.format(record).encode(errors="replace").split(b"\n"))
