"""What the conformance classes ask for, and the steps that their tests have in common."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any, ClassVar, Generic, Protocol, cast

import pytest

from ...data.repository import LONGEST, Conflict, Entity, Key, Repository

Step = Callable[[Repository[Entity, Key]], Awaitable[object]]
"""Something done in a unit of work."""


class Units(Protocol[Entity, Key]):
    """Opens units of work on a store that was empty when the test began."""

    def __call__(self, *, readonly: bool = False) -> AbstractAsyncContextManager[Repository[Entity, Key]]:
        """A unit of work: committed when it is left, and undone when an exception leaves it.

        Args:
            readonly: Whether it only reads, so that it need not wait for others that write.
        """
        ...


class Undone(Exception):
    """Leaves a unit of work, to have it undone."""


class Adapter(Generic[Entity, Key]):
    """What the conformance classes ask for, and those that inherit them give.

    Attributes:
        longest: How many entities a page can have.
    """

    pytestmark: ClassVar[list[pytest.MarkDecorator]] = [
        pytest.mark.anyio,
        pytest.mark.parametrize("anyio_backend", ["asyncio"], ids=[pytest.HIDDEN_PARAM], scope="session"),
    ]
    longest = LONGEST

    @pytest.fixture
    def units(self) -> Units[Entity, Key]:
        """Opens units of work."""
        raise NotImplementedError

    def new(self, number: int, key: Key | None = None) -> Entity:
        """A new entity.

        Args:
            number: Where it belongs in the order of keys, unless the store gives them.
            key: The key that it has; None for one that the store gives, or that comes with the number.
        """
        raise NotImplementedError

    def change(self, entity: Entity) -> None:
        """Changes an entity so that its content tells how often that was done, such as by counting."""
        raise NotImplementedError

    def content(self, entity: Entity) -> object:
        """What an entity has beside its key and its version, to be compared."""
        raise NotImplementedError

    def key(self, entity: Entity) -> Key:
        """The key of an entity."""
        raise NotImplementedError

    def in_order(self, keys: Sequence[Key]) -> list[Key]:
        """Keys in the order of the store; by default as Python compares them."""
        return sorted(cast("Sequence[Any]", keys))

    def content_after(self, number: int, changes: int) -> object:
        """The content of a new entity that was changed some times."""
        entity = self.new(number)
        for _ in range(changes):
            self.change(entity)
        return self.content(entity)

    async def added(self, units: Units[Entity, Key], *numbers: int) -> list[Entity]:
        """Adds entities, in a unit of work of their own."""
        entities = [self.new(number) for number in numbers]
        async with units() as repository:
            for entity in entities:
                await repository.add(entity)
        return entities

    async def got(self, units: Units[Entity, Key], key: Key) -> Entity:
        """Gets an entity that is there, in a unit of work of its own."""
        async with units(readonly=True) as repository:
            entity = await repository.get(key)
        assert entity is not None
        return entity

    async def changed(self, units: Units[Entity, Key], key: Key) -> None:
        """Changes an entity, as somebody else would."""
        async with units() as repository:
            entity = await repository.get(key)
            assert entity is not None
            self.change(entity)
            await repository.save(entity)

    async def removed(self, units: Units[Entity, Key], key: Key) -> None:
        """Removes an entity, as somebody else would."""
        async with units() as repository:
            entity = await repository.get(key)
            assert entity is not None
            await repository.remove(entity)

    async def keys(self, units: Units[Entity, Key]) -> list[Key]:
        """The keys of all that is there, as far as one page goes."""
        async with units(readonly=True) as repository:
            return [self.key(entity) for entity in (await repository.list()).items]

    async def conflict(self, units: Units[Entity, Key], *steps: Step[Entity, Key]) -> None:
        """Takes steps in a unit of work, which is then undone: the last of them, and no other, has to be a conflict."""
        *before, last = steps
        with suppress(Undone):
            async with units() as repository:
                for step in before:
                    await step(repository)
                with pytest.raises(Conflict):
                    await last(repository)
                raise Undone
