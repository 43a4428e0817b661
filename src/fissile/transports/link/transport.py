"""Carrying calls over a link."""

from __future__ import annotations

from ...errors import CallFailed, Incompatible
from ...interface import Method
from ..base import Call, too_long
from ..foreign import is_foreign
from .frames import RAISED, RESULT
from .link import Link
from .messages import pack_call, unpack_failed, unpack_raised


class LinkTransport:
    """Carries calls over a link.

    Args:
        link: The way to the peer.
    """

    __slots__ = ("_link",)

    def __init__(self, link: Link) -> None:
        self._link = link

    async def call(self, call: Call) -> object:
        """Carries one call; see `Transport.call`."""
        method = call.method
        connection = self._link.current()
        if connection is None or method not in connection.indices or not connection.can_write:
            connection = await self._link.connection(method, call.deadline)
        arguments = method.arguments.dump(call.arguments)
        if len(arguments) > connection.limit:
            raise too_long(f"the arguments of {method}", len(arguments), connection.limit, may_have_run=False)
        # After every wait, since what is sent is the time that remains.
        remaining = call.deadline - connection.loop.time()
        body = pack_call(connection.indices[method], call.context, remaining, arguments)
        kind, answer = await connection.ask(body, call.deadline)
        if kind == RESULT:
            return _read(method, answer)
        raise unpack_raised(method, answer) if kind == RAISED else unpack_failed(answer)


def _read(method: Method, answer: bytes) -> object:
    try:
        return method.result.load(answer)
    except ValueError as error:
        raise Incompatible(f"the result of {method} cannot be read: {error}", may_have_run=True) from error
    except BaseException as error:
        if is_foreign(error):
            raise
        raise CallFailed(f"reading the result of {method} raised {type(error).__name__}", may_have_run=True) from error
