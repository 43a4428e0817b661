"""The port to what keeps one kind of entity: what every store can do, and no query language.

`fissile.data.sql_repository` and `fissile.data.memory` implement it; `fissile.testing.repositories` checks whoever
does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from ..errors import FissileError

PAGE = 50
"""How many entities a page has unless more or fewer are asked for."""

LONGEST = 200
"""How many it can have, unless a repository allows more."""

Entity = TypeVar("Entity")
Key = TypeVar("Key")
EntityOfPage = TypeVar("EntityOfPage", covariant=True)
KeyOfPage = TypeVar("KeyOfPage", covariant=True)


class Conflict(FissileError):
    """The store has something else than an operation takes for granted.

    Nothing of the operation is kept, and nothing of the unit of work may be: end it with an error of your own, and let
    the caller begin anew. What was got in it is out of date, and some stores cannot read it any more.
    """


@dataclass(frozen=True, slots=True)
class Page(Generic[EntityOfPage, KeyOfPage]):
    """Some entities, in the order of their keys.

    Attributes:
        items: The entities.
        next: What the next page comes after; None on the last page.
    """

    items: tuple[EntityOfPage, ...]
    next: KeyOfPage | None


class Repository(Protocol[Entity, Key]):
    """Keeps the entities of one kind, each with everything that belongs to it.

    What is done takes effect with the unit of work that it is done in, if the store has transactions, else at once. An
    entity outlives its unit of work, and can be saved or removed in a later one, unless that unit of work was undone.
    """

    async def add(self, entity: Entity) -> None:
        """Keeps a new entity, which gets its key if it has none and the store gives keys.

        One that was removed is new again.

        Raises:
            Conflict: Its key is there already, or something else of it that has to be unique.
        """
        ...

    async def get(self, key: Key) -> Entity | None:
        """The entity with this key, if there is one.

        Whether a unit of work that gets it twice has one object or two is the store's affair.
        """
        ...

    async def exists(self, key: Key) -> bool:
        """Whether there is an entity with this key."""
        ...

    async def save(self, entity: Entity) -> None:
        """Keeps what has changed of an entity that was got or added.

        What is changed and not saved may be kept, or not.

        Raises:
            Conflict: Somebody else has removed it since it was got, or changed it, if it has a version; else the last
                change wins. Or something of it has to be unique, and is there already.
        """
        ...

    async def remove(self, entity: Entity) -> None:
        """Keeps an entity no longer that was got or added.

        Raises:
            Conflict: Somebody else has removed it since it was got, or changed it, if it has a version.
        """
        ...

    async def list(self, *, after: Key | None = None, limit: int = PAGE) -> Page[Entity, Key]:
        """The entities whose keys follow one that need not be there any more, or the first ones.

        They come in the order of their keys, which each store has one of: numbers, dates and UUIDs by value, text as
        the store compares it. So whoever goes from page to page meets whatever was there all the time exactly once.

        Args:
            after: The `Page.next` of the page before; None for the first page.
            limit: How many at most, from 1 to 200 unless the repository allows more.

        Raises:
            ValueError: The limit is out of these bounds.
        """
        ...


def check_limit(limit: int, longest: int = LONGEST) -> None:
    """Makes sure that a page has bounds.

    Raises:
        ValueError: The limit is not from 1 to the longest.
    """
    if not 1 <= limit <= longest:
        raise ValueError(f"a page has 1 to {longest} entities, not {limit}")


def page_of(found: Sequence[Entity], limit: int, key_of: Callable[[Entity], Key]) -> Page[Entity, Key]:
    """Makes a page of what was found by looking for one more than its limit: only then there is a next page.

    Args:
        found: Up to ``limit + 1`` entities, in the order of their keys.
        limit: How many the page has at most.
        key_of: The key of an entity.
    """
    items = tuple(found[:limit])
    return Page(items, key_of(items[-1]) if len(found) > limit else None)
