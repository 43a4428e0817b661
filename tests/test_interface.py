"""Reading an interface, judging an implementation, and comparing two versions."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, cast

import pytest

from fissile import ComponentError, Interface, Value, idempotent, raises, readonly
from fissile.errors import Fault, shown
from fissile.interface import Schema, compare, implementation_faults, read

if TYPE_CHECKING:
    from decimal import Decimal as Elsewhere

HERE = Path(__file__).absolute()


class Item(Value):
    """A thing."""

    name: str


class SoldOut(ComponentError):
    """Nothing is left."""

    item: str


class Unspeakable(ComponentError):
    """Has a field that cannot cross."""

    what: object


class Base(Interface, Protocol):
    """What an interface may extend."""

    @readonly
    async def inherited(self) -> None:
        """Of the base."""
        ...


class Sound(Base, Protocol):
    """Nothing is wrong with it."""

    @idempotent
    @raises(SoldOut)
    async def take(self, item: Item, count: int = 1, *, note: str | None = None) -> tuple[Item, ...]:
        """Marks in either order."""
        ...

    @raises(SoldOut)
    @readonly
    async def look(self) -> list[Item]:
        """Marks in either order."""
        ...

    async def plain(self: "Sound") -> None:
        """Without marks, with an annotated self."""
        ...

    async def _private(self, what: object) -> object:
        """No business of anybody's."""
        ...


def line_of(text: str) -> int:
    """The first line of this file that starts with a text."""
    return next(n for n, line in enumerate(HERE.read_text().splitlines(), start=1) if line.strip().startswith(text))


def test_a_sound_interface() -> None:
    """Its methods, those that it inherits included, with what they are marked with."""
    contract, faults = read(Sound)
    assert () == faults
    assert ["inherited", "look", "plain", "take"] == sorted(contract.methods)
    marks = {name: (method.readonly, method.idempotent) for name, method in contract.methods.items()}
    expected = {"inherited": (True, True), "look": (True, True), "plain": (False, False), "take": (False, True)}
    assert expected == marks
    take = contract.methods["take"]
    assert ("Sound.take", ("item", "count"), ["SoldOut"]) == (str(take), take.parameters, list(take.errors))
    assert {"item": Item(name="a")} == take.arguments.load(b'{"item":{"name":"a"}}')


def test_an_interface_is_read_once() -> None:
    """Codecs take a millisecond each."""
    assert read(Sound)[0] is read(Sound)[0]


class Wrong(Interface):
    """Every mistake, one a method."""

    def sync(self) -> None:
        """Not async."""

    async def stream(self) -> AsyncIterator[int]:
        """A generator."""
        yield 1

    def sync_stream(self) -> Iterator[int]:
        """A generator, sync."""
        yield 1

    async def untyped(self, a, b: int, c=1) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001  # the point
        """Two parameters without types."""

    async def no_result(self):  # type: ignore[no-untyped-def]  # noqa: ANN201  # the point
        """Does not say what it returns."""

    async def many(self, *names: str, **more: int) -> None:
        """Any number of arguments."""

    async def refused(self, anything: Any, both: "str | bytes") -> object:
        """Types that cannot cross."""

    async def unresolved(self, amount: "Elsewhere") -> None:
        """A name that exists for type checkers only."""

    @raises(cast("type[ComponentError]", ValueError), cast("type[ComponentError]", SoldOut(item="a")))
    async def foreign(self) -> None:
        """Errors that are no errors of a component."""

    @raises(Unspeakable)
    async def unspeakable(self) -> None:
        """An error with a field that cannot cross."""

    constant = 7

    @property
    def size(self) -> int:
        """Not a method."""
        return 1

    @staticmethod
    async def static(count: int) -> None:
        """Not a method."""

    async def fine(self) -> None:
        """The only one in order."""


EXPECTED = {
    "sync": ["Wrong.sync is not async"],
    "stream": ["Wrong.stream is a generator"],
    "sync_stream": ["Wrong.sync_stream is a generator"],
    "untyped": ["Wrong.untyped does not say the type of `a`", "Wrong.untyped does not say the type of `c`"],
    "no_result": ["Wrong.no_result does not say what it returns"],
    "many": ["Wrong.many takes *names: str", "Wrong.many takes **more: int"],
    "unresolved": ["Wrong.unresolved has an annotation that cannot be resolved"],
    "foreign": ["Wrong.foreign declares <class 'ValueError'>", "Wrong.foreign declares SoldOut(item='a')"],
    "constant": ["Wrong.constant is not a method"],
    "size": ["Wrong.size is not a method"],
    "static": ["Wrong.static is not a method"],
}


def faults_of(name: str) -> list[Fault]:
    """The faults of one method."""
    return [fault for fault in read(Wrong)[1] if f"Wrong.{name} " in f"{fault.what} {fault.where} "]


@pytest.mark.parametrize("name", EXPECTED)
def test_every_fault_of_a_method(name: str) -> None:
    """Each says what, where, why and the fix."""
    faults = faults_of(name)
    assert EXPECTED[name] == [fault.what for fault in faults]
    for fault in faults:
        assert "" not in (fault.where, fault.why, fault.fix)


def test_faults_are_placed_where_the_method_is_written() -> None:
    """With the line, of the first decorator where there is one."""
    assert {shown(HERE, line_of("def sync(self"))} == {fault.where for fault in faults_of("sync")}
    assert {shown(HERE, line_of("async def many"))} == {fault.where for fault in faults_of("many")}


def test_types_that_cannot_cross() -> None:
    """Every one of them is told, of parameters, results and errors."""
    where = f"{shown(HERE, line_of('async def refused'))} Wrong.refused"
    whats = [fault.what for fault in read(Wrong)[1] if fault.where == where]
    assert len(whats) == 3
    assert [1, 1, 1] == [sum(text in what for what in whats) for text in ("Any", "str | bytes", "object")]
    assert any(fault.what.startswith("Unspeakable.what: ") for fault in read(Wrong)[1])


def test_what_is_in_order_is_read_beside_what_is_not() -> None:
    """So that the faults of its callers can be told as well."""
    assert ["fine"] == list(read(Wrong)[0].methods)


class Whole(Sound):
    """Implements it, with parameters of its own that have defaults."""

    async def inherited(self) -> None: ...
    async def take(self, item: Item, count: int = 2, *, note: str | None = None, mine: int = 0) -> tuple[Item, ...]:
        """Takes."""
        return ()

    async def look(self) -> list[Item]:
        """Looks."""
        return []

    async def plain(self: "Sound") -> None: ...


class Duck:
    """Implements it without extending it, taking whatever comes."""

    async def inherited(self) -> None: ...
    async def take(self, **anything: object) -> tuple[Item, ...]:
        """Takes."""
        return ()

    async def look(self, *more: object) -> list[Item]:
        """Looks."""
        return []

    async def plain(self) -> None: ...


@pytest.mark.parametrize("implementation", [Whole, Duck])
def test_an_implementation(implementation: type[object]) -> None:
    """It has every method in the shape that is called."""
    assert [] == implementation_faults(Sound, implementation)


class Lazy(Sound):
    """Leaves everything out, which would return None."""


class Different:
    """Has every method in another shape."""

    def inherited(self) -> None:
        """Not async."""

    async def take(self, item: Item, count: int, *, note: str | None = None) -> tuple[Item, ...]:
        """Without the default."""
        return ()

    async def look(self, where: str) -> list[Item]:
        """With one that nobody gives."""
        return []

    plain = None


def test_a_method_left_out() -> None:
    """An inherited body of `...` is none."""
    whats = [fault.what for fault in implementation_faults(Sound, Lazy)]
    assert [f"Lazy.{name} is left out" for name in ("inherited", "look", "plain", "take")] == whats


def test_a_method_of_another_shape() -> None:
    """Each says what differs."""
    faults = [(fault.what, fault.why) for fault in implementation_faults(Sound, Different)]
    assert [
        ("Different.inherited is not async", "Sound.inherited is async"),
        ("Different.look differs from Sound.look", "`where` is not in the interface"),
        ("Different.plain is left out", "Sound promises it, and a call would return nothing"),
        ("Different.take differs from Sound.take", "`count` has a default in the interface"),
    ] == faults


def test_a_parameter_left_out() -> None:
    """By its name, since arguments are given by name."""

    class Renamed(Whole):
        async def take(self, thing: Item, count: int = 1, *, note: str | None = None) -> tuple[Item, ...]:  # type: ignore[override]  # the point
            """Calls it otherwise."""
            return ()

    (fault,) = implementation_faults(Sound, Renamed)
    assert ("Renamed.take differs from Sound.take", "`item` is missing") == (fault.what, fault.why)


def described(result: object, **parameters: object) -> dict[str, Schema]:
    """The description of an interface with one method."""

    async def ask(self: object) -> None: ...

    ask.__annotations__ = {"return": result}
    source = f"async def ask(self, {', '.join(parameters)}): ..."
    names: dict[str, object] = {}
    exec(source, names)
    ask = names["ask"]  # type: ignore[assignment]  # made at run time
    ask.__annotations__ = {**parameters, "return": result}
    ask.__module__ = __name__
    contract, faults = read(type("Asked", (Interface,), {"ask": ask}))
    assert () == faults
    return contract.describe()


@pytest.mark.parametrize(
    ("consumer", "provider", "reason"),
    [
        (described(int), described(int), ""),
        (described(int), {}, "the provider does not have it"),
        (described(int), described(str), "result: string is not integer"),
        (described(int | None), described(int), ""),
        (described(int), described(int | None), "result: null is not accepted"),
        (described(None, a=int), described(None, a=int | None), ""),
        (described(None, a=int | None), described(None, a=int), "arguments.a: null is not accepted"),
        (described(None, a=int), described(None), ""),
        (described(None), described(None, a=int), "arguments.a: required, but not always sent"),
        (described(Literal["a", "b"]), described(Literal["a"]), ""),
        (described(Literal["a"]), described(Literal["a", "b"]), "result: 'b' is not accepted"),
        (described(Literal["a"]), described(str), "result: string is not one of 'a'"),
        (described(tuple[int, ...]), described(tuple[str, ...]), "result[]: string is not integer"),
        (described(tuple[int, ...]), described(tuple[int, int]), "result: another number of items"),
        (described(dict[str, int]), described(dict[str, str]), "result[...]: string is not integer"),
        (described(frozenset[int]), described(frozenset[int]), ""),
        (described(tuple[Item, Item]), described(tuple[Item, Item]), ""),
    ],
)
def test_compare(consumer: dict[str, Schema], provider: dict[str, Schema], reason: str) -> None:
    """What a reader cannot read is told with its place; what it need not read is none of its business."""
    assert ({"ask": reason} if reason else {}) == compare(consumer, provider)
