"""Two versions of one interface, and of the link itself, on the two ends of a link."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

import pytest
from pydantic import Field

from fissile import ComponentError, Interface, Value, raises
from fissile.errors import CallFailed, Incompatible
from fissile.runtime.provided import stub_of
from fissile.transports.link import Link, LinkServer, LinkTransport, dial_pair, dial_unix
from fissile.transports.link.consumer import ConsumerConnection, Greeting
from fissile.transports.link.dialling import Dial
from fissile.transports.link.upgrade import Upgrading, answer_upgrade, read_upgrade

from .wire import OneWay, Worker, Workshop, asking, contract_of, listening, served

WIRE_NAME = "stock.Stock"
FITS = ""

# Annotations are not postponed here: the classes of each change are local to the function that makes them.


class Stay(Interface):
    """What both versions have, and what goes on working whatever happens beside it."""

    async def stay(self, text: str) -> str:
        """The same text."""
        raise NotImplementedError


@dataclass
class Version:
    """One version: its interface, what a consumer of it gives to `change`, and what a provider of it answers."""

    interface: type[object]
    given: dict[str, object] = field(default_factory=dict)
    answer: object = None


@dataclass
class Change:
    """Two versions, and how a consumer of one fares with a provider of the other.

    Attributes:
        forward: Why an old consumer's call fails at a new provider; empty when it works.
        backward: The same for a new consumer at an old provider.
        got_by_new: What the new provider gets of the old consumer's arguments.
        got_by_old: The reverse.
        seen_by_old: What the old consumer sees of the new provider's answer.
        seen_by_new: The reverse.
    """

    old: Version
    new: Version
    forward: str = FITS
    backward: str = FITS
    got_by_new: dict[str, object] = field(default_factory=dict)
    got_by_old: dict[str, object] = field(default_factory=dict)
    seen_by_old: object = None
    seen_by_new: object = None


def stock(change: Callable[..., object]) -> type[object]:
    """A version of the interface with this method beside `stay`."""
    return type("Stock", (Stay,), {"change": change, "__module__": __name__})


def _a_field_with_a_default_in_an_argument() -> Change:
    class Old(Value):
        name: str

    class New(Value):
        name: str
        size: int = 1

    async def old(self: object, item: Old) -> None: ...
    async def new(self: object, item: New) -> None: ...

    return Change(
        Version(stock(old), {"item": Old(name="a")}),
        Version(stock(new), {"item": New(name="a", size=7)}),
        got_by_new={"item": New(name="a", size=1)},
        got_by_old={"item": Old(name="a")},
    )


def _a_field_with_a_default_in_a_result() -> Change:
    class Old(Value):
        name: str

    class New(Value):
        name: str
        size: int | None = None

    async def old(self: object) -> tuple[Old, ...]: ...  # type: ignore[empty-body]  # a declaration
    async def new(self: object) -> tuple[New, ...]: ...  # type: ignore[empty-body]  # as above

    return Change(
        Version(stock(old), answer=(Old(name="a"),)),
        Version(stock(new), answer=(New(name="a", size=7),)),
        seen_by_old=(Old(name="a"),),
        seen_by_new=(New(name="a"),),
    )


def _a_parameter_with_a_default() -> Change:
    async def old(self: object, name: str) -> None: ...
    async def new(self: object, name: str, size: int = 1) -> None: ...

    return Change(
        Version(stock(old), {"name": "a"}),
        Version(stock(new), {"name": "a", "size": 7}),
        got_by_new={"name": "a"},
        got_by_old={"name": "a"},
    )


def _a_parameter_without_a_default() -> Change:
    async def old(self: object, name: str) -> None: ...
    async def new(self: object, name: str, size: int) -> None: ...

    return Change(
        Version(stock(old), {"name": "a"}),
        Version(stock(new), {"name": "a", "size": 7}),
        forward="arguments.size: required, but not always sent",
        got_by_old={"name": "a"},
    )


def _another_type_of_a_parameter() -> Change:
    async def old(self: object, size: int) -> None: ...
    async def new(self: object, size: str) -> None: ...

    return Change(
        Version(stock(old), {"size": 1}),
        Version(stock(new), {"size": "1"}),
        forward="arguments.size: integer is not string",
        backward="arguments.size: string is not integer",
    )


def _another_type_of_a_field() -> Change:
    class Old(Value):
        size: int

    class New(Value):
        size: bytes

    async def old(self: object) -> dict[str, Old]: ...  # type: ignore[empty-body]  # a declaration
    async def new(self: object) -> dict[str, New]: ...  # type: ignore[empty-body]  # as above

    return Change(
        Version(stock(old), answer={"a": Old(size=1)}),
        Version(stock(new), answer={"a": New(size=b"1")}),
        forward=r"result\[...\].size: string .* is not integer",
        backward=r"result\[...\].size: integer is not string",
    )


def _a_field_less_in_a_result() -> Change:
    class Old(Value):
        name: str
        size: int

    class New(Value):
        name: str

    async def old(self: object) -> Old: ...  # type: ignore[empty-body]  # a declaration
    async def new(self: object) -> New: ...  # type: ignore[empty-body]  # as above

    return Change(
        Version(stock(old), answer=Old(name="a", size=1)),
        Version(stock(new), answer=New(name="a")),
        forward="result.size: required, but not always sent",
        seen_by_new=New(name="a"),
    )


def _a_field_less_in_an_argument() -> Change:
    class Old(Value):
        name: str
        size: int

    class New(Value):
        name: str

    async def old(self: object, item: Old | None) -> None: ...
    async def new(self: object, item: New | None) -> None: ...

    return Change(
        Version(stock(old), {"item": Old(name="a", size=1)}),
        Version(stock(new), {"item": New(name="a")}),
        got_by_new={"item": New(name="a")},
        backward="arguments.item: object is not accepted",
    )


def _a_result_that_may_be_missing() -> Change:
    async def old(self: object) -> str: ...  # type: ignore[empty-body]  # a declaration
    async def new(self: object) -> str | None: ...

    return Change(
        Version(stock(old), answer="a"),
        Version(stock(new), answer=None),
        forward="result: null is not accepted",
        seen_by_new="a",
    )


def _a_literal_more_in_an_argument() -> Change:
    async def old(self: object, kind: Literal["a", "b"]) -> None: ...
    async def new(self: object, kind: Literal["a", "b", "c"]) -> None: ...

    return Change(
        Version(stock(old), {"kind": "b"}),
        Version(stock(new), {"kind": "b"}),
        got_by_new={"kind": "b"},
        backward="arguments.kind: 'c' is not accepted",
    )


def _a_member_more_in_a_result() -> Change:
    class Old(Enum):
        RED = "red"

    class New(Enum):
        RED = "red"
        BLUE = "blue"

    async def old(self: object) -> frozenset[Old]: ...  # type: ignore[empty-body]  # a declaration
    async def new(self: object) -> frozenset[New]: ...  # type: ignore[empty-body]  # as above

    return Change(
        Version(stock(old), answer=frozenset({Old.RED})),
        Version(stock(new), answer=frozenset({New.RED})),
        forward=r"result\[\]: 'blue' is not accepted",
        seen_by_new=frozenset({New.RED}),
    )


def _an_option_more_in_an_argument() -> Change:
    class Circle(Value):
        kind: Literal["circle"] = "circle"
        radius: float

    class Square(Value):
        kind: Literal["square"] = "square"
        side: float

    class Line(Value):
        kind: Literal["line"] = "line"

    async def old(self: object, shape: Annotated[Circle | Square, Field(discriminator="kind")]) -> None: ...
    async def new(self: object, shape: Annotated[Circle | Square | Line, Field(discriminator="kind")]) -> None: ...

    return Change(
        Version(stock(old), {"shape": Square(side=1.0)}),
        Version(stock(new), {"shape": Circle(radius=1.0)}),
        got_by_new={"shape": Square(side=1.0)},
        backward="arguments.shape: object is not accepted",
    )


def _a_tree_with_a_field_more() -> Change:
    class Old(Value):
        name: str
        below: "tuple[Old, ...]" = ()

    class New(Value):
        name: str
        below: "tuple[New, ...]" = ()
        size: int = 1

    async def old(self: object, tree: Old) -> Old: ...  # type: ignore[empty-body]  # a declaration
    async def new(self: object, tree: New) -> New: ...  # type: ignore[empty-body]  # as above

    def old_tree() -> Old:
        return Old(name="a", below=(Old(name="b"),))

    return Change(
        Version(stock(old), {"tree": old_tree()}, old_tree()),
        Version(stock(new), {"tree": New(name="a", below=(New(name="b", size=2),))}, New(name="c")),
        got_by_new={"tree": New(name="a", below=(New(name="b"),))},
        got_by_old={"tree": old_tree()},
        seen_by_old=Old(name="c"),
        seen_by_new=New(name="a", below=(New(name="b"),)),
    )


def _a_tree_of_another_type() -> Change:
    class Old(Value):
        below: "tuple[Old, ...]" = ()
        size: int = 1

    class New(Value):
        below: "tuple[New, ...]" = ()
        size: str = ""

    async def old(self: object, tree: Old) -> None: ...
    async def new(self: object, tree: New) -> None: ...

    return Change(
        Version(stock(old), {"tree": Old()}),
        Version(stock(new), {"tree": New()}),
        forward="arguments.tree.size: integer is not string",
        backward="arguments.tree.size: string is not integer",
    )


def _another_number_of_items() -> Change:
    async def old(self: object, pair: tuple[int, str]) -> None: ...
    async def new(self: object, pair: tuple[int, str, bool]) -> None: ...

    return Change(
        Version(stock(old), {"pair": (1, "a")}),
        Version(stock(new), {"pair": (1, "a", True)}),
        forward="arguments.pair: another number of items",
        backward="arguments.pair: another number of items",
    )


def _an_error_of_another_shape() -> Change:
    def error(kind: type[object]) -> type[ComponentError]:
        return type("SoldOut", (ComponentError,), {"__annotations__": {"item": kind}, "__module__": __name__})

    @raises(error(int))
    async def old(self: object) -> None: ...
    @raises(error(str))
    async def new(self: object) -> None: ...

    return Change(
        Version(stock(old)),
        Version(stock(new)),
        forward="SoldOut.item: string is not integer",
        backward="SoldOut.item: integer is not string",
    )


def _an_error_less() -> Change:
    class SoldOut(ComponentError):
        """Nothing is left."""

    @raises(SoldOut)
    async def old(self: object) -> int: ...  # type: ignore[empty-body]  # a declaration
    async def new(self: object) -> int: ...  # type: ignore[empty-body]  # as above

    return Change(Version(stock(old), answer=1), Version(stock(new), answer=2), seen_by_old=2, seen_by_new=1)


CHANGES = [
    _a_field_with_a_default_in_an_argument,
    _a_field_with_a_default_in_a_result,
    _a_parameter_with_a_default,
    _a_parameter_without_a_default,
    _another_type_of_a_parameter,
    _another_type_of_a_field,
    _a_field_less_in_a_result,
    _a_field_less_in_an_argument,
    _a_result_that_may_be_missing,
    _a_literal_more_in_an_argument,
    _a_member_more_in_a_result,
    _an_option_more_in_an_argument,
    _a_tree_with_a_field_more,
    _a_tree_of_another_type,
    _another_number_of_items,
    _an_error_of_another_shape,
    _an_error_less,
]


class Answering:
    """Notes what it gets, and answers what it was told to."""

    def __init__(self, answer: object = None) -> None:
        self.answer = answer
        self.got: dict[str, object] | None = None

    async def stay(self, text: str) -> str:
        return text

    async def change(self, **arguments: object) -> object:
        self.got = arguments
        if isinstance(self.answer, ComponentError):
            raise self.answer
        return self.answer


@asynccontextmanager
async def between(consumer: type[object], provider: type[object], service: object) -> AsyncIterator[Link]:
    """A link whose two ends know two interfaces by one name."""
    server = LinkServer({WIRE_NAME: served(provider, service)})
    link = Link("stock", [dial_pair(server)], {WIRE_NAME: contract_of(consumer)})
    try:
        yield link
    finally:
        await link.close()
        for connection in list(server.connections):
            await connection.closed


def stub(interface: type[object], link: Link) -> object:
    """The stub of a version."""
    return stub_of(contract_of(interface), OneWay(LinkTransport(link)))


async def holds(consumer: Version, provider: Version, why_not: str, got: dict[str, object], seen: object) -> None:
    """Calls `change`, which works or fails alone, certainly not run and with its reason, and `stay`, which works."""
    service = Answering(provider.answer)
    async with between(consumer.interface, provider.interface, service) as link:
        asked = stub(consumer.interface, link)
        if why_not:
            with pytest.raises(Incompatible, match=why_not) as caught:
                await asked.change(**consumer.given)  # type: ignore[attr-defined]  # made at run time
            assert (False, None) == (caught.value.may_have_run, service.got)
            assert ["Stock.change"] == list(link.state()[1])
        else:
            answer = await asked.change(**consumer.given)  # type: ignore[attr-defined]  # as above
            assert (got, seen) == (service.got, answer)
            assert ("connected", {}) == link.state()
        assert "here" == await asked.stay("here")  # type: ignore[attr-defined]  # as above


@pytest.mark.parametrize("make", CHANGES, ids=lambda make: make.__name__.replace("_", " ").strip())
async def test_an_old_consumer_and_a_new_provider(make: Callable[[], Change]) -> None:
    """What fits works, what does not fails alone and says why."""
    change = make()
    await holds(change.old, change.new, change.forward, change.got_by_new, change.seen_by_old)


@pytest.mark.parametrize("make", CHANGES, ids=lambda make: make.__name__.replace("_", " ").strip())
async def test_a_new_consumer_and_an_old_provider(make: Callable[[], Change]) -> None:
    """The same in the other direction."""
    change = make()
    await holds(change.new, change.old, change.backward, change.got_by_old, change.seen_by_new)


async def test_a_method_more() -> None:
    """An old consumer never asks for it; a new one learns that an old provider has none, and the rest works."""

    async def change(self: object) -> None: ...

    new, old = Version(stock(change)), Version(Stay)
    await holds(new, old, "the provider does not have it", {}, None)
    async with between(old.interface, new.interface, Answering()) as link:
        assert "here" == await asking(Stay, link).stay("here")
        assert ("connected", {}) == link.state()


async def test_an_error_more() -> None:
    """An old consumer gets it as a failure, which may have run; it is no reason to refuse the method."""

    class SoldOut(ComponentError):
        """Nothing is left."""

        item: str

    async def old(self: object) -> None: ...
    @raises(SoldOut)
    async def new(self: object) -> None: ...

    consumers, service = stock(old), Answering(SoldOut(item="bolt"))
    async with between(consumers, stock(new), service) as link:
        with pytest.raises(CallFailed, match="SoldOut, which it does not declare") as caught:
            await stub(consumers, link).change()  # type: ignore[attr-defined]  # made at run time
    assert caught.value.may_have_run


async def test_an_interface_that_nobody_provides_there() -> None:
    """All its methods fail with this reason, and the connection stays."""
    link = Link("stock", [dial_pair(LinkServer({}))], {WIRE_NAME: contract_of(Stay)})
    with pytest.raises(
        Incompatible, match=r"stock cannot answer Stay.stay: nobody provides stock.Stock here"
    ) as caught:
        await asking(Stay, link).stay("here")
    assert not caught.value.may_have_run
    assert "connected" == link.state()[0]
    await link.close()


class TestVersionsOfTheLink:
    """The handshake, with versions that there are not yet."""

    @pytest.fixture
    def socket(self) -> Iterator[Path]:
        """Where a server may listen: a short path."""
        with TemporaryDirectory(prefix="fissile-") as folder:
            yield Path(folder) / "s"

    @pytest.mark.parametrize(
        ("offered", "spoken", "chosen"),
        [("1", (1,), 1), ("2, 1", (1,), 1), ("1", (2, 1), 1), ("2,1", (3, 2), 2), ("1, 2", (2, 1), 2)],
    )
    def test_the_newest_that_both_speak(self, offered: str, spoken: tuple[int, ...], chosen: int) -> None:
        """In whatever order they are offered."""
        accepted, head = answer_upgrade(offered, spoken)
        assert accepted
        assert head.startswith(b"HTTP/1.1 101 ") and f"Fissile-Version: {chosen}\r\n".encode() in head

    @pytest.mark.parametrize("offered", ["", "1", "one", "22", "2.0", "-2", ", ,"])
    def test_none_in_common(self, offered: str) -> None:
        """The answer says which there are."""
        accepted, head = answer_upgrade(offered, (3, 2))
        assert not accepted
        assert head.startswith(b"HTTP/1.1 426 ") and b"Fissile-Versions: 3, 2\r\n" in head

    @pytest.mark.parametrize(("consumers", "providers"), [((2, 1), (1,)), ((1,), (2, 1))], ids=["newer", "older"])
    async def test_a_neighbouring_version(
        self, socket: Path, consumers: tuple[int, ...], providers: tuple[int, ...]
    ) -> None:
        """A newer consumer and a newer provider fall back to what the other one speaks."""
        server = LinkServer({"w": served(Workshop, Worker())})
        async with listening(server, socket, providers):
            link = Link("workshop", [dialling(socket, consumers)], {"w": contract_of(Workshop)})
            assert "a" == await asking(Workshop, link).echo("a")
            await link.close()

    async def test_a_peer_of_no_common_version(self, socket: Path) -> None:
        """Calls fail, certainly not run and with the reason, until a peer comes that can be understood."""
        server = LinkServer({"w": served(Workshop, Worker())})
        link = Link("workshop", [dial_unix(str(socket))], {"w": contract_of(Workshop)})
        async with listening(server, socket, (3, 2)):
            with pytest.raises(Incompatible, match=r"refused the link: .*426 .*Versions: 3, 2") as caught:
                await asking(Workshop, link).echo("a")
            assert not caught.value.may_have_run
            assert "refused" == link.state()[0]
        Path.unlink(socket, missing_ok=True)  # one file
        async with asyncio.timeout(20):
            while link.state()[0] != "away":
                await asyncio.sleep(0.005)
        async with listening(server, socket):
            assert "a" == await asking(Workshop, link).echo("a")
            await link.close()


def dialling(socket: Path, versions: tuple[int, ...]) -> Dial:
    """Dials as a consumer does that speaks these versions."""

    async def dial(greeting: Greeting) -> ConsumerConnection:
        loop = asyncio.get_running_loop()
        transport, upgrading = await loop.create_unix_connection(lambda: Upgrading(versions), str(socket))
        rest = await read_upgrade(upgrading)
        assert b"" == rest
        connection = ConsumerConnection(greeting)
        connection.connection_made(transport)
        transport.set_protocol(connection)
        connection.greet()
        await connection.ready
        return connection

    return dial
