"""The interfaces of an application outside a request: for scripts, tests and the command line."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar, cast

from ..context import AMBIENT, Context, Principal
from .wiring import Runtime

if TYPE_CHECKING:
    from typing_extensions import TypeForm

T = TypeVar("T")


class Caller:
    """Gives the interfaces of an application: ``suppliers = call(Suppliers)``.

    Args:
        runtime: The application's components.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def __call__(self, interface: TypeForm[T]) -> T:
        """The stub of an interface: each of its methods is a call.

        Raises:
            ConfigurationError: No component provides it.
        """
        return cast("T", self._runtime.stub(cast("type[object]", interface)))

    @asynccontextmanager
    async def acting(
        self, principal: Principal | None = None, *, idempotency_key: str | None = None
    ) -> AsyncIterator[None]:
        """Makes the calls inside for a principal, with an idempotency key."""
        before = AMBIENT.set(Context(principal=principal, idempotency_key=idempotency_key))
        try:
            yield
        finally:
            AMBIENT.reset(before)
