"""What travels with a call, and nothing else.

A call steps in a `contextvars.Context` of its own: the user's context variables stay behind, in every placement. What
crosses is one immutable `Context`, kept in one context variable.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, Generic, NamedTuple, TypeVar, get_args

from .errors import ConfigurationError, Fault

T = TypeVar("T")
_NOTHING: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking.

    Attributes:
        id: The subject, unique within the identity provider.
        scopes: What it may do.
    """

    id: str
    scopes: frozenset[str] = frozenset()


class Context(NamedTuple):
    """What crosses with a call.

    Attributes:
        principal: Who is asking, if anybody was verified.
        traceparent: The trace, as W3C Trace Context (https://www.w3.org/TR/trace-context/) writes it.
        deadline: When the call must have ended, in seconds of the running loop's clock.
        idempotency_key: The caller's ``Idempotency-Key``.
        carried: The values of the `Carried` variables that were set, by name.
    """

    principal: Principal | None = None
    traceparent: str | None = None
    deadline: float | None = None
    idempotency_key: str | None = None
    carried: Mapping[str, object] = _NOTHING


NOWHERE = Context()
"""The context outside any call or request."""

AMBIENT: ContextVar[Context] = ContextVar("fissile_context", default=NOWHERE)
"""The context of whatever is running; `current` reads it."""


def current() -> Context:
    """The context of the running call or request."""
    return AMBIENT.get()


class Carried(Generic[T]):
    """A variable that crosses with every call, declared in a component's ``public`` module.

    ``tenant = Carried[str]("tenant", default="")``. Its type has to be one that a value may have. It behaves as a
    `contextvars.ContextVar` without tokens: what is set in a call or a request is seen by the calls made from there,
    and never by the caller.

    Args:
        name: The name on the wire, unique in the application.
        default: What `get` gives where nothing was set.

    Raises:
        ConfigurationError: Another module of the same application has declared the name.
    """

    __slots__ = ("__orig_class__", "default", "module", "name")

    declared: ClassVar[dict[str, Carried[object]]] = {}

    def __init__(self, name: str, *, default: T) -> None:
        self.name = name
        self.default = default
        self.module = _declaring_module()
        known = Carried.declared.get(name)
        if known is not None and known.module != self.module and _package(known.module) == _package(self.module):
            what = f"the carried variable {name!r} is declared twice, in {known.module} and in {self.module}"
            raise ConfigurationError(Fault(what, "", "its name is all that crosses", "give one of them another name"))
        Carried.declared[name] = self  # type: ignore[assignment]  # the registry forgets T; the codec checks it

    @property
    def annotation(self) -> object:
        """The type between the brackets of ``Carried[...]``, else the type of the default."""
        declared = getattr(self, "__orig_class__", None)
        return get_args(declared)[0] if declared is not None else type(self.default)

    def get(self) -> T:
        """The value here, or the default."""
        return AMBIENT.get().carried.get(self.name, self.default)  # type: ignore[return-value]  # set() took a T

    def set(self, value: T) -> None:
        """Sets the value for the rest of this request, call or task, and for the calls made from it."""
        here = AMBIENT.get()
        AMBIENT.set(here._replace(carried=MappingProxyType({**here.carried, self.name: value})))


def _declaring_module() -> str:
    """The module in which a `Carried` is made, also through ``Carried[str](...)``, which typing calls for it."""
    frame = sys._getframe(2)
    while frame.f_globals.get("__name__") == "typing" and frame.f_back is not None:
        frame = frame.f_back
    return str(frame.f_globals.get("__name__"))


def _package(module: str) -> str:
    return module.partition(".")[0]
