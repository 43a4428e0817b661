"""One stream of log lines on stderr, in one format: time, level, logger, message."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from .choices import one_of
from .completing import offer_levels
from .words import has_colour

LEVELS = ("debug", "info", "warning", "error")
_COLOURS = {"DEBUG": "2", "INFO": "32", "WARNING": "33", "ERROR": "31", "CRITICAL": "1;31"}


def _known(level: str) -> str:
    return one_of(level.lower(), LEVELS)


LogLevel = Annotated[
    str, typer.Option(help=f"What is logged: {', '.join(LEVELS)}.", callback=_known, autocompletion=offer_levels)
]


class Line(logging.Formatter):
    """A line of the log: ``2026-11-22T10:09:02.123Z INFO fissile.lifecycle message``.

    Args:
        colour: Whether the level is coloured.
    """

    def __init__(self, *, colour: bool) -> None:
        super().__init__("%(asctime)s %(level)s %(name)s %(message)s")
        self._colour = colour

    def format(self, record: logging.LogRecord) -> str:
        """Called by logging for each record."""
        name = record.levelname
        record.level = f"\x1b[{_COLOURS[name]}m{name}\x1b[0m" if self._colour and name in _COLOURS else name
        return super().format(record)

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802  # logging's name
        """The time in UTC, to the millisecond (RFC 3339)."""
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _is_no_cancellation(record: logging.LogRecord) -> bool:
    """Whether it is about anything else than a request that was cut off at the end: nobody erred."""
    from asyncio import CancelledError

    return not (record.exc_info and isinstance(record.exc_info[1], CancelledError))


def configure(level: str) -> None:
    """Logs to stderr from now on; the application is imported later, so that its own configuration wins.

    Args:
        level: One of `LEVELS`.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_is_no_cancellation)
    handler.setFormatter(Line(colour=has_colour(sys.stderr)))
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(level.upper())
    logging.getLogger("alembic").setLevel(max(logging.WARNING, logging.root.level))  # it tells of its own parts
    logging.captureWarnings(True)
