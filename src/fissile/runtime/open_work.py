"""Warns in development of a call that is made while a transaction is open: its locks would wait for the network."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from types import FrameType

from ..data import CURRENT
from ..errors import shown
from ..transports.base import Call, Transport

logger = logging.getLogger("fissile.data")

_OURS = str(Path(__file__).parents[1])

_told: set[str] = set()


class WarningTransport:
    """Says where a call is made after the first statement of a unit of work that may write, once for each place.

    Args:
        transport: Carries the call.
    """

    __slots__ = ("_transport",)

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def call(self, call: Call) -> object:
        """Carries one call; see `Transport.call`."""
        work = CURRENT.get()
        if work is not None and work.has_begun and not work.readonly:
            where = _place(sys._getframe(1))
            if where not in _told:
                _told.add(where)
                what = "%s: %s is called while a transaction of %s is open, whose locks wait for the answer"
                logger.warning(f"{what}; call first, then read and write", where, call.method, work.component)
        return await self._transport.call(call)


def _place(frame: FrameType | None) -> str:
    """The line of the component's code that awaits the call."""
    while frame is not None and frame.f_code.co_filename.startswith(_OURS):
        frame = frame.f_back
    return "" if frame is None else shown(Path(frame.f_code.co_filename), frame.f_lineno)
