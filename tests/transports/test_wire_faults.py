"""What arrives broken, late, twice or not at all: the connection ends, the process and everybody else go on."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from fissile.context import Context
from fissile.errors import CALL_ERRORS
from fissile.interface import Contract
from fissile.transports.link import Link, LinkServer, dial_unix
from fissile.transports.link.frames import (
    CALL,
    CANCEL,
    CHUNK,
    FAILED,
    GOAWAY,
    HEADER,
    HELLO,
    MORE,
    RAISED,
    RESULT,
    WELCOME,
    pack,
)
from fissile.transports.link.messages import pack_call

from .conformance import ending, soon
from .processes import Process, placed, relay
from .relay.probe.public import Probe
from .wire import Raw, Upstart, Worker, Workshop, asking, call, contract_of, hello, listening, served

NAME = "workshop.Workshop"
GREETING = {NAME: contract_of(Workshop)}
PROBE = {"probe.Probe": contract_of(Probe)}


def indices(greeted: Mapping[str, Contract]) -> dict[str, int]:
    """The index of every method of one interface."""
    return {name: index for contract in greeted.values() for index, name in enumerate(sorted(contract.methods))}


ECHO, BIG, HANG = (indices(GREETING)[name] for name in ("echo", "big", "hang"))
METHODS = {f"{NAME}.{name}": index for name, index in indices(GREETING).items()}
SELF = {"arguments": {"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/A"}}}, "result": {}, "errors": {}}


def greeting(interfaces: object) -> bytes:
    """A greeting that says this of its interfaces."""
    return pack(HELLO, 0, json.dumps({"interfaces": interfaces, "limit": 1}).encode())


def broken_against(greeted: Mapping[str, Contract]) -> dict[str, bytes]:
    """What no consumer says to a provider of one interface."""
    name, index, valid = next(iter(greeted)), indices(greeted), hello(greeted)
    return {
        "garbage": random.Random(1).randbytes(100_000),
        "an oversized frame": HEADER.pack(CHUNK + 1, CALL, 1),
        "an endless message": pack(CALL | MORE, 1, bytes(CHUNK)) * 20,
        "endlessly many messages": b"".join(pack(CALL | MORE, number, b"") for number in range(1_000)),
        "a greeting that is no JSON": pack(HELLO, 0, b"{"),
        "a greeting of nothing": pack(HELLO, 0, b"{}"),
        "a greeting that is a list": pack(HELLO, 0, b"[]"),
        "a greeting without limit": pack(HELLO, 0, b'{"interfaces": {}}'),
        "a greeting deeper than the stack": pack(HELLO, 0, b"[" * CHUNK),
        "a greeting of numbers": greeting({name: 1}),
        "a greeting of methods that are numbers": greeting({name: {"echo": 1}}),
        "a greeting that refers to itself": greeting({name: {"echo": SELF}}),
        "two greetings": valid * 2,
        "a call before the greeting": call(1, 0, {}),
        "a call of an index that is not there": valid + call(1, len(index), {}),
        "a call without its head": valid + pack(CALL, 1, b"\0"),
        "a call with half a context": valid + pack(CALL, 1, pack_call(0, Context(), 1.0, b"")[:-1] + b"\x09"),
        "a deadline that is no number": valid + call(1, index["echo"], {"text": ""}, float("nan")),
        "one number twice": valid + call(1, index["hang"], {"key": "twice"}) * 2,
        "a result": valid + pack(RESULT, 1, b""),
        "a welcome": pack(WELCOME, 0, b"{}"),
        "a farewell": pack(GOAWAY, 0, b""),
    }


BROKEN = broken_against(GREETING)


@pytest.fixture
def socket() -> Iterator[Path]:
    """Where a server may listen: a short path."""
    with TemporaryDirectory(prefix="fissile-") as folder:
        yield Path(folder) / "s"


@pytest.fixture
def worker() -> Worker:
    """Who answers."""
    return Worker()


@pytest.fixture
async def server(worker: Worker, socket: Path) -> AsyncIterator[LinkServer]:
    """A server that listens; nothing that arrives there may reach the loop as an exception."""
    unhandled: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unhandled.append(context))
    server = LinkServer({NAME: served(Workshop, worker)})
    async with listening(server, socket):
        yield server
    assert [] == unhandled


@pytest.fixture
async def link(server: LinkServer, socket: Path) -> AsyncIterator[Link]:
    """An innocent consumer of the same server, connected."""
    link = Link("workshop", [dial_unix(str(socket))], GREETING)
    assert "before" == await asking(Workshop, link).echo("before")
    connection = link.current()
    yield link
    assert "after" == await asking(Workshop, link).echo("after")
    assert connection is link.current()
    await link.close()


async def until(condition: Callable[[], object]) -> None:
    """Waits for a condition."""
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.005)


class TestWhatNoConsumerSays:
    """The provider's end."""

    @pytest.mark.parametrize("broken", BROKEN)
    async def test_the_connection_ends_alone(self, link: Link, server: LinkServer, socket: Path, broken: str) -> None:
        """The innocent one stays, which the fixture asks."""
        raw = await Raw.upgraded(socket)
        raw.send(BROKEN[broken])
        await raw.ended()
        await until(lambda: len(server.connections) == 1)

    async def test_a_truncated_frame(self, link: Link, server: LinkServer, socket: Path) -> None:
        """A consumer that ends in the middle of a frame has ended, and nothing was called."""
        raw = await Raw.greeted(socket, GREETING)
        raw.send(call(1, HANG, {"key": "cut"})[:-1])
        await raw.close()
        await until(lambda: len(server.connections) == 1)

    async def test_a_cancellation_of_nothing(self, link: Link, socket: Path) -> None:
        """It comes when a call has just ended, and means nothing."""
        raw = await Raw.greeted(socket, GREETING)
        raw.send(pack(CANCEL, 77, b"") + call(1, ECHO, {"text": "a"}))
        assert (RESULT, 1, b'"a"') == await raw.next()
        await raw.close()

    async def test_arguments_that_do_not_fit(self, link: Link, socket: Path) -> None:
        """They fail their own call, which certainly did not run, and the connection stays."""
        raw = await Raw.greeted(socket, GREETING)
        raw.send(call(1, BIG, {"size": "1"}) + pack(CALL, 2, pack_call(0, Context(), 9.0, b"\xff{")))
        for number in (1, 2):
            kind, answered, body = await raw.next()
            assert (FAILED, number, [b"incompatible", b"0"]) == (kind, answered, body.split(b"\0")[:2])
        raw.send(call(3, ECHO, {"text": "a", "added": 1}))
        assert (RESULT, 3, b'"a"') == await raw.next()
        await raw.close()

    async def test_a_consumer_that_vanishes(self, link: Link, worker: Worker, socket: Path) -> None:
        """Its calls are cancelled, nobody else's."""
        other = asyncio.create_task(ending(asking(Workshop, link).hang("other")))
        raw = await Raw.greeted(socket, GREETING)
        raw.send(b"".join(call(number, HANG, {"key": "gone"}) for number in range(20)))
        await until(lambda: worker.begun["gone"] == 20 and worker.begun["other"] == 1)
        raw.vanish()
        await until(lambda: worker.cancelled["gone"] == 20)
        assert 0 == worker.cancelled["other"]
        other.cancel()
        await asyncio.wait([other])

    async def test_a_call_that_is_cancelled_before_it_begins(
        self, worker: Worker, server: LinkServer, socket: Path
    ) -> None:
        """Both arrive together: the method never runs, and nothing is kept of it."""
        raw = await Raw.greeted(socket, GREETING)
        raw.send(call(1, HANG, {"key": "never"}) + pack(CANCEL, 1, b"") + call(2, ECHO, {"text": "a"}))
        assert (RESULT, 2, b'"a"') == await raw.next()
        assert 0 == worker.begun["never"]
        assert [] == [list(connection.running) for connection in server.connections if connection.running]
        await raw.close()

    async def test_a_slow_reader(self, link: Link, server: LinkServer, worker: Worker, socket: Path) -> None:
        """A consumer that does not read its results starts no further calls, and delays nobody else."""
        raw = await Raw.greeted(socket, GREETING)
        raw.send(b"".join(call(number, BIG, {"size": 512 * 1024}) for number in range(10)))
        await until(lambda: worker.begun["big"] == 10)
        await until(lambda: any(connection.is_blocked for connection in server.connections))
        raw.send(b"".join(call(number, BIG, {"size": 1}) for number in range(10, 500)))
        for number in range(200):
            assert str(number) == await asking(Workshop, link).echo(str(number))
        assert 10 == worker.begun["big"]
        numbers = [(await raw.next())[1] for _ in range(500)]
        assert set(range(500)) == set(numbers)
        await raw.close()

    async def test_a_long_call_that_is_cancelled_on_its_way(self, link: Link, worker: Worker) -> None:
        """It never runs, and the connection that carried parts of it stays, which the fixture asks."""
        for turns in range(12):
            task = asyncio.create_task(self._echo(link, "x" * 900_000))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            assert "between" == await asking(Workshop, link).echo("between")

    @staticmethod
    async def _echo(link: Link, text: str) -> None:
        await asking(Workshop, link).echo(text)


class TestLimits:
    """How long a message may be."""

    async def test_a_limit_that_was_raised(self, worker: Worker, socket: Path) -> None:
        """It holds at both ends, for arguments and results."""
        limit = 4 * 1024 * 1024
        server = LinkServer({NAME: served(Workshop, worker)}, limit)
        async with listening(server, socket):
            link = Link("workshop", [dial_unix(str(socket), limit)], GREETING)
            text = "x" * (limit - 100)
            assert text == await asking(Workshop, link).echo(text)
            await link.close()

    @pytest.mark.parametrize(("here", "there"), [(200_000, 100_000), (100_000, 200_000)])
    async def test_the_lower_of_two_limits(self, worker: Worker, socket: Path, here: int, there: int) -> None:
        """It holds for both directions, and what is longer fails its own call alone."""
        async with listening(LinkServer({NAME: served(Workshop, worker)}, there), socket):
            link = Link("workshop", [dial_unix(str(socket), here)], GREETING)
            asked = asking(Workshop, link)
            assert ("MessageTooLong", False) == await ending(asked.echo("x" * 150_000))
            connection = link.current()
            assert ("MessageTooLong", True) == await ending(asked.big(150_000))
            assert "x" * 90_000 == await asked.big(90_000)
            assert connection is link.current()
            await link.close()


ANSWERS: dict[str, tuple[bytes, tuple[str, object]]] = {
    "garbage": (b"HTTP/1.1 500 Oh\r\n\r\n", ("Unavailable", True)),
    "an oversized frame": (HEADER.pack(CHUNK + 1, RESULT, 1), ("Unavailable", True)),
    "a call": (pack(CALL, 1, b""), ("Unavailable", True)),
    "a greeting": (pack(HELLO, 1, b""), ("Unavailable", True)),
    "a result that is no JSON": (HEADER.pack(1, RESULT, 1)[:5] + b"NUMB{", ("Incompatible", True)),
    "a result of another type": (HEADER.pack(1, RESULT, 1)[:5] + b"NUMB7", ("Incompatible", True)),
    "an error without a name": (HEADER.pack(0, RAISED, 1)[:5] + b"NUMB", ("CallFailed", True)),
    "an error that nobody knows": (HEADER.pack(5, RAISED, 1)[:5] + b"NUMBOh\0{}", ("CallFailed", True)),
    "a failure without a code": (HEADER.pack(0, FAILED, 1)[:5] + b"NUMB", ("CallFailed", True)),
    "a failure that is no text": (HEADER.pack(2, FAILED, 1)[:5] + b"NUMB\xff\xfe", ("CallFailed", True)),
    "an answer to somebody else": (pack(RESULT, 0x7FFFFFFF, b"1") + b"!" * 9, ("Unavailable", True)),
}
"""What no provider answers to a call, and how the call ends."""

WELCOMES = {
    "no JSON": b"{",
    "a list": b"[]",
    "nothing": b"{}",
    "no methods": b'{"methods": {}, "incompatible": {}, "limit": 1}',
    "methods that are a list": b'{"methods": [], "incompatible": {}, "limit": 1}',
    "an index that is a text": json.dumps({"methods": dict.fromkeys(METHODS, "1"), "limit": 1}).encode(),
    "an index that is too high": json.dumps({"methods": dict.fromkeys(METHODS, 70_000), "limit": 1}).encode(),
    "a limit that is a text": json.dumps({"methods": METHODS, "limit": "1"}).encode(),
    "deeper than the stack": b"[" * CHUNK,
}
"""What no provider answers to a greeting."""


class TestWhatNoProviderSays:
    """The consumer's end: nothing but errors of calls reaches the caller."""

    async def ending(self, socket: Path, script: dict[int, list[bytes]], seconds: float = 0.5) -> tuple[str, object]:
        """How a call ends whose provider answers by this script."""
        upstarts: list[Upstart] = []

        def provider() -> Upstart:
            upstarts.append(Upstart(script))
            return upstarts[-1]

        listener = await asyncio.get_running_loop().create_unix_server(provider, str(socket))
        link = Link("upstart", [dial_unix(str(socket))], GREETING)
        try:
            with soon(seconds):
                return await ending(asking(Workshop, link).echo("a"))
        finally:
            await link.close()
            listener.close()
            for upstart in upstarts:
                await upstart.closed

    @pytest.mark.parametrize("answer", ANSWERS)
    async def test_an_answer(self, socket: Path, answer: str) -> None:
        """The call may have run."""
        welcome = pack(WELCOME, 0, json.dumps({"methods": METHODS, "limit": 1_000}).encode())
        data, expected = ANSWERS[answer]
        assert expected == await self.ending(socket, {HELLO: [welcome], CALL: [data]})

    @pytest.mark.parametrize("welcome", WELCOMES)
    async def test_a_welcome(self, socket: Path, welcome: str) -> None:
        """The peer is as good as away, until it answers something else."""
        ended = await self.ending(socket, {HELLO: [pack(WELCOME, 0, WELCOMES[welcome])]})
        assert ended in (("Unavailable", False), ("DeadlineExceeded", True))  # on a busy machine the time is up first

    @pytest.mark.acceptance
    async def test_mutated_answers(self, socket: Path) -> None:
        """However a provider's answers are broken, a call ends as calls end."""
        chance = random.Random(30)
        welcome = pack(WELCOME, 0, json.dumps({"methods": METHODS, "limit": 1_000}).encode())
        failed = pack(FAILED, 1, b"overloaded\x000\x00full")
        for _ in range(200):
            greeted = mutated(welcome, chance) if chance.random() < 0.3 else welcome
            answer = mutated(chance.choice([pack(RESULT, 1, b'"a"'), pack(RAISED, 1, b"Oh\0{}"), failed]), chance)
            ended, _ = await self.ending(socket, {HELLO: [greeted], CALL: [answer]}, 0.1)
            assert ended in ("value", *(error.__name__ for error in CALL_ERRORS.values()))

    async def test_an_answer_that_is_no_upgrade(self, socket: Path) -> None:
        """Whoever listens there is no peer of ours."""

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            await reader.read()
            writer.close()

        listener = await asyncio.start_unix_server(answer, str(socket))
        link = Link("upstart", [dial_unix(str(socket))], GREETING)
        assert ("Incompatible", False) == await ending(asking(Workshop, link).echo("a"))
        await link.close()
        listener.close()


@pytest.fixture(scope="module")
def probe() -> Iterator[Process]:
    """A process that provides."""
    with relay() as (probe, _):
        yield probe


class TestAProcess:
    """The same against a process as users run it."""

    async def test_it_survives_everything(self, probe: Process) -> None:
        """One consumer after the other is thrown out; an innocent one goes on working on its connection."""
        innocent = placed("front", {"probe": f"unix:{probe.socket}", "middle": f"unix:{probe.socket}"})
        async with innocent.caller() as calling:
            with soon(60):
                assert "before" == await calling(Probe).echo("before")
                for broken in broken_against(PROBE).values():
                    raw = await Raw.upgraded(probe.socket)
                    raw.send(broken)
                    await raw.ended()
                assert "after" == await calling(Probe).echo("after")

    @pytest.mark.acceptance
    async def test_five_thousand_fuzzed_frames(self, probe: Process) -> None:
        """Mutations of valid frames end connections or calls, never the process."""
        await fuzz(probe.socket, 5_000)

    @pytest.mark.soak
    async def test_a_hundred_thousand_fuzzed_frames(self, probe: Process) -> None:
        """The same for longer."""
        await fuzz(probe.socket, 100_000)


async def fuzz(socket: str, frames: int, seed: int = 20) -> None:
    """Sends so many mutated frames over as many connections as it takes; afterwards a valid call is answered."""
    chance = random.Random(seed)
    contract = PROBE["probe.Probe"]
    known = {name: contract.methods[name].describe() for name in ("echo", "nothing", "optional", "refuse")}
    greeting = pack(HELLO, 0, json.dumps({"interfaces": {"probe.Probe": known}, "limit": 1024 * 1024}).encode())
    sent = 0
    while sent < frames:
        raw = await Raw.upgraded(socket)
        reading = asyncio.create_task(raw.ended())
        raw.send(mutated(greeting, chance) if chance.random() < 0.1 else greeting)
        for number in range(chance.randrange(1, 60)):
            valid = chance.choice(
                [
                    call(number, chance.randrange(4), {"text": "a" * chance.randrange(100)}),
                    call(number, 2, {"first": 1, "third": None}),
                    call(number, 3, {"reason": "é", "depth": 2}),
                    pack(CANCEL, number, b""),
                    pack(CALL | MORE, number, bytes(chance.randrange(1_000))),
                    pack(CALL, number, pack_call(0, Context(idempotency_key="k", traceparent="t"), 5.0, b"{}")),
                ]
            )
            raw.send(mutated(valid, chance) if chance.random() < 0.7 else valid)
            sent += 1
            if reading.done():
                break
            await asyncio.sleep(0)
        raw.vanish()
        await reading
    raw = await Raw.greeted(socket, PROBE)
    raw.send(call(1, raw.indices["probe.Probe.echo"], {"text": "alive"}))
    assert (RESULT, 1, b'"alive"') == await raw.next()
    await raw.close()


def mutated(frame: bytes, chance: random.Random) -> bytes:
    """A frame with something wrong in it, its length mostly right."""
    data = bytearray(frame)
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(data) + 1)
        how = chance.randrange(4)
        if how == 0 and at < len(data):
            data[at] ^= 1 << chance.randrange(8)
        elif how == 1:
            data[at:at] = chance.randbytes(chance.randrange(1, 20))
        elif how == 2:
            del data[at : at + chance.randrange(1, 20)]
        elif data:
            data[at:at] = data[: chance.randrange(len(data))]
    if len(data) >= HEADER.size and chance.random() < 0.8:
        data[:4] = (len(data) - HEADER.size).to_bytes(4, "big")
    return bytes(data)
