"""What is on the wire, byte by byte, and what is no frame."""

from __future__ import annotations

import asyncio
import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fissile.context import Context, Principal
from fissile.errors import Overloaded, Unavailable
from fissile.interface import Interface, raises, read
from fissile.transports.link.connection import Connection
from fissile.transports.link.frames import (
    BEGUN,
    CALL,
    CANCEL,
    CHUNK,
    FAILED,
    GOAWAY,
    HEADER,
    HELLO,
    KINDS,
    MORE,
    RAISED,
    RESULT,
    VERSIONS,
    WELCOME,
    BrokenFrame,
    Frames,
    pack,
)
from fissile.transports.link.messages import (
    pack_call,
    pack_failed,
    pack_raised,
    unpack_call,
    unpack_failed,
    unpack_raised,
)
from fissile.values import ComponentError

LIMIT = 4 * CHUNK

Message = tuple[int, int, bytes]


class SoldOut(ComponentError):
    """Nothing is left."""

    item: str


class Selling(Interface):
    """What golden frames are of."""

    @raises(SoldOut)
    async def sell(self, item: str) -> int:
        """One method."""
        raise NotImplementedError


SELL = read(Selling)[0].methods["sell"]
CONTEXT = Context(principal=Principal("ada", frozenset({"b", "a"})), idempotency_key="k1")

# A frame is `length:u32 kind:u8 number:u32 body`, big-endian. A peer of another version reads these bytes: whoever has
# to change one of them has changed the wire, and needs a new version of it.
GOLDEN = {
    "hello": (
        pack(HELLO, 0, b'{"interfaces": {}}'),
        # length   kind number   {"interfaces": {}}
        "00000012 01 00000000 7b22696e7465726661636573223a207b7d7d",
    ),
    "welcome": (
        pack(WELCOME, 0, b'{"limit": 1}'),
        # length   kind number   {"limit": 1}
        "0000000c 02 00000000 7b226c696d6974223a20317d",
    ),
    "call without context": (
        pack(CALL, 7, pack_call(258, Context(), 2.5, SELL.arguments.dump({"item": "bolt"}))),
        # length   kind number   index remaining        size {"item":"bolt"}
        "0000001b 03 00000007 0102  4004000000000000 0000 7b226974656d223a22626f6c74227d",
    ),
    "call with context": (
        pack(CALL, 8, pack_call(0, CONTEXT, 5.0, b"{}")),
        # length   kind number   index remaining        size
        "00000059 03 00000008 0000  4014000000000000 004b"
        # the context: {"principal": {"id": "ada", "scopes": ["a", "b"]}, "idempotency_key": "k1"}, then the arguments
        "7b227072696e636970616c223a207b226964223a2022616461222c202273636f706573223a205b2261222c202262225d7d2c20"
        "226964656d706f74656e63795f6b6579223a20226b31227d"
        "7b7d",
    ),
    "cancel": (pack(CANCEL, 0xFFFFFFFF, b""), "00000000 04 ffffffff"),
    "result": (pack(RESULT, 7, SELL.result.dump(3)), "00000001 05 00000007 33"),
    "raised": (
        pack(RAISED, 7, pack_raised(SELL, SoldOut(item="bolt"))),
        # length   kind number   SoldOut       0  {"item":"bolt"}
        "00000017 06 00000007 536f6c644f7574 00 7b226974656d223a22626f6c74227d",
    ),
    "failed": (
        pack(FAILED, 7, pack_failed(Overloaded("full", may_have_run=False))),
        # length   kind number   overloaded           0  "0" 0 full
        "00000011 07 00000007 6f7665726c6f61646564 00 30 00 66756c6c",
    ),
    "goaway": (pack(GOAWAY, 0, b""), "00000000 08 00000000"),
    "the first part of a long result": (pack(RESULT | MORE, 1, b"ab"), "00000002 85 00000001 6162"),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_frames(name: str) -> None:
    """The bytes of every kind of frame are those of version 1."""
    frame, expected = GOLDEN[name]
    assert bytes.fromhex(expected).hex() == frame.hex()


def test_every_kind_has_a_golden_frame() -> None:
    """A kind that is added gets one, and the version that they are of is named."""
    assert set(KINDS) == {bytes.fromhex(expected)[4] & ~MORE for _, expected in GOLDEN.values()}
    assert VERSIONS == (1,)


def test_golden_bodies_are_read() -> None:
    """What was packed is what the other side unpacks."""
    body = bytes.fromhex(GOLDEN["call with context"][1])[HEADER.size :]
    assert (0, CONTEXT._replace(deadline=105.0), b"{}") == unpack_call(body, 100.0)
    raised = bytes.fromhex(GOLDEN["raised"][1])[HEADER.size :]
    assert SoldOut(item="bolt") == unpack_raised(SELL, raised)
    failed = unpack_failed(bytes.fromhex(GOLDEN["failed"][1])[HEADER.size :])
    assert (Overloaded, "full", False) == (type(failed), str(failed), failed.may_have_run)


def test_a_failure_of_a_kind_that_is_not_known_yet() -> None:
    """A newer provider's code is a failure of the call, which may have run unless it says that it did not."""
    failed = unpack_failed(b"paused\x001\x00later")
    assert ("CallFailed", "later", True) == (type(failed).__name__, str(failed), failed.may_have_run)
    assert unpack_failed(b"").may_have_run
    assert not unpack_failed(pack_failed(Unavailable("gone", may_have_run=False))).may_have_run


def framed(messages: list[Message]) -> bytes:
    """Messages as one side sends them, the long ones cut and in turn with each other."""
    frames, waiting = b"", list(messages)
    while waiting:
        kind, number, body = waiting.pop(0)
        more = len(body) > CHUNK
        frames += pack(kind | MORE if more else kind, number, body[:CHUNK])
        if more:
            waiting.append((kind, number, body[CHUNK:]))
    return frames


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(KINDS), st.binary(max_size=40)), max_size=8),
    st.lists(st.integers(min_value=1, max_value=30), min_size=1, max_size=20),
)
def test_messages_in_pieces_come_back_whole_and_in_order(bodies: list[tuple[int, bytes]], sizes: list[int]) -> None:
    """However the stream is cut."""
    messages = [(kind, number, body) for number, (kind, body) in enumerate(bodies)]
    stream, frames, found, turn = framed(messages), Frames(LIMIT), [], 0
    while stream:
        size = sizes[turn % len(sizes)]
        found += frames.feed(stream[:size])
        stream, turn = stream[size:], turn + 1
    assert messages == found


@settings(deadline=None)
@given(
    st.lists(st.integers(min_value=0, max_value=3 * CHUNK), max_size=5), st.integers(min_value=1_000, max_value=LIMIT)
)
def test_long_messages_come_back_whole(lengths: list[int], size: int) -> None:
    """Those that are cut are put together again, each for itself, in the order in which they end."""
    messages = [(RESULT, number, bytes([number]) * length) for number, length in enumerate(lengths)]
    stream, frames, found = framed(messages), Frames(LIMIT), []
    for at in range(0, len(stream), size):
        found += frames.feed(stream[at : at + size])
    assert messages == sorted(found, key=lambda message: message[1])
    assert sorted(lengths, key=lambda length: -(-length // CHUNK) or 1) == [len(body) for _, _, body in found]


class Recording(Connection):
    """Notes what arrives."""

    def __init__(self) -> None:
        super().__init__(LIMIT)
        self.messages: list[Message] = []
        self.arrived = asyncio.Event()

    def received(self, kind: int, number: int, body: bytes) -> None:
        self.messages.append((kind, number, body))
        self.arrived.set()

    async def count(self, messages: int) -> list[Message]:
        """Waits for so many messages."""
        async with asyncio.timeout(10):
            while len(self.messages) < messages:
                self.arrived.clear()
                await self.arrived.wait()
        return self.messages


async def pair() -> tuple[Recording, Recording]:
    """Both ends of a connection."""
    loop = asyncio.get_running_loop()
    ours, theirs = socket.socketpair()
    _, sending = await loop.create_connection(Recording, sock=ours)
    _, receiving = await loop.create_connection(Recording, sock=theirs)
    return sending, receiving


async def ended(*connections: Recording) -> None:
    """Closes connections, and waits for that."""
    for connection in connections:
        connection.close()
    await asyncio.gather(*(connection.closed for connection in connections))


async def test_a_small_message_passes_a_long_one() -> None:
    """It is sent after the long one and arrives before its end, and two long ones take turns."""
    sending, receiving = await pair()
    sending.send(RESULT, 1, b"1" * LIMIT)
    sending.send(RESULT, 2, b"2" * (LIMIT // 2))
    sending.send(RESULT, 3, b"3")
    messages = await receiving.count(3)
    assert [3, 2, 1] == [number for _, number, _ in messages]
    assert [b"3", b"2" * (LIMIT // 2), b"1" * LIMIT] == [body for _, _, body in messages]
    await ended(sending, receiving)


async def test_more_long_messages_than_may_be_begun() -> None:
    """The others wait their turn; none is lost, and a small one still passes all of them."""
    sending, receiving = await pair()
    for number in range(3 * BEGUN):
        sending.send(RESULT, number, bytes([number]) * 2 * CHUNK)
    sending.send(RESULT, 1000, b"small")
    messages = await receiving.count(3 * BEGUN + 1)
    assert (RESULT, 1000, b"small") == messages[0]
    assert [(RESULT, number, bytes([number]) * 2 * CHUNK) for number in range(3 * BEGUN)] == messages[1:]
    await ended(sending, receiving)


async def test_a_message_that_is_withdrawn() -> None:
    """No more of it is sent, and the others arrive."""
    sending, receiving = await pair()
    for number in range(3):
        sending.send(CALL, number, bytes([number]) * LIMIT)
    await asyncio.sleep(0)  # parts of all of them leave
    sending.withdraw(1)
    sending.send(CANCEL, 1)
    messages = await receiving.count(3)
    assert [(CANCEL, 1), (CALL, 0), (CALL, 2)] == [(kind, number) for kind, number, _ in messages]
    await ended(sending, receiving)


@pytest.mark.parametrize(
    "broken",
    [
        b"GET / HTTP/1.1\r\nHost: fissile\r\n\r\n",
        HEADER.pack(0, 0, 0),
        HEADER.pack(0, GOAWAY + 1, 0),
        HEADER.pack(0, MORE, 0),
        HEADER.pack(CHUNK + 1, CALL, 0),
        HEADER.pack(0xFFFFFFFF, RESULT, 0),
    ],
    ids=["http", "kind 0", "unknown kind", "unknown kind of a part", "one byte too long", "4 GiB"],
)
def test_what_is_no_frame(broken: bytes) -> None:
    """It is refused by its header, before the rest of it has arrived."""
    with pytest.raises(BrokenFrame):
        Frames(LIMIT).feed(pack(CANCEL, 0, b"") + broken[: HEADER.size])


def test_a_message_that_grows_too_long() -> None:
    """It is refused when it passes the limit; one of exactly the limit is taken."""
    frames, part = Frames(2 * CHUNK), pack(RESULT | MORE, 1, b"x" * CHUNK)
    assert [(RESULT, 1, b"x" * 2 * CHUNK)] == frames.feed(part + pack(RESULT, 1, b"x" * CHUNK))
    frames.feed(part + part)
    with pytest.raises(BrokenFrame, match="more than"):
        frames.feed(pack(RESULT, 1, b"x"))


def test_messages_that_never_end() -> None:
    """What is held of all of them together is bounded, however many were begun."""
    frames = Frames(CHUNK)
    for number in range(BEGUN):
        frames.feed(pack(CALL | MORE, number, b""))
    with pytest.raises(BrokenFrame, match="begun"):
        frames.feed(pack(CALL | MORE, BEGUN, b""))


def test_a_call_that_is_cancelled_before_it_is_whole() -> None:
    """Its parts are forgotten, and its number is free."""
    frames = Frames(LIMIT)
    assert [(CANCEL, 1, b"")] == frames.feed(pack(CALL | MORE, 1, b"x") + pack(CANCEL, 1, b""))
    assert [(CALL, 1, b"y")] == frames.feed(pack(CALL, 1, b"y"))


def test_a_greeting_may_be_longer_than_a_message() -> None:
    """It grows with the interfaces, not with what is sent."""
    part = pack(HELLO | MORE, 0, b"x" * CHUNK)
    assert [] == Frames(CHUNK).feed(part + part + part)


def test_a_farewell_between_the_parts_of_a_welcome() -> None:
    """Both have the number 0, and neither breaks the other."""
    frames = Frames(LIMIT)
    assert [(GOAWAY, 0, b"")] == frames.feed(pack(WELCOME | MORE, 0, b"x") + pack(GOAWAY, 0, b""))
    assert [(WELCOME, 0, b"xy")] == frames.feed(pack(WELCOME, 0, b"y"))


def test_parts_of_different_kinds() -> None:
    """The parts of one message are of one kind: a call does not end as a result."""
    with pytest.raises(BrokenFrame):
        Frames(LIMIT).feed(pack(CALL | MORE, 1, b"x") + pack(RESULT, 1, b"y"))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\0" * 11,
        pack_call(0, Context(), 1.0, b"")[:-2] + b"\x00\x05{",
        pack_call(0, Context(), 1.0, b"")[:-2] + b"\x00\x01{",
        pack_call(0, Context(), 1.0, b"")[:-2] + b"\x00\x02[]",
        pack_call(0, Context(), 1.0, b"")[:-2] + b'\x00\x0f{"principal":1}',
        pack_call(0, Context(), 1.0, b"")[:-2] + b'\x00\x0f{"carried":[1]}',
        pack_call(0, Context(), 1.0, b"")[:-2] + b"\x00\x02\xff\xfe",
        pack_call(0, Context(), float("nan"), b""),
        pack_call(0, Context(), float("inf"), b""),
    ],
    ids=["empty", "short", "cut", "no JSON", "a list", "a number", "a list inside", "no UTF-8", "NaN", "infinite"],
)
def test_a_call_that_cannot_be_read(body: bytes) -> None:
    """Its head or its context is no such thing."""
    with pytest.raises(BrokenFrame):
        unpack_call(body, 0.0)
