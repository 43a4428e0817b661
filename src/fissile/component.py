"""The declaration of a component: what it provides, needs and owns, on one screen."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

from .errors import ConfigurationError, Fault

if TYPE_CHECKING:
    from fastapi import APIRouter, FastAPI
    from sqlalchemy import MetaData

    from .policy import Policy
    from .values import Event

NAME = r"[a-z][a-z0-9_]{1,30}"
"""What the name of a component, which is its package's, has to match."""


RESERVED_IDS = {"information_schema", "none", "postgres", "public"}
"""Names that PostgreSQL keeps for a schema or a role of its own, beside all that begin with ``pg_``
(https://www.postgresql.org/docs/current/sql-createschema.html, .../sql-createrole.html)."""


def is_reserved_id(name: str) -> bool:
    """Return True if PostgreSQL keeps a name for itself, so that it cannot be the id of a component with tables."""
    return name in RESERVED_IDS or name.startswith("pg_")


Isolation = Literal["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"]


@dataclass(frozen=True, slots=True)
class Database:
    """A component's own database.

    Attributes:
        metadata: The tables; no other component reads them.
        isolation: How much transactions that may write see of each other in PostgreSQL
            (https://www.postgresql.org/docs/current/transaction-iso.html). Under READ COMMITTED the last of those that
            read a row and change it wins in silence; otherwise all but the first end. In SQLite there is one at a time.
        formerly: The id that the component had before: data that is still kept under it moves to that of today, in
            SQLite with ``fissile db upgrade``, in PostgreSQL with ``fissile db provision``. Where nothing is left to
            move it says nothing, so it may stay.
    """

    metadata: MetaData
    isolation: Isolation = "REPEATABLE READ"
    formerly: str | None = None

    def __post_init__(self) -> None:
        """Refuses what a database would only refuse when it is asked."""
        known = get_args(Isolation)
        if self.isolation not in known:
            what = f"Database(isolation={self.isolation!r}) is no isolation of PostgreSQL"
            raise ConfigurationError(Fault(what, "", f"there are {', '.join(known)}", f'write "{known[0]}"'))
        if self.formerly is not None and not re.fullmatch(NAME, self.formerly):
            what = f"Database(formerly={self.formerly!r}) is no id that a component can have had"
            raise ConfigurationError(Fault(what, "", f"it is no {NAME}", "write the id from before the rename"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """A component, declared in its ``component.py`` as ``component = Component(...)``.

    Write it literally: tools read it without importing it.

    Attributes:
        provides: The class that implements each interface.
        needs: The interfaces of other components that this one calls.
        api: Its HTTP routes: a router, routers by version, or a whole FastAPI application that is adopted as it is.
            A version is part of the path (``/orders/v2``); the one that is called ``""`` has the prefix for itself.
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
