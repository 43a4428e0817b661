"""What is on the wire.

A frame is ``length kind number body``: four bytes of length of the body, one byte of kind, four bytes of the number of
the call it belongs to, big-endian, then the body. A body longer than `CHUNK` is cut into several frames of the same
kind and number, all but the last with the `MORE` bit set, so that other frames pass between them.

    HELLO    {"interfaces": {wire name: Contract.describe()}, "limit": bytes}       consumer -> provider, first
    WELCOME  {"methods": {"name.method": index}, "incompatible": {"name.method": why}, "limit": bytes}
    CALL     index:u16 remaining:f64 size:u16 context:JSON[size] arguments:JSON     consumer -> provider
    CANCEL   empty; also ends a CALL of which only parts were sent                  consumer -> provider
    RESULT   JSON                                                                   provider -> consumer
    RAISED   error name, 0, fields:JSON                                             provider -> consumer
    FAILED   code, 0, "0" or "1" for may_have_run, 0, message                       provider -> consumer
    GOAWAY   empty: send no further calls on this connection                        provider -> consumer
"""

from __future__ import annotations

import struct

HEADER = struct.Struct("!IBI")
CALL_HEAD = struct.Struct("!HdH")

VERSIONS = (1,)
"""Versions of this format that this side speaks, newest first; the last two are supported."""

CHUNK = 64 * 1024
"""Bytes of the longest body that is sent in one frame."""

MORE = 0x80
"""Set in the kind of every frame of a cut message but its last."""

BEGUN = 32
"""Messages in parts that a side has begun and not ended: further long ones wait until one of these has ended."""

GREETING_LIMIT = 16 * 1024 * 1024
"""Bytes of the longest HELLO or WELCOME, which grow with the interfaces and not with what is sent."""

HELLO, WELCOME, CALL, CANCEL, RESULT, RAISED, FAILED, GOAWAY = range(1, 9)
"""The kinds of frames, as plain numbers: an enumeration costs a link a tenth of its speed."""

KINDS = range(HELLO, GOAWAY + 1)


class BrokenFrame(Exception):
    """What was received is not in the format: the connection ends, the process does not."""


def pack(kind: int, number: int, body: bytes) -> bytes:
    """One frame."""
    return HEADER.pack(len(body), kind, number) + body


class Frames:
    """Puts what arrives together again.

    Args:
        limit: Bytes of the longest message that is taken.
    """

    __slots__ = ("_parts", "_rest", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._rest = b""
        self._parts: dict[int, tuple[int, bytearray]] = {}

    def feed(self, data: bytes) -> list[tuple[int, int, bytes]]:
        """Takes what arrived.

        Returns:
            Kind, number and body of each message that is now whole.

        Raises:
            BrokenFrame: The bytes are not frames, or a message is longer than the limit.
        """
        if self._rest:
            data = self._rest + data
        at, size, messages = 0, len(data), []
        while size - at >= HEADER.size:
            length, kind, number = HEADER.unpack_from(data, at)
            if length > CHUNK or kind & ~MORE not in KINDS:
                raise BrokenFrame(f"kind {kind}, {length} bytes")
            begin = at + HEADER.size
            if size < begin + length:
                break
            at = begin + length
            body: bytes | None = data[begin:at]
            if kind & MORE or (self._parts and number in self._parts):
                body = self._joined(kind, number, data[begin:at])
            if body is not None:
                messages.append((kind, number, body))
        self._rest = data[at:]
        return messages

    def _joined(self, kind: int, number: int, body: bytes) -> bytes | None:
        if kind == CANCEL:
            del self._parts[number]
            return body
        if kind == GOAWAY:
            return body  # it belongs to no message, a long WELCOME of the same number included
        begun, part = self._parts.setdefault(number, (kind & ~MORE, bytearray()))
        part += body
        limit = max(self.limit, GREETING_LIMIT) if begun in (HELLO, WELCOME) else self.limit
        if len(part) > limit:
            raise BrokenFrame(f"a message of more than {limit} bytes")
        if len(self._parts) > BEGUN:
            raise BrokenFrame(f"more than {BEGUN} messages begun")
        if kind & ~MORE != begun:
            raise BrokenFrame(f"kind {kind} in a message of kind {begun}")
        if kind & MORE:
            return None
        del self._parts[number]
        return bytes(part)
