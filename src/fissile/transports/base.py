"""The port: what a call is, and what carries it.

    consumer ── Call ──▶ Transport ──▶ Provider ──▶ the method

A transport ends a call in one of four ways: a value, an error that the method declares, a `CallError`, or the caller's
own cancellation. Nothing else leaks through (tests/transports/conformance.py).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple, Protocol, TypeAlias

from ..context import Context
from ..errors import MessageTooLong
from ..interface import Method
from ..project import Defaults

MESSAGE_LIMIT = Defaults.message
"""Bytes of one message over a link unless configured."""

MARGIN = 0.05
"""Seconds before its deadline at which a call that waits gives up, so that it can say that it certainly did not run."""


class Call(NamedTuple):
    """One invocation of an interface method.

    Attributes:
        method: What is called.
        arguments: The arguments by name, checked.
        context: What crosses with it; its deadline is set.
    """

    method: Method
    arguments: dict[str, object]
    context: Context

    @property
    def deadline(self) -> float:
        """When it must have ended, in seconds of the running loop's clock."""
        assert self.context.deadline is not None
        return self.context.deadline


class Transport(Protocol):
    """Carries calls to the provider of one interface."""

    async def call(self, call: Call) -> object:
        """Carries one call.

        Raises:
            ComponentError: One that the method declares, rebuilt from its fields.
            CallError: The call ended otherwise.
        """
        ...


Provider: TypeAlias = Callable[[Call], Awaitable[object]]
"""Runs a call as one unit of work; ends as a transport does."""


def too_long(what: str, size: int, limit: int, *, may_have_run: bool) -> MessageTooLong:
    """Return the error of a message over the limit, the same in every placement."""
    message = f"{what} would be {size} bytes on a link, and a message has at most {limit}: page it, or pass a reference"
    return MessageTooLong(message, may_have_run=may_have_run)
