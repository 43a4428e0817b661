"""What is on the wire.

A frame is ``length kind number body``: four bytes of length of the body, one byte of kind, four bytes of the number of
the call it belongs to, big-endian, then the body. A body longer than `CHUNK` is cut into several frames of the same
kind and number, all but the last with the `MORE` bit set, so that other frames pass between them.

    HELLO    {"interfaces": {wire name: Contract.describe()}}                       consumer -> provider, first
    WELCOME  {"methods": {"name.method": index}, "incompatible": {"name.method": why}, "limit": bytes}
    CALL     index:u16 remaining:f64 size:u16 context:JSON[size] arguments:JSON     consumer -> provider
    CANCEL   empty                                                                  consumer -> provider
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

    __slots__ = ("_held", "_parts", "_rest", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._rest = b""
        self._parts: dict[int, bytearray] = {}
        self._held = 0

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
            if kind & MORE or self._parts and number in self._parts:
                body = self._joined(kind, number, data[begin:at])
            if body is not None:
                messages.append((kind, number, body))
        self._rest = data[at:]
        return messages

    def _joined(self, kind: int, number: int, body: bytes) -> bytes | None:
        part = self._parts.setdefault(number, bytearray())
        part += body
        self._held += len(body)
        if len(part) > self.limit or self._held > 64 * self.limit:
            raise BrokenFrame(f"a message of more than {self.limit} bytes")
        if kind & MORE:
            return None
        self._held -= len(part)
        return bytes(self._parts.pop(number))
