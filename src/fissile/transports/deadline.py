"""Deadlines of calls: one timer per 1/64 s and loop instead of one per call.

`asyncio.timeout` sets and drops a timer for every call, which costs more than the rest of a local call. Here calls that
end in the same tick share one timer.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import NoReturn
from weakref import WeakKeyDictionary

from ..errors import DeadlineExceeded

TICKS = 64
"""Timers per second: a deadline fires at most 1/64 s late."""


class _Wheel:
    # It does not hold its loop, which is the weak key that it is found by and could never be forgotten otherwise.
    __slots__ = ("ticks",)

    def __init__(self) -> None:
        self.ticks: dict[int, dict[Deadline, None]] = {}

    def tick(self, at: float, loop: asyncio.AbstractEventLoop) -> dict[Deadline, None]:
        number = int(at * TICKS)
        tick = self.ticks.get(number)
        if tick is None:
            tick = self.ticks[number] = {}
            loop.call_at((number + 1) / TICKS, self.fire, number)
        return tick

    def fire(self, number: int) -> None:
        for deadline in self.ticks.pop(number, ()):
            deadline.fire()


_wheels: WeakKeyDictionary[asyncio.AbstractEventLoop, _Wheel] = WeakKeyDictionary()
_last: tuple[asyncio.AbstractEventLoop | None, _Wheel | None] = (None, None)


def _wheel(loop: asyncio.AbstractEventLoop) -> _Wheel:
    global _last
    last, wheel = _last
    if last is loop and wheel is not None:
        return wheel
    wheel = _wheels.setdefault(loop, _Wheel())
    _last = (loop, wheel)
    return wheel


_innermost: dict[asyncio.Task[object], Deadline] = {}


class Deadline:
    """Ends what runs inside at a point in time: ``with Deadline(at, "Suppliers.get"): await ...``.

    Deadlines nest. One that lies not before the deadline around it sets no timer of its own: the outer one cancels the
    task once, and every exit on the way out turns that into `DeadlineExceeded`.

    Args:
        at: Seconds of the running loop's clock.
        what: What is said to have taken too long.

    Raises:
        DeadlineExceeded: At every exit past `at`, also with a result, and also when a cancellation was swallowed.
        CancelledError: The caller's own cancellation, also when what ran inside swallowed it: over a link the caller
            would not have waited for that either.
    """

    __slots__ = ("at", "cancelling", "fired", "loop", "outer", "task", "tick", "what")

    def __init__(self, at: float, what: object, loop: asyncio.AbstractEventLoop) -> None:
        self.at = at
        self.what = what
        self.loop = loop

    def __enter__(self) -> None:
        task = asyncio.current_task(self.loop)
        assert task is not None, "a call is made from a task"
        self.task = task
        self.cancelling = task.cancelling()
        self.fired = False
        self.outer = outer = _innermost.get(task)
        _innermost[task] = self
        if outer is not None and outer.at <= self.at:
            self.tick = None
        else:
            self.tick = _wheel(self.loop).tick(self.at, self.loop)
            self.tick[self] = None

    def fire(self) -> None:
        """Cancels the task."""
        self.fired = True
        self.task.cancel()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self.outer is None:
            del _innermost[self.task]
        else:
            _innermost[self.task] = self.outer
        if error is not None and not isinstance(error, (Exception, asyncio.CancelledError)):
            self._let_through()  # the coroutine is closed or the process ends: that says nothing about time
        elif self.tick is None:
            self._leave_shared(kind, error)
        elif self.fired:
            others = self.task.uncancel() - self.cancelling
            if others <= 0 or kind is not asyncio.CancelledError:
                self._exceeded(error)
        else:
            self.tick.pop(self, None)
            if kind is not asyncio.CancelledError:
                self._leave_in_order(error)

    def _leave_in_order(self, error: BaseException | None) -> None:
        if self.loop.time() >= self.at:
            self._exceeded(error)
        if self.task.cancelling() > self.cancelling:
            raise asyncio.CancelledError from error

    def _let_through(self) -> None:
        if self.tick is None:
            return
        if self.fired:
            self.task.uncancel()
        else:
            self.tick.pop(self, None)

    def _leave_shared(self, kind: type[BaseException] | None, error: BaseException | None) -> None:
        if kind is not asyncio.CancelledError:
            self._leave_in_order(error)
            return
        owner = self.outer
        while owner is not None and owner.tick is None:
            owner = owner.outer
        if owner is not None and owner.fired and self.task.cancelling() - owner.cancelling == 1:
            self._exceeded(error)

    def _exceeded(self, error: BaseException | None) -> NoReturn:
        if isinstance(error, DeadlineExceeded):
            raise error
        raise DeadlineExceeded(f"{self.what} took longer than its deadline", may_have_run=True) from error
