"""A warning, in development, of a call made while a transaction is open: what it holds waits for the network."""

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
    """Warn of a call that is made after the first statement of a unit of work, once for each place.

    Args:
        transport: Carries the call.
    """

    __slots__ = ("_transport",)

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def call(self, call: Call) -> object:
        """Carries one call; see `Transport.call`."""
        work = CURRENT.get()
        if work is not None and work.has_begun:
            where = _place(sys._getframe(1))
            if where not in _told:
                _told.add(where)
                held, then = ("connection waits", "read") if work.readonly else ("locks wait", "read and write")
                what = f"is called while a transaction of {work.component} is open, whose {held} for the answer"
                logger.warning("%s: %s %s; call first, then %s", where, call.method, what, then)
        return await self._transport.call(call)


def _place(frame: FrameType | None) -> str:
    """The line of the component's code that awaits the call."""
    while frame is not None and frame.f_code.co_filename.startswith(_OURS):
        frame = frame.f_back
    return "" if frame is None else shown(Path(frame.f_code.co_filename), frame.f_lineno)
