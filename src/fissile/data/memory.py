"""A repository in memory: what tests and first drafts use where a database is not the point."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from typing import Any, ClassVar, Generic, cast

from .repository import LONGEST, PAGE, Conflict, Entity, Key, Page, check_limit, page_of


class MemoryRepository(Generic[Entity, Key]):
    """Keeps copies of entities, and gives copies; there are no transactions, so everything takes effect at once.

    An entity without a key gets the next whole number. Nothing but the key has to be unique.

    Args:
        key: The attribute with the key.
        version: The attribute with the version, which it sets; without one the last change wins.

    Attributes:
        longest: How many entities a page can have.
    """

    longest: ClassVar[int] = LONGEST

    def __init__(self, *, key: str = "id", version: str | None = None) -> None:
        self._key = key
        self._version = version
        self._kept: dict[Key, Entity] = {}
        self._last = 0

    async def add(self, entity: Entity) -> None:
        """See `Repository.add`."""
        if self._key_of(entity) is None:
            setattr(entity, self._key, self._last + 1)
        key = self._key_of(entity)
        if key in self._kept:
            raise Conflict(f"{self._title(entity)} is there already")
        if isinstance(key, int):
            self._last = max(self._last, int(key))
        self._keep(entity, 1)

    async def get(self, key: Key) -> Entity | None:
        """See `Repository.get`."""
        return deepcopy(self._kept.get(key))

    async def exists(self, key: Key) -> bool:
        """See `Repository.exists`."""
        return key in self._kept

    async def save(self, entity: Entity) -> None:
        """See `Repository.save`."""
        self._check(entity)
        self._keep(entity, 1 + (self._version_of(entity) or 0))

    async def remove(self, entity: Entity) -> None:
        """See `Repository.remove`."""
        self._check(entity)
        del self._kept[self._key_of(entity)]

    async def list(self, *, after: Key | None = None, limit: int = PAGE) -> Page[Entity, Key]:
        """See `Repository.list`."""
        check_limit(limit, self.longest)
        keys = sorted(cast("Iterable[Any]", self._kept))  # whatever keys are, they have an order
        found = [deepcopy(self._kept[key]) for key in keys if after is None or key > after]
        return page_of(found[: limit + 1], limit, self._key_of)

    def _check(self, entity: Entity) -> None:
        kept = self._kept.get(self._key_of(entity))
        if kept is None:
            raise Conflict(f"{self._title(entity)} is not there any more, or never was")
        if self._version_of(kept) != self._version_of(entity):
            raise Conflict(f"{self._title(entity)} was changed by somebody else since it was got")

    def _keep(self, entity: Entity, version: int) -> None:
        if self._version is not None:
            setattr(entity, self._version, version)
        self._kept[self._key_of(entity)] = deepcopy(entity)

    def _key_of(self, entity: Entity) -> Key:
        return cast("Key", getattr(entity, self._key, None))

    def _version_of(self, entity: Entity) -> int | None:
        return None if self._version is None else getattr(entity, self._version, None)

    def _title(self, entity: Entity) -> str:
        return f"{type(entity).__name__} {self._key_of(entity)!r}"
