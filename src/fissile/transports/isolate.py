"""A coroutine in a `contextvars.Context` of its own, without the price of a task."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from contextvars import Context as Variables
from typing import Generic, TypeVar

from ..context import AMBIENT, Context

T = TypeVar("T")


class isolated(Generic[T]):  # noqa: N801  # awaited like a function
    """Awaits a coroutine that sees the given context and none of the caller's context variables.

    The coroutine stays in the caller's task, so that cancellation and `asyncio.current_task` are as ever; each of its
    steps runs in the fresh variables (PEP 567).
    """

    __slots__ = ("context", "coroutine")

    def __init__(self, coroutine: Coroutine[object, object, T], context: Context) -> None:
        self.coroutine = coroutine
        self.context = context

    def __await__(self) -> Generator[object, object, T]:
        variables = Variables()
        variables.run(AMBIENT.set, self.context)
        coroutine, run = self.coroutine, variables.run
        step: Callable[..., object] = coroutine.send
        argument: object = None
        while True:
            try:
                waiting = run(step, argument)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]  # StopIteration does not know T
            try:
                argument = yield waiting
                step = coroutine.send
            except GeneratorExit:
                run(coroutine.close)
                raise
            except BaseException as error:  # noqa: BLE001  # the coroutine decides what to make of it
                step, argument = coroutine.throw, error
