"""What every transport has to do: one class that the tests of each transport inherit."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings

from fissile import CallError, ComponentError, Principal
from fissile.context import AMBIENT, Context
from fissile.errors import CallFailed, DeadlineExceeded, Overloaded
from fissile.runtime.caller import Caller
from tests.laws import image

from .relay.middle.public import Middle
from .relay.probe.public import Draft, Everything, Node, Probe, Refused, Special, Thing, tenant
from .relay.probe.service import users_own
from .strategies import drafts, everything, nodes


@dataclass
class Calling:
    """The stubs of an application, as a test sees it.

    Attributes:
        call: Gives them.
        each: One for each process that runs probe, which remembers what happened in itself.
    """

    call: Caller
    each: tuple[Caller, ...] = ()

    @property
    def probe(self) -> Probe:
        """Does whatever a method can do."""
        return self.call(Probe)

    @property
    def middle(self) -> Middle:
        """Asks probe."""
        return self.call(Middle)

    @property
    def _probes(self) -> list[Probe]:
        return [call(Probe) for call in self.each or (self.call,)]

    async def notes(self, key: str) -> tuple[str, ...]:
        """What was noted, wherever that was."""
        return tuple([note for probe in self._probes for note in await probe.noted(key)])

    async def noted(self, key: str, last: str) -> tuple[str, ...]:
        """Waits until probe has noted something."""
        async with asyncio.timeout(10):
            while not (notes := await self.notes(key)) or notes[-1] != last:
                await asyncio.sleep(0.005)
        return notes

    async def open_gate(self, gate: str) -> int:
        """Lets all calls go on that wait at a gate; how many that were."""
        return sum([await probe.open_gate(gate) for probe in self._probes])


class soon:  # noqa: N801  # reads like a function
    """A deadline for the calls made inside, as a caller's own deadline would set it: ``with soon(0.2): ...``."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __enter__(self) -> None:
        self.before = AMBIENT.set(Context(deadline=asyncio.get_running_loop().time() + self.seconds))

    def __exit__(self, *_: object) -> None:
        AMBIENT.reset(self.before)


async def ending(call: Awaitable[object]) -> tuple[str, object]:
    """How a call ended, in a form that can be compared."""
    try:
        return "value", await call
    except CallError as error:
        return type(error).__name__, error.may_have_run
    except ComponentError as error:
        return type(error).__name__, error.fields()


BROKEN = [
    *("value", "group", "exit", "timeout", "stop", "memory", "lookup", "os", "the wrong type"),
    *("stop iteration", "generator exit", "interrupt", "base group", "cancelled", "cancelled group", "own base"),
    "unprintable",
]
"""What a method raises."""


class OverSomeTransport:
    """What the classes below ask for, and those that inherit them give."""

    @pytest.fixture
    def calling(self) -> AsyncIterator[Calling]:
        """The stubs over the transport under test, with the limits as they are unless configured."""
        raise NotImplementedError

    @pytest.fixture
    def roomy(self) -> AsyncIterator[Calling]:
        """The same with the limit raised over 10,000."""
        raise NotImplementedError


class Results(OverSomeTransport):
    """Values, errors and arguments."""

    async def test_a_result_comes_back(self, calling: Calling) -> None:
        """What the method returns is what the caller gets."""
        assert await calling.probe.echo("text") == "text"
        await calling.probe.nothing()

    async def test_arguments_by_position_by_name_and_by_default(self, calling: Calling) -> None:
        """An argument that is left out gets the provider's default."""
        assert await calling.probe.optional(1) == (1, 2, None)
        assert await calling.probe.optional(1, 5) == (1, 5, None)
        assert await calling.probe.optional(second=6, first=1, third=7) == (1, 6, 7)

    @pytest.mark.parametrize(
        "wrong",
        [
            lambda probe: probe.echo(7),
            lambda probe: probe.echo(),
            lambda probe: probe.echo("a", "b"),
            lambda probe: probe.echo("a", text="b"),
            lambda probe: probe.echo(txt="a"),
            lambda probe: probe.optional("1"),
        ],
    )
    async def test_a_wrong_argument_is_the_callers_mistake(
        self, calling: Calling, wrong: Callable[[Probe], Awaitable[object]]
    ) -> None:
        """It raises TypeError at the call, before anything is sent, and names the method."""
        with pytest.raises(TypeError, match="Probe"):
            await wrong(calling.probe)

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(value=everything())
    async def test_every_permitted_type(self, calling: Calling, value: Everything) -> None:
        """A value of every permitted type comes back equal, type by type."""
        back = await calling.probe.everything(value)
        assert image(value) == image(back)

    @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
    @given(node=nodes())
    async def test_nested_values(self, calling: Calling, node: Node) -> None:
        """A value that contains its like comes back equal."""
        assert node == await calling.probe.node(node)

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(draft=drafts())
    async def test_what_was_set_stays_set(self, calling: Calling, draft: Draft) -> None:
        """At every depth and in both directions; a default that is made anew each time is the one of the sender."""
        expected = Draft.model_validate(draft)
        names = " ".join(sorted(draft.model_fields_set & set(Draft.model_fields)))
        arrived, back = await calling.probe.drafts([draft], draft)
        assert (names, names) == arrived
        assert [image(expected)] * 2 == [image(one) for one in back]
        assert expected.model_dump(exclude_unset=True) == back[0].model_dump(exclude_unset=True)

    async def test_a_value_of_512_kib(self, calling: Calling) -> None:
        """A long text crosses in both directions."""
        text = "é" * (256 * 1024)
        assert text == await calling.probe.echo(text)

    async def test_nothing_mutable_is_shared(self, calling: Calling) -> None:
        """What the provider does to its arguments and keeps of its results stays invisible to the caller, and back."""
        items, table = [1], {"a": [1]}
        returned = await calling.probe.mutate(items, table)
        assert ([1], {"a": [1]}, [1, 99]) == (items, table, returned)
        kept = await calling.probe.keep()
        kept.append(4)
        assert [1, 2, 3] == await calling.probe.keep()

    async def test_a_subclass_arrives_as_the_declared_class(self, calling: Calling) -> None:
        """In both directions, without what the subclass adds."""
        assert "Thing" == await calling.probe.kind(Special(name="a"))
        back = await calling.probe.special(Thing(name="a"))
        assert (Thing, Thing(name="a")) == (type(back), back)

    async def test_a_declared_error_is_rebuilt(self, calling: Calling) -> None:
        """With its fields, nested values included."""
        with pytest.raises(Refused) as caught:
            await calling.probe.refuse("because", 2)
        leaf = Node(name="leaf")
        shape = Node(name="1", children=(Node(name="0", children=(leaf,)),))
        assert {"reason": "because", "shape": shape} == caught.value.fields()
        assert image(shape) == image(caught.value.shape)
        assert caught.value.status == 409

    async def test_a_subclass_of_a_declared_error_arrives_as_declared(self, calling: Calling) -> None:
        """It is the class that the caller knows."""
        with pytest.raises(Refused) as caught:
            await calling.probe.refuse_more()
        assert type(caught.value) is Refused

    @pytest.mark.parametrize("how", BROKEN)
    async def test_no_foreign_exception_leaks(self, calling: Calling, how: str) -> None:
        """Whatever a method raises undeclared is CallFailed at once, without the text of the exception."""
        with pytest.raises(CallFailed) as caught:
            await calling.probe.broken(how)
        assert caught.value.may_have_run
        assert "secret" not in str(caught.value)

    async def test_errors_declared_elsewhere_do_not_pass(self, calling: Calling) -> None:
        """An error that only the callee's callee declares is a failure of the callee; so is one that nobody does."""
        assert ("CallFailed", True) == await ending(calling.probe.undeclared())
        assert ("CallFailed", True) == await ending(calling.middle.undeclared())
        assert ("CallFailed", True) == await ending(calling.middle.refuse())

    async def test_a_message_over_the_limit(self, calling: Calling) -> None:
        """It is refused, before sending where it is an argument, and the next call works."""
        assert ("MessageTooLong", False) == await ending(calling.probe.echo("x" * (1024 * 1024)))
        assert ("MessageTooLong", True) == await ending(calling.probe.big(1024 * 1024))
        assert await calling.probe.echo("next") == "next"

    async def test_an_error_over_the_limit(self, calling: Calling) -> None:
        """It is a failure of that call alone: whoever else calls meanwhile gets an answer."""
        other = asyncio.create_task(ending(calling.probe.wait_for("bystander")))
        assert ("MessageTooLong", True) == await ending(calling.probe.refuse("x" * (1024 * 1024 - 40)))
        async with asyncio.timeout(10):
            while not await calling.open_gate("bystander"):
                await asyncio.sleep(0.005)
        assert ("value", "bystander") == await other


class Contexts(OverSomeTransport):
    """What crosses with a call, and what does not."""

    async def test_the_context_crosses(self, calling: Calling) -> None:
        """Principal, trace, idempotency key and carried variables reach the method."""
        trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        before = AMBIENT.set(
            Context(principal=Principal("ada", frozenset({"a", "b"})), traceparent=trace, idempotency_key="k1")
        )
        try:
            tenant.set("acme")
            seen = await calling.probe.seen()
        finally:
            AMBIENT.reset(before)
        assert ("acme", "ada", "k1", trace) == (seen.tenant, seen.principal, seen.idempotency_key, seen.traceparent)
        assert 4 < seen.remaining <= 5

    @pytest.mark.parametrize("wrong", [7, None, "\ud800"])
    async def test_what_is_carried_is_checked(self, calling: Calling, wrong: object) -> None:
        """A variable set to what it may not be is the caller's mistake, and nobody else's."""
        before = AMBIENT.set(Context())
        try:
            tenant.set(wrong)  # type: ignore[arg-type]  # the wrong type is the point
            with pytest.raises(TypeError, match="tenant"):
                await calling.probe.seen()
            tenant.set("x" * 70_000)
            assert ("MessageTooLong", False) == await ending(calling.probe.seen())
        finally:
            AMBIENT.reset(before)
        assert "" == (await calling.probe.seen()).tenant

    async def test_the_users_context_variables_stay_behind(self, calling: Calling) -> None:
        """Neither does the method see what the caller set, nor the caller or the next call what the method sets."""
        token = users_own.set("callers")
        try:
            assert "clean" == (await calling.probe.seen()).leaked
            await calling.probe.leak("methods")
            assert ("callers", "") == (users_own.get(), tenant.get())
            seen = await calling.probe.seen()
            assert ("clean", "") == (seen.leaked, seen.tenant)
        finally:
            users_own.reset(token)

    async def test_the_deadline_shrinks_on_the_way(self, calling: Calling) -> None:
        """A call made inside a call has no more time than what is left."""
        with soon(2):
            assert 0 < await calling.middle.remaining() <= 2


class Deadlines(OverSomeTransport):
    """Time that is up, and callers that go away.

    Attributes:
        endings_in_the_middle: What B may see when the time of A -> B -> C is up. Over a link its own deadline races
            with the news that A waits no longer.
    """

    endings_in_the_middle: tuple[str, ...] = ("DeadlineExceeded", "CancelledError")

    async def test_a_deadline_in_the_middle(self, calling: Calling) -> None:
        """A -> B -> C: the caller gets DeadlineExceeded, B too, and C is cancelled."""
        assert await calling.middle.remaining() > 0  # everybody is connected
        with soon(1), pytest.raises(DeadlineExceeded) as caught:
            await calling.middle.hang("deadline")
        assert caught.value.may_have_run
        assert ("began", "cancelled") == await calling.noted("deadline", "cancelled")
        async with asyncio.timeout(10):
            while not (endings := await calling.middle.remember("deadline")):
                await asyncio.sleep(0.005)
        assert endings[0] in self.endings_in_the_middle

    async def test_no_call_begins_after_the_deadline(self, calling: Calling) -> None:
        """It certainly did not run."""
        with soon(-1):
            assert ("DeadlineExceeded", False) == await ending(calling.probe.echo("late"))

    async def test_a_method_that_blocks_the_loop(self, calling: Calling) -> None:
        """Its result comes too late to count."""
        with soon(0.1):
            assert ("DeadlineExceeded", True) == await ending(calling.probe.block(0.3))
        assert await calling.probe.echo("next") == "next"

    async def test_a_swallowed_cancellation(self, calling: Calling) -> None:
        """A method that goes on after its cancellation does not turn the deadline into a success."""
        with soon(0.1):
            assert ("DeadlineExceeded", True) == await ending(calling.probe.swallow("swallow", 0.05))

    async def test_a_cancelled_caller_whose_method_goes_on(self, calling: Calling) -> None:
        """A method that swallows the cancellation of its caller does not give the caller a result."""
        task = asyncio.create_task(self._swallow(calling, "goes on"))
        await calling.noted("goes on", "began")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    async def test_a_cancelled_caller_cancels_the_method(self, calling: Calling) -> None:
        """The caller ends with its own cancellation."""
        task = asyncio.create_task(self._hang(calling, "cancel"))
        await calling.noted("cancel", "began")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ("began", "cancelled") == await calling.noted("cancel", "cancelled")

    async def test_a_caller_cancelled_before_it_begins(self, calling: Calling) -> None:
        """Nothing runs."""
        task = asyncio.create_task(self._hang(calling, "before"))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert () == await calling.notes("before")

    async def test_a_cancellation_that_nobody_asked_for(self, calling: Calling) -> None:
        """A method that raises CancelledError by itself has failed; its caller is not cancelled."""
        assert ("CallFailed", True) == await ending(calling.probe.cancel_itself())

    @staticmethod
    async def _swallow(calling: Calling, key: str) -> str:
        return await calling.probe.swallow(key, 0)

    @staticmethod
    async def _hang(calling: Calling, key: str) -> None:
        await calling.probe.hang(key)


class Transactions(OverSomeTransport):
    """The unit of work."""

    async def test_a_result_means_committed(self, calling: Calling) -> None:
        """Whoever has the result finds the row."""
        await calling.probe.write("kept")
        assert "kept" in await calling.probe.rows()

    async def test_an_error_means_rolled_back(self, calling: Calling) -> None:
        """Nothing of the unit of work stays."""
        assert ("CallFailed", True) == await ending(calling.probe.write("undone", "refuse"))
        assert "undone" not in await calling.probe.rows()

    async def test_a_cancellation_means_rolled_back(self, calling: Calling) -> None:
        """Also when it comes after the write, and the connection is free again."""
        task = asyncio.create_task(self._write(calling, "cancelled row"))
        await calling.noted("cancelled row", "began")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await calling.probe.write("after")
        found = await calling.probe.rows()
        assert ("cancelled row" in found, "after" in found) == (False, True)

    async def test_a_failed_commit_is_an_error(self, calling: Calling) -> None:
        """And the pool stays healthy: the next twenty units of work are."""
        assert ("CallFailed", True) == await ending(calling.probe.write("unpaid", "fail the commit"))
        for number in range(20):
            await calling.probe.write(f"paid {number}")
        found = await calling.probe.rows()
        assert "unpaid" not in found
        assert {f"paid {number}" for number in range(20)} <= set(found)

    async def test_no_commit_begins_after_the_deadline(self, calling: Calling) -> None:
        """The row is not there afterwards."""
        await calling.probe.write("connected")
        with soon(0.2):
            assert ("DeadlineExceeded", True) == await ending(
                calling.probe.write("too late", "block past the deadline")
            )
        await calling.probe.write("in time")
        assert "too late" not in await calling.probe.rows()

    async def test_a_caller_cancelled_at_any_moment_leaves_all_or_nothing(self, calling: Calling) -> None:
        """Cancelled before, during or after the commit: the row is there once or not, and the pool is healthy."""
        for number in range(30):
            task = asyncio.create_task(self._plain_write(calling, f"moment {number}"))
            at = time.perf_counter() + number * 0.0002
            while time.perf_counter() < at and not task.done():
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            if not task.cancelled():
                assert f"moment {number}" in await calling.probe.rows()
        await calling.probe.write("healthy")
        found = await calling.probe.rows()
        assert "healthy" in found
        assert len(found) == len(set(found))

    @staticmethod
    async def _write(calling: Calling, text: str) -> None:
        await calling.probe.write(text, "hang")

    @staticmethod
    async def _plain_write(calling: Calling, text: str) -> None:
        await calling.probe.write(text)


class Limits(OverSomeTransport):
    """Calls in flight.

    Attributes:
        workers: How many processes run probe.
    """

    workers = 1

    async def test_one_thousand_calls_in_flight(self, calling: Calling) -> None:
        """The next one is refused at once, certainly not run; when one ends there is room again."""
        waiting = [asyncio.create_task(self._wait(calling, "full")) for _ in range(1_000 * self.workers)]
        try:
            async with asyncio.timeout(10):
                while (got := await ending(calling.probe.many("full")))[0] == "value":
                    await asyncio.sleep(0.005)
            assert ("Overloaded", False) == got
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.wait(waiting)
        async with asyncio.timeout(10):
            while (await ending(calling.probe.many("free")))[0] != "value":
                await asyncio.sleep(0.005)

    async def test_ten_thousand_calls_in_flight(self, roomy: Calling) -> None:
        """All of them end with their own result."""
        with soon(60):
            waiting = [asyncio.create_task(self._wait(roomy, f"gate{number % 10}")) for number in range(10_000)]
            opened = 0
            async with asyncio.timeout(60):
                while opened < 10_000:
                    for number in range(10):
                        opened += await roomy.open_gate(f"gate{number}")
                    await asyncio.sleep(0.01)
            results = await asyncio.gather(*waiting)
        assert [f"gate{number % 10}" for number in range(10_000)] == results

    @staticmethod
    async def _wait(calling: Calling, gate: str) -> str:
        return await calling.probe.wait_for(gate)


class Conformance(Results, Contexts, Deadlines, Transactions, Limits):
    """Everything that every transport has to do."""


__all__ = ["Calling", "Conformance", "Overloaded", "ending", "soon"]
