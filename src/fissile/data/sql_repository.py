"""Repositories on SQLAlchemy, which need nothing but the mapping and leave every further query to SQLAlchemy."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Generic, cast, get_args, get_origin

from sqlalchemy import ColumnElement, Select, and_, inspect, select, tuple_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import (
    InstrumentedAttribute,
    Mapper,
    RelationshipDirection,
    RelationshipProperty,
    make_transient,
    object_session,
)
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.exc import StaleDataError

from ..errors import ConfigurationError, Fault, place
from .repository import LONGEST, PAGE, Conflict, Entity, Key, Page, check_limit, page_of

# https://sqlite.org/rescode.html
_UNIQUE_CODES = (sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_UNIQUE)
_UNIQUE_STATE = "23505"  # https://www.postgresql.org/docs/current/errcodes-appendix.html


_EAGER = ("immediate", "joined", "selectin", "subquery")
"""The ways to load a relationship together with its entity
(https://docs.sqlalchemy.org/en/21/orm/queryguide/relationships.html)."""

_LAZY = (*_EAGER, "select", True)
"""Those, and the way to load it when it is read."""


class SqlRepository(Generic[Entity, Key]):
    """Keeps the entities of a mapped class; ``class OrderRepository(SqlRepository[Order, int])`` is all that it needs.

    The mapping, declarative or imperative, says what the key is; one of several columns is a tuple, in their order.
    Where it has a ``version_id_col``, whatever somebody else has changed is noticed.

    Write further queries as methods, with `session`, and cut them into pages with `page`.

    After a `Conflict` that the database has found, its transaction is over, and whatever comes next in it fails. Only
    ``async with self.session.begin_nested()`` around the operation would keep it; that is two statements more.

    Args:
        session: The session of the unit of work.

    Attributes:
        session: The same.
        longest: How many entities a page can have.
    """

    longest: ClassVar[int] = LONGEST
    _entity: ClassVar[object] = None

    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        if not isinstance(self._entity, type):
            raise _unsaid(type(self))
        self._mapping = _mapping_of(self._entity)

    def __init_subclass__(cls) -> None:
        """Finds the entity among the type arguments.

        Raises:
            ConfigurationError: There is none.
        """
        super().__init_subclass__()
        for base in cls.__dict__.get("__orig_bases__", ()):
            origin = get_origin(base)
            if isinstance(origin, type) and issubclass(origin, SqlRepository):
                given = dict(zip(_parameters(origin), get_args(base), strict=True))
                entity = _parameters(origin)[0] if origin is SqlRepository else origin._entity
                cls._entity = given.get(entity, entity)
        if not isinstance(cls._entity, type) and not _parameters(cls):
            raise _unsaid(cls)

    async def add(self, entity: Entity) -> None:
        """See `Repository.add`."""
        state = self._state(entity)
        if state.was_deleted:
            make_transient(entity)
        if state.key is not None or state.mapper.identity_key_from_instance(entity) in self.session.identity_map:
            raise Conflict(f"{self._title(entity)} is there already")
        self.session.add(entity)
        await self._flush(entity)
        await self._load(entity, self._mapping.references(self._state(entity)))

    async def get(self, key: Key) -> Entity | None:
        """See `Repository.get`; within a unit of work it is one object."""
        with _conflicts(self._mapping.name):
            return await self.session.get(self._mapping.entity, key)

    async def exists(self, key: Key) -> bool:
        """See `Repository.exists`."""
        with _conflicts(self._mapping.name):
            return await self.session.scalar(self._mapping.at(key)) is not None

    async def save(self, entity: Entity) -> None:
        """See `Repository.save`."""
        self._take_in(entity)
        await self._flush(entity)
        await self._load(entity)

    async def remove(self, entity: Entity) -> None:
        """See `Repository.remove`."""
        self._take_in(entity)
        with _conflicts(self._title(entity)):
            if not self._mapping.is_versioned:
                await self._lock(entity)
            await self.session.delete(entity)
            await self.session.flush()

    async def list(self, *, after: Key | None = None, limit: int = PAGE) -> Page[Entity, Key]:
        """See `Repository.list`; it is one statement."""
        return await self.page(self._mapping.all, after=after, limit=limit)

    async def page(self, query: Select[Entity], *, after: Key | None, limit: int) -> Page[Entity, Key]:
        """A page of what a query finds, in the order of the keys, whatever order the query has.

        Args:
            query: A ``select(Order)``, with any condition.
            after: The `Page.next` of the page before; None for the first page.
            limit: How many at most, from 1 to `longest`.

        Raises:
            ValueError: The limit is out of these bounds.
        """
        check_limit(limit, self.longest)
        keys = self._mapping.keys
        query = query.order_by(None).order_by(*keys).limit(limit + 1)
        if after is not None:
            query = query.where(self._mapping.after(after))
        with _conflicts(self._mapping.name):
            found = (await self.session.scalars(query)).unique().all()
        return page_of(found, limit, self._key_of)

    def _take_in(self, entity: Entity) -> None:
        """Takes an entity of an earlier unit of work into this session, in the place of another object for its row."""
        if entity in self.session:
            return
        state = self._state(entity)
        if state.key is None or state.was_deleted:
            raise Conflict(f"{self._title(entity)} is not there any more, or never was")
        if (before := object_session(entity)) is not None:
            before.expunge(entity)
        if (other := self.session.identity_map.get(state.key)) is not None:
            self.session.expunge(other)
        self.session.add(entity)

    async def _lock(self, entity: Entity) -> None:
        """Makes sure that a row is there and stays: without a version SQLAlchemy does not mind if it is not."""
        if await self.session.scalar(self._mapping.at(self._key_of(entity)).with_for_update()) is None:
            raise Conflict(f"{self._title(entity)} is not there any more")

    async def _flush(self, entity: Entity) -> None:
        new, changed = [*self.session.new], [*self.session.dirty]
        with _conflicts(self._title(entity)):
            await self.session.flush()
        for one in new:
            _take_for_loaded(one)
        for one in [*new, *changed]:
            if one is not entity and one in self.session:
                await self._load(one)

    async def _load(self, entity: object, further: Iterable[str] = ()) -> None:
        """Load what the database has made in a flush, such as ``onupdate``; without it there is no statement."""
        state = self._state(entity)
        if names := {*state.expired_attributes, *further}:
            await self.session.refresh(entity, sorted(names))

    def _state(self, entity: object) -> Any:
        return inspect(entity)

    def _key_of(self, entity: Entity) -> Key:
        return cast("Key", self._mapping.key(self._state(entity).identity))

    def _title(self, entity: Entity) -> str:
        identity = self._state(entity).identity
        return f"{self._mapping.name} {self._mapping.key(identity)!r}" if identity else f"a new {self._mapping.name}"


@dataclass(frozen=True, slots=True)
class _Mapping:
    """What the mapping says of one entity.

    Attributes:
        entity: The class.
        keys: The columns of its key.
        is_versioned: Whether SQLAlchemy checks a version.
        all: Every entity.
    """

    entity: type[Any]
    keys: tuple[InstrumentedAttribute[Any], ...]
    is_versioned: bool
    all: Select[Any]

    @property
    def name(self) -> str:
        return self.entity.__name__

    def key(self, identity: tuple[Any, ...]) -> Any:
        return identity[0] if len(self.keys) == 1 else tuple(identity)

    def at(self, key: Any) -> Select[Any]:
        """The first column of the key, where a row has this key."""
        values = (key,) if len(self.keys) == 1 else key
        return select(self.keys[0]).where(and_(*map(_equal, self.keys, values)))

    def references(self, state: Any) -> list[str]:
        """The relationships of an entity that was added which refer to something, and have not been loaded."""
        return [
            one.key
            for one in state.mapper.relationships
            if one.key in state.unloaded and (one.lazy in _EAGER or (_refers(one) and one.lazy in _LAZY))
        ]

    def after(self, key: Any) -> ColumnElement[bool]:
        """Whether a row comes after this key."""
        return self.keys[0] > key if len(self.keys) == 1 else tuple_(*self.keys) > tuple_(*key)


def _refers(relationship: RelationshipProperty[Any]) -> bool:
    """Return True for a relationship to one entity whose key is in the row itself."""
    return relationship.direction is RelationshipDirection.MANYTOONE


def _take_for_loaded(entity: object) -> None:
    """Take relationships that an inserted entity has not been given for loaded, where it can have none yet."""
    state: Any = inspect(entity)
    for one in state.mapper.relationships:
        if one.key not in state.unloaded or one.lazy not in _LAZY or one.viewonly:
            continue
        columns = [state.mapper.get_property_by_column(column).key for column in one.local_columns]
        if not _refers(one) or any(state.dict.get(name) is None for name in columns):
            set_committed_value(entity, one.key, [] if one.uselist else None)


def _equal(column: InstrumentedAttribute[Any], value: object) -> ColumnElement[bool]:
    return column == value


@cache
def _mapping_of(entity: type[Any]) -> _Mapping:
    """Reads the mapping when a repository is first used, since it may be written below the repository.

    Raises:
        ConfigurationError: There is none.
    """
    mapper: Mapper[Any] | None = inspect(entity, raiseerr=False)
    if mapper is None:
        what = f"{entity.__name__} is kept by a SqlRepository, and is not mapped"
        why = "a repository knows tables by SQLAlchemy's mapping alone"
        fix = f"write registry().map_imperatively({entity.__name__}, table), or map it declaratively"
        raise ConfigurationError(Fault(what, place(entity), why, fix))
    # Those of the class itself: one that it inherits would find its sisters in the same table.
    keys = [getattr(entity, mapper.get_property_by_column(column).key) for column in mapper.primary_key]
    return _Mapping(entity, tuple(keys), mapper.version_id_col is not None, select(entity))


def _unsaid(repository: type[object]) -> ConfigurationError:
    what = f"{repository.__name__} does not say what it keeps"
    why = "the type arguments say so, and by which key"
    fix = "write class OrderRepository(SqlRepository[Order, int])"
    return ConfigurationError(Fault(what, place(repository), why, fix))


def _parameters(kind: type[object]) -> tuple[object, ...]:
    """The type variables of a generic class."""
    return getattr(kind, "__parameters__", ())


@contextmanager
def _conflicts(title: str) -> Iterator[None]:
    """Turns what SQLAlchemy and databases say of a conflict into ours, also where a query writes what had changed."""
    try:
        yield
    except StaleDataError as error:
        raise Conflict(f"{title} was changed or removed by somebody else since it was got") from error
    except IntegrityError as error:
        if not _is_duplicate(error):
            raise
        said = str(error.orig).splitlines()[0]  # without the detail, in which PostgreSQL repeats the values
        raise Conflict(f"{title} has something that has to be unique, and is there already: {said}") from error


def _is_duplicate(error: IntegrityError) -> bool:
    cause = error.orig
    return getattr(cause, "sqlite_errorcode", None) in _UNIQUE_CODES or getattr(cause, "sqlstate", "") == _UNIQUE_STATE
