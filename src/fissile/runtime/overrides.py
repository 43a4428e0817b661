"""Fakes: ``app.dependency_overrides[Suppliers] = FakeSuppliers()``, and of what a component is made of."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from traceback import format_exception_only
from typing import TYPE_CHECKING

from fastapi import FastAPI

from ..errors import CallError, CallFailed
from ..interface import Contract
from ..transports.base import Call, Transport
from ..transports.foreign import is_foreign
from ..transports.local import LocalTransport
from .injection import Injection

if TYPE_CHECKING:
    from dishka import AsyncContainer

    from .provider import InterfaceProvider

Build = Callable[[Injection, "AsyncContainer"], Mapping[type[object], "InterfaceProvider"]]


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
            known = self._transports[id(override)] = override, LocalTransport(_Fake(override).run)
        return known[1]


class _Fake:
    """Runs calls on an object that a test made, or that its factory makes for each call."""

    def __init__(self, override: object) -> None:
        self._override = override

    async def run(self, call: Call) -> object:
        """Runs one call; what the fake raises is judged as what a component raises."""
        method = call.method
        try:
            result = await getattr(_made(self._override), method.name)(**call.arguments)
            return method.result.check(result)
        except BaseException as error:
            if isinstance(error, (CallError, *(declared for declared, _ in method.errors.values()))):
                raise
            if is_foreign(error) or _is_outcome(error):
                raise
            message = f"the fake of {method} raised {type(error).__name__}, which it does not declare"
            raise CallFailed(message, may_have_run=True) from error


class Fakes:
    """What runs a component's calls while there are fakes of its settings, its ports or other classes of its own.

    Args:
        app: The application; tests may change or replace its overrides at any time.
        injection: What the component's objects are made of without them.
        container: Makes those objects.
        build: Gives the providers of the component's interfaces, for what other objects are made of.

    Attributes:
        app: The application.
    """

    __slots__ = ("_build", "_built", "_container", "_injection", "app")

    def __init__(self, app: FastAPI, injection: Injection, container: AsyncContainer, build: Build) -> None:
        self.app = app
        self._injection = injection
        self._container = container
        self._build = build
        self._built: dict[tuple[tuple[type[object], int], ...], _Built] = {}

    def provider(self, interface: type[object]) -> InterfaceProvider | None:
        """What runs the calls of an interface with the fakes that there are now; None where there are none."""
        overrides = self.app.dependency_overrides
        fakes = {kind: override for kind in self._injection.kinds() if (override := overrides.get(kind)) is not None}
        if not fakes:
            return None
        key = tuple((kind, id(override)) for kind, override in fakes.items())
        built = self._built.get(key)
        if built is None:
            built = self._built[key] = self._with(fakes)
        return built.providers[interface]

    def _with(self, fakes: Mapping[type[object], object]) -> _Built:
        try:
            made = {kind: _made(override) for kind, override in fakes.items()}
        except BaseException as error:
            if is_foreign(error) or _is_outcome(error):
                raise
            why = format_exception_only(error)[-1].strip()  # also of an exception whose message cannot be made
            message = f"a fake for {self._injection.component} could not be made: {why}"
            raise CallFailed(message, may_have_run=False) from error
        injection = self._injection.with_fakes(made, self._container)
        container = injection.container()
        return _Built(fakes, container, self._build(injection, container))

    async def close(self) -> None:
        """Ends what was made around the fakes, and forgets those that were made of classes and functions."""
        while self._built:
            _, built = self._built.popitem()
            await built.container.close()


@dataclass(frozen=True, slots=True)
class _Built:
    """A component around some fakes; they are kept with it, so that nothing else can come to have their ids."""

    fakes: Mapping[type[object], object]
    container: AsyncContainer
    providers: Mapping[type[object], InterfaceProvider]


def _is_outcome(error: BaseException) -> bool:
    """Return True if the error is what ``pytest.fail`` and ``pytest.skip`` raise, which is meant for the test."""
    outcomes = sys.modules.get("_pytest.outcomes")
    return outcomes is not None and isinstance(error, outcomes.OutcomeException)


def _made(override: object) -> object:
    """The fake: what a class or a function makes, or else the object itself."""
    if isinstance(override, (type, partial)) or inspect.isroutine(override):
        return override()
    return override
