"""What the plugin sees in one process that a link would have changed."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Protocol

import pytest
from pydantic import AfterValidator

from fissile import Interface, Value
from fissile.context import Context
from fissile.interface import read
from fissile.testing.carriers import Watch, WatchedTransport
from fissile.transports.base import Call


class Letter(Value):
    """Something that is passed around."""

    text: str


class Reply(Value):
    """Something that grows whenever it is read."""

    text: Annotated[str, AfterValidator(lambda text: f"{text}!")]


class Desk(Interface, Protocol):
    """Where letters are answered."""

    async def answer(self, letters: tuple[Letter, ...], drafts: list[str]) -> Reply:
        """The reply to some letters."""
        ...


class Clerk:
    """A carrier that answers in a way of its own.

    Args:
        work: What is done with the arguments.
    """

    def __init__(self, work: Callable[[dict[str, object]], object]) -> None:
        self.work = work

    async def call(self, call: Call) -> object:
        """Carries one call."""
        return self.work(call.arguments)


TITLE = "over a link this would be different:"
REPLY = "the result of Desk.answer arrives as Reply(text='so!!'), and was Reply(text='so!')"


def watched(work: Callable[[dict[str, object]], object], letter: Letter) -> Watch:
    """What was seen in one call."""
    contract, faults = read(Desk)
    assert () == faults
    watch = Watch()
    arguments: dict[str, object] = {"letters": (letter,), "drafts": ["one"]}
    call = Call(contract.methods["answer"], arguments, Context())
    asyncio.run(WatchedTransport(Clerk(work), watch).call(call))
    return watch


def test_a_value_that_arrives_as_another() -> None:
    """A result that is not the same after its way through JSON fails the test that saw it."""
    with pytest.raises(pytest.fail.Exception) as caught:
        watched(lambda _: Reply(text="so"), Letter(text="hello")).verdict()
    assert f"{TITLE}\n{REPLY}" == caught.value.msg


def test_an_argument_that_was_changed() -> None:
    """A callee that changes a value of its caller is seen; one that changes the list it was given a copy of may."""
    letter = Letter(text="hello")

    def work(arguments: dict[str, object]) -> object:
        drafts = arguments["drafts"]
        assert isinstance(drafts, list)
        drafts.clear()
        object.__setattr__(letter, "text", "bye")
        return Reply(text="so")

    with pytest.raises(pytest.fail.Exception) as caught:
        watched(work, letter).verdict()
    changed = "Desk.answer changed its argument, a Letter that belongs to its caller"
    assert f"{TITLE}\n{changed}\n{REPLY}" == caught.value.msg


def test_a_verdict_is_given_once() -> None:
    """What one test saw does not fail the next."""
    watch = Watch()
    watch.verdict()
    watch.report("something")
    with pytest.raises(pytest.fail.Exception):
        watch.verdict()
    watch.verdict()
