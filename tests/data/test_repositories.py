"""Repositories on SQLite, on PostgreSQL and in memory: all of them do what the port says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import pytest

from fissile.data import Store
from fissile.data.memory import MemoryRepository
from fissile.data.repository import Repository
from fissile.testing.repositories import (
    Adapter,
    RepositoryConformance,
    TransactionalConformance,
    Units,
    UnversionedConformance,
    VersionedConformance,
)
from fissile.testing.repositories.keeping import KeepingConformance

from .conftest import StoreOf
from .kept import Chest, Chests, Crate, Crates, Parcel, Parcels, Slot, Slots, metadata, units_of

Entity = TypeVar("Entity")
Key = TypeVar("Key")


@pytest.fixture
async def store(store_of: StoreOf) -> AsyncIterator[Store]:
    """An open database, in which nothing is."""
    store = store_of(metadata)
    await store.open_once()
    yield store
    await store.close()


class OfCrates(Adapter[Crate, int]):
    """Crates get their keys."""

    def new(self, number: int, key: int | None = None) -> Crate:
        """Only the store knows the order."""
        return Crate(id=key, count=100 * number)

    def change(self, entity: Crate) -> None:
        """One more."""
        entity.count += 1

    def content(self, entity: Crate) -> object:
        """The count."""
        return entity.count

    def key(self, entity: Crate) -> int:
        """The number that it was given."""
        return entity.id


class OfParcels(Adapter[Parcel, UUID]):
    """Parcels have keys of their own."""

    longest = 300

    def new(self, number: int, key: UUID | None = None) -> Parcel:
        """The number says where it is in the order of keys."""
        return Parcel(100 * number, key or UUID(int=number << 120))

    def change(self, entity: Parcel) -> None:
        """One more."""
        entity.count += 1

    def content(self, entity: Parcel) -> object:
        """The count."""
        return entity.count

    def key(self, entity: Parcel) -> UUID:
        """Its own."""
        return entity.id


class OfSlots(Adapter[Slot, tuple[str, int]]):
    """Slots have keys in two parts."""

    def new(self, number: int, key: tuple[str, int] | None = None) -> Slot:
        """Two slots an aisle, so that pages break within them."""
        aisle, place = key or (f"{number // 2:03}", number % 2)
        return Slot(aisle, place, 100 * number)

    def change(self, entity: Slot) -> None:
        """One more."""
        entity.count += 1

    def content(self, entity: Slot) -> object:
        """The count."""
        return entity.count

    def key(self, entity: Slot) -> tuple[str, int]:
        """Both parts."""
        return entity.aisle, entity.number


class OfChests(Adapter[Chest, int]):
    """Chests have what the database makes, and relationships."""

    def new(self, number: int, key: int | None = None) -> Chest:
        """Only the store knows the order."""
        return Chest(id=key, count=100 * number)

    def change(self, entity: Chest) -> None:
        """One more."""
        entity.count += 1

    def content(self, entity: Chest) -> object:
        """The count, and all that can be read beside it."""
        assert entity.id is None or isinstance(entity.made, datetime)
        changed = (entity.changed, entity.noted)
        assert changed in ((None, None), ("changed", "noted"))
        return entity.count, entity.within, entity.tags, entity.lid

    def key(self, entity: Chest) -> int:
        """The number that it was given."""
        return entity.id


class TestChests(OfChests, KeepingConformance[Chest, int]):
    """A mapping of which the database fills in a part."""

    @pytest.fixture
    def units(self, store: Store) -> Units[Chest, int]:
        """As calls have them."""
        return units_of(store, Chests)


class TestCrates(
    OfCrates,
    RepositoryConformance[Crate, int],
    VersionedConformance[Crate, int],
    TransactionalConformance[Crate, int],
):
    """A declarative mapping, whose keys the database gives."""

    @pytest.fixture
    def units(self, store: Store) -> Units[Crate, int]:
        """As calls have them."""
        return units_of(store, Crates)


class TestParcels(
    OfParcels,
    RepositoryConformance[Parcel, UUID],
    UnversionedConformance[Parcel, UUID],
    TransactionalConformance[Parcel, UUID],
):
    """An imperative mapping, whose keys come with the entities."""

    @pytest.fixture
    def units(self, store: Store) -> Units[Parcel, UUID]:
        """As calls have them."""
        return units_of(store, Parcels)


class TestSlots(
    OfSlots,
    RepositoryConformance[Slot, tuple[str, int]],
    VersionedConformance[Slot, tuple[str, int]],
    TransactionalConformance[Slot, tuple[str, int]],
):
    """A key of several columns."""

    @pytest.fixture
    def units(self, store: Store) -> Units[Slot, tuple[str, int]]:
        """As calls have them."""
        return units_of(store, Slots)


@dataclass
class Box:
    """What is kept in memory, and mapped nowhere.

    Attributes:
        counts: Mutable, so that a copy that is not deep is found out.
    """

    counts: list[int]
    id: int | None = None
    version: int = field(init=False)


def at_once(repository: Repository[Entity, Key]) -> Units[Entity, Key]:
    """Units of work of a store that has no transactions."""

    @asynccontextmanager
    async def unit(*, readonly: bool = False) -> AsyncIterator[Repository[Entity, Key]]:
        yield repository

    return unit


class TestMemory(RepositoryConformance[Box, int], VersionedConformance[Box, int]):
    """In memory, with keys that are given and a version."""

    @pytest.fixture
    def units(self) -> Units[Box, int]:
        """It has no transactions."""
        return at_once(MemoryRepository[Box, int](version="version"))

    def new(self, number: int, key: int | None = None) -> Box:
        """Only the repository knows the order."""
        return Box([number], key)

    def change(self, entity: Box) -> None:
        """One more."""
        entity.counts.append(1)

    def content(self, entity: Box) -> object:
        """The counts."""
        return tuple(entity.counts)

    def key(self, entity: Box) -> int:
        """The number that it was given."""
        assert entity.id is not None
        return entity.id


class TestMappedInMemory(OfCrates, RepositoryConformance[Crate, int], VersionedConformance[Crate, int]):
    """In memory, what SQLAlchemy maps: tests put this in the place of a database."""

    @pytest.fixture
    def units(self) -> Units[Crate, int]:
        """It has no transactions."""
        return at_once(MemoryRepository[Crate, int](version="version"))


class TestMemoryWithoutVersion(OfParcels, RepositoryConformance[Parcel, UUID], UnversionedConformance[Parcel, UUID]):
    """In memory, with keys that come with the entities and no version."""

    @pytest.fixture
    def units(self) -> Units[Parcel, UUID]:
        """It has no transactions; a page may be longer."""

        class Longer(MemoryRepository[Parcel, UUID]):
            longest = 300

        return at_once(Longer())
