"""Running a call: one unit of work of the component that provides the method."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from copy import deepcopy
from typing import TYPE_CHECKING, Protocol

from ..errors import CallError, CallFailed, DeadlineExceeded, Overloaded, Unavailable
from ..interface import Method
from ..project import Defaults
from ..transports.base import MARGIN, Call
from ..transports.foreign import is_foreign
from ..transports.pauses import pause_after
from ..values import ComponentError

if TYPE_CHECKING:
    from ..data import UnitOfWork
    from .overrides import Fakes

logger = logging.getLogger("fissile.calls")

FIRST_PAUSE, LONGEST_PAUSE = 0.005, 0.2
"""Seconds before work that met another transaction is done again; see `fissile.transports.pauses`."""


_MUTABLE = (list, dict, set)
"""Arguments that a method can change."""


class Maker(Protocol):
    """Makes the object that a call is run on."""

    def __call__(self, work: UnitOfWork | None) -> AbstractAsyncContextManager[object]:
        """The object, for one unit of work."""
        ...


class Direct(Protocol):
    """Makes that object by constructors alone, so that nothing has to be ended."""

    async def __call__(self) -> Callable[[UnitOfWork | None], object]:
        """What makes it, once everything is there that lives as long as the component."""
        ...


class Gate:
    """Counts the calls in flight of one component, local and remote.

    Attributes:
        limit: How many are taken.
        in_flight: How many there are.
        closed: Whether the component has ended: no call is taken, until it begins again.
    """

    __slots__ = ("closed", "in_flight", "limit")

    def __init__(self, limit: int = Defaults.in_flight) -> None:
        self.limit = limit
        self.in_flight = 0
        self.closed = False


class InterfaceProvider:
    """Runs the calls of one interface.

    Args:
        gate: The component's count of calls in flight.
        maker: Makes the object of the class that implements it, for one unit of work.
        direct: The same in short, where nothing of it ends with the unit of work.
        begin: Begins a unit of work, read-only or not; None where the component has no data.
        fakes: What runs the calls instead while there are fakes; None for that itself.
    """

    __slots__ = ("_begin", "_direct", "_fakes", "_gate", "_make", "_maker")

    def __init__(
        self,
        gate: Gate,
        maker: Maker,
        direct: Direct | None,
        begin: Callable[[bool], Awaitable[UnitOfWork]] | None,
        fakes: Fakes | None = None,
    ) -> None:
        self._gate = gate
        self._maker = maker
        self._direct = direct
        self._make: Callable[[UnitOfWork | None], object] | None = None
        self._begin = begin
        self._fakes = fakes

    async def run(self, call: Call) -> object:
        """Runs one call; ends as a transport does (`fissile.transports.base`)."""
        fakes = self._fakes
        if fakes is not None and fakes.app.dependency_overrides and (faked := fakes.provider(call.method.interface)):
            return await faked.run(call)
        gate = self._gate
        if gate.in_flight >= gate.limit:
            message = f"{call.method} was refused: {gate.limit} calls are in flight"
            raise Overloaded(message, may_have_run=False)
        if gate.closed:
            raise Unavailable(f"{call.method} was not called: its component has ended", may_have_run=False)
        gate.in_flight += 1
        try:
            if self._begin is not None:
                return await self._run_with_data(call, self._begin)
            if self._make is None:
                return await self._run(call)
            return _checked(call.method, await getattr(self._make(None), call.method.name)(**call.arguments))
        except ComponentError as error:
            raised = _as_declared(call.method, error)
            raise raised from (error if isinstance(raised, CallFailed) else None)
        except CallError as error:
            if error.may_have_run:
                raise  # as it is, with the cause that it has
            raise _passed_on(error) from error
        except BaseException as error:
            if is_foreign(error):
                raise
            raise _failed(call.method, error) from error
        finally:
            gate.in_flight -= 1

    def end(self) -> None:
        """Forgets what lived as long as the component, which may begin again."""
        self._make = None

    async def _run(self, call: Call, work: UnitOfWork | None = None) -> object:
        if self._direct is not None:
            if self._make is None:
                self._make = await self._direct()
            return _checked(call.method, await getattr(self._make(work), call.method.name)(**call.arguments))
        async with self._maker(work) as service:
            return _checked(call.method, await getattr(service, call.method.name)(**call.arguments))

    async def _run_with_data(self, call: Call, begin: Callable[[bool], Awaitable[UnitOfWork]]) -> object:
        """Runs a call in its transaction, again where it met another one and may be repeated."""
        loop, attempt = asyncio.get_running_loop(), 0
        while True:
            work = await begin(call.method.readonly)
            try:
                return await self._attempt(_afresh(call), work)
            except Exception as error:
                trouble = work.trouble(error)
                if trouble is None:
                    raise
                pause = pause_after(attempt, FIRST_PAUSE, LONGEST_PAUSE)
                is_worth_it = trouble.passes and call.method.idempotent
                if not is_worth_it or loop.time() + pause >= call.deadline - MARGIN:
                    logger.warning("%s failed: %s", call.method, trouble.what, exc_info=error)
                    raise Unavailable(f"{call.method} failed: {trouble.what}", may_have_run=True) from error
            attempt += 1
            await asyncio.sleep(pause)

    async def _attempt(self, call: Call, work: UnitOfWork) -> object:
        try:
            result = await self._run(call, work)
            await work.flush()
            if asyncio.get_running_loop().time() >= call.deadline:
                raise DeadlineExceeded(f"{call.method} was not committed: its deadline has passed", may_have_run=True)
        except BaseException:
            await work.rollback()
            raise
        await work.commit()
        return result


def _afresh(call: Call) -> Call:
    """The call of one attempt: what may be repeated gets arguments that no attempt before has changed."""
    if not call.method.idempotent or not any(isinstance(one, _MUTABLE) for one in call.arguments.values()):
        return call
    return call._replace(arguments=deepcopy(call.arguments))


def _checked(method: Method, result: object) -> object:
    try:
        return method.result.check(result)
    except ValueError as error:
        raise TypeError(f"{method} returned {type(result).__name__}: {error}") from None


def _as_declared(method: Method, error: ComponentError) -> ComponentError | CallFailed:
    """The error as the method declares it, rebuilt from its fields: a subclass arrives as the declared class."""
    for kind in type(error).__mro__:
        declared, codec = method.errors.get(kind.__name__, (None, None))
        if declared is kind and codec is not None:
            own = declared.fields_type().__annotations__
            try:
                return declared(**codec.check({name: field for name, field in error.fields().items() if name in own}))
            except BaseException as reason:
                if is_foreign(reason):
                    raise
                # They were right when it was made.
                return _failed(method, error, "with fields that were changed to what they may not be")
    return _failed(method, error)


def _passed_on(error: CallError) -> CallError:
    """What a call made by the method ended with is what the method ends with; but the method did run."""
    return type(error)(str(error), may_have_run=True)


def _failed(method: Method, error: BaseException, how: str = "which it does not declare") -> CallFailed:
    logger.error("%s failed", method, exc_info=error)
    return CallFailed(f"{method} raised {type(error).__name__}, {how}", may_have_run=True)
