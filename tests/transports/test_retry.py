"""What is tried again, how often, and until when."""

import asyncio
from collections.abc import Callable
from typing import Protocol

import pytest

from fissile import Interface, idempotent, readonly
from fissile.context import Context
from fissile.errors import CallError, CallFailed, DeadlineExceeded, Incompatible, Overloaded, Unavailable
from fissile.interface import Method
from fissile.transports import retry
from fissile.transports.base import MARGIN, Call
from fissile.transports.retry import FLOOR, GLANCE, SHARE, WINDOW, Budget, RetryingTransport

from .wire import contract_of


class Stock(Interface, Protocol):
    """One method of each mark."""

    @readonly
    async def count(self) -> int:
        """Changes nothing."""
        ...

    @idempotent
    async def set(self) -> int:
        """Changes nothing more the second time."""
        ...

    async def add(self) -> int:
        """May not be repeated."""
        ...


METHODS = contract_of(Stock).methods


class Failing:
    """Fails so many times, then answers; notes every attempt."""

    def __init__(self, times: int, error: Callable[[], BaseException]) -> None:
        self.times = times
        self.error = error
        self.attempts: list[Call] = []

    async def call(self, call: Call) -> object:
        self.attempts.append(call)
        if len(self.attempts) <= self.times:
            raise self.error()
        return len(self.attempts)


def unavailable() -> CallError:
    """Nobody is there, and nobody knows whether the method ran."""
    return Unavailable("away", may_have_run=True)


def calling(method: Method, seconds: float = 30.0, key: str | None = None) -> Call:
    """A call with so much time left."""
    return Call(method, {}, Context(deadline=asyncio.get_running_loop().time() + seconds, idempotency_key=key))


@pytest.mark.parametrize("name", ["count", "set"])
@pytest.mark.parametrize("error", [unavailable, lambda: Overloaded("full", may_have_run=False)])
async def test_what_is_marked_is_tried_again(name: str, error: Callable[[], CallError]) -> None:
    """Until it works; every attempt is the same call, its idempotency key included."""
    failing = Failing(3, error)
    call = calling(METHODS[name], key="k1")
    assert 4 == await RetryingTransport(failing).call(call)
    assert [call] * 4 == failing.attempts


async def test_what_is_not_marked_is_tried_once() -> None:
    """Also when it certainly did not run: its caller decides."""
    failing = Failing(1, lambda: Unavailable("away", may_have_run=False))
    with pytest.raises(Unavailable):
        await RetryingTransport(failing).call(calling(METHODS["add"]))
    assert 1 == len(failing.attempts)


@pytest.mark.parametrize("kind", [DeadlineExceeded, Incompatible, CallFailed])
async def test_what_would_fail_again_is_not_tried_again(kind: type[CallError]) -> None:
    """An answer is an answer."""
    failing = Failing(1, lambda: kind("no", may_have_run=True))
    with pytest.raises(kind):
        await RetryingTransport(failing).call(calling(METHODS["count"]))
    assert 1 == len(failing.attempts)


@pytest.mark.parametrize("left", [0.0, MARGIN])
async def test_a_retry_ends_before_the_deadline(left: float) -> None:
    """Where there is no time for the pause before it and to wait for a peer, the last error is the end."""
    failing = Failing(1, unavailable)
    with pytest.raises(Unavailable):
        await RetryingTransport(failing).call(calling(METHODS["count"], left))
    assert 1 == len(failing.attempts)


async def test_the_budget_ends_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """An outage is not multiplied: ten retries, however many calls fail, and then each call is one attempt."""
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.0)  # all within one window
    failing = Failing(10_000, unavailable)
    transport = RetryingTransport(failing)
    for _ in range(20):
        with pytest.raises(Unavailable):
            await transport.call(calling(METHODS["count"]))
    assert 20 + FLOOR == len(failing.attempts)


class Clock:
    """Stands still until it is told the time."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_budget_is_a_share_of_the_calls() -> None:
    """Above the floor, in a window."""
    budget = Budget(Clock())
    assert budget.take()
    for _ in range(1_000):
        budget.count()
    taken = sum(budget.take() for _ in range(1_000))
    assert SHARE * 1_000 == taken + 1


def test_the_calls_before_an_outage_count() -> None:
    """Those of the last half of a window and of the one that has begun, however long all went well before."""
    clock = Clock()
    budget = Budget(clock)
    for second in range(100):
        clock.now = float(second)
        for _ in range(GLANCE):
            budget.count()
    taken = sum(budget.take() for _ in range(10_000))
    assert SHARE * WINDOW / 2 * GLANCE <= taken <= SHARE * WINDOW * GLANCE


def test_the_calls_of_long_ago_do_not_count() -> None:
    """A burst of calls and then none for longer than a window leaves the floor."""
    clock = Clock()
    budget = Budget(clock)
    for _ in range(1_000):
        budget.count()
    clock.now = 2 * WINDOW
    assert FLOOR == sum(budget.take() for _ in range(1_000))


def test_the_budget_comes_back() -> None:
    """When the window has passed."""
    clock = Clock()
    budget = Budget(clock)
    assert [True] * FLOOR + [False] == [budget.take() for _ in range(FLOOR + 1)]
    clock.now = WINDOW / 2 + 0.1
    assert not budget.take()
    clock.now = WINDOW + 0.2
    assert budget.take()
