"""Fakes in the place of interfaces: ``app.dependency_overrides[Suppliers] = FakeSuppliers()``."""

from __future__ import annotations

from fastapi import FastAPI

from ..errors import CallError, CallFailed
from ..interface import Contract
from ..transports.base import Call, Transport
from ..transports.local import LocalTransport


class Overrides:
    """What an application's ``dependency_overrides`` put in the place of its interfaces.

    Args:
        app: The application; tests may change or replace its overrides at any time.
    """

    __slots__ = ("_app", "_transports")

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._transports: dict[int, tuple[object, Transport]] = {}

    def transport(self, contract: Contract) -> Transport | None:
        """What carries calls to the fake of an interface; None where there is none."""
        overrides = self._app.dependency_overrides
        if not overrides:
            return None
        # FastAPI types the keys as callables, which interfaces are.
        override = overrides.get(contract.interface)
        if override is None:
            return None
        known = self._transports.get(id(override))
        if known is None:
            # The fake is kept with it, so that nothing else can come to have its id.
            known = self._transports[id(override)] = override, LocalTransport(_Fake(contract, override).run)
        return known[1]


class _Fake:
    """Runs calls on an object that a test made, or that its factory makes for each call."""

    def __init__(self, contract: Contract, override: object) -> None:
        self._override = override
        self._first = next(iter(contract.methods), None)

    async def run(self, call: Call) -> object:
        """Runs one call; what the fake raises is judged as what a component raises."""
        method = call.method
        try:
            result = await getattr(self._instance(), method.name)(**call.arguments)
            return method.result.check(result)
        except Exception as error:
            if isinstance(error, (CallError, *(declared for declared, _ in method.errors.values()))):
                raise
            message = f"the fake of {method} raised {type(error).__name__}, which it does not declare"
            raise CallFailed(message, may_have_run=True) from error

    def _instance(self) -> object:
        override = self._override
        is_instance = not isinstance(override, type) and self._first is not None and hasattr(override, self._first)
        return override if is_instance or not callable(override) else override()
