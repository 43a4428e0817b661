"""The declaration of a component: what it provides, needs and owns, on one screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .policy import Policy

if TYPE_CHECKING:
    from fastapi import APIRouter, FastAPI
    from sqlalchemy import MetaData

    from .values import Event

NAME = r"[a-z][a-z0-9_]{1,30}"
"""What the name of a component, which is its package's, has to match."""


@dataclass(frozen=True, slots=True)
class Database:
    """A component's own database.

    Attributes:
        metadata: The tables; no other component reads them.
    """

    metadata: MetaData


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """A component, declared in its ``component.py`` as ``component = Component(...)``.

    Write it literally: tools read it without importing it.

    Attributes:
        provides: The class that implements each interface.
        needs: The interfaces of other components that this one calls.
        api: Its HTTP routes: a router, routers by version, or a whole FastAPI application that is adopted as it is.
        policy: What every route demands that says nothing itself; None leaves it to the application.
        settings: A pydantic-settings class, filled from this component's own variables alone.
        database: Its tables.
        binds: Ports of its own: the class, factory or async generator that makes each.
        handles: What is run for an event of another component.
        prefix: The URL prefix; by default ``/<name>``, with ``-`` for ``_``.
        id: What outlives a rename (event names, schema, wire); by default the name.
    """

    provides: Mapping[type[object], type[object]] = field(default_factory=dict)
    needs: Sequence[type[object]] = ()
    api: APIRouter | FastAPI | Mapping[str, APIRouter] | None = None
    policy: Policy | None = None
    settings: type[object] | None = None
    database: Database | None = None
    binds: Mapping[type[object], Callable[..., object]] = field(default_factory=dict)
    handles: Mapping[type[Event], Callable[..., object] | Sequence[Callable[..., object]]] = field(default_factory=dict)
    prefix: str | None = None
    id: str | None = None
