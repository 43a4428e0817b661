"""What holds while others use the same store: what versions notice, and what transactions hide."""

from __future__ import annotations

import asyncio

from ...data.repository import Conflict, Entity, Key, Repository
from .adapter import Adapter, Undone, Units
from .keeping import SAVE_AND_REMOVE


class VersionedConformance(Adapter[Entity, Key]):
    """What holds where entities have a version."""

    @SAVE_AND_REMOVE
    async def test_what_somebody_else_has_changed(self, units: Units[Entity, Key], operation: str) -> None:
        """To save or to remove it is a conflict, and the other's change stays."""
        (entity,) = await self.added(units, 1)
        key = self.key(entity)
        await self.changed(units, key)
        self.change(entity)
        self.change(entity)
        await self.conflict(units, lambda repository: getattr(repository, operation)(entity))
        assert self.content_after(1, 1) == self.content(await self.got(units, key))

    @SAVE_AND_REMOVE
    async def test_what_is_out_of_date_beside_what_is_not(self, units: Units[Entity, Key], operation: str) -> None:
        """It is a conflict also where the same unit of work has got the entity as it is now."""
        (entity,) = await self.added(units, 1)
        key = self.key(entity)
        await self.changed(units, key)
        self.change(entity)
        self.change(entity)
        current: list[object] = []  # whoever has it goes on having it

        async def get(repository: Repository[Entity, Key]) -> None:
            current.append(await repository.get(key))

        await self.conflict(units, get, lambda repository: getattr(repository, operation)(entity))
        assert self.content_after(1, 1) == self.content(await self.got(units, key))

    async def test_no_change_is_lost(self, units: Units[Entity, Key]) -> None:
        """Of many who change an entity at the same time, each has a change kept, or a conflict."""
        (entity,) = await self.added(units, 1)
        key = self.key(entity)
        kept = await asyncio.gather(*[self._kept(units, key) for _ in range(4)])
        assert any(kept)
        assert self.content_after(1, sum(kept)) == self.content(await self.got(units, key))

    async def _kept(self, units: Units[Entity, Key], key: Key) -> int:
        """How many of some changes were kept."""
        kept = 0
        for _ in range(5):
            try:
                await self.changed(units, key)
            except Conflict:
                continue
            kept += 1
        return kept


class UnversionedConformance(Adapter[Entity, Key]):
    """What holds where entities have no version."""

    async def test_the_last_change_wins(self, units: Units[Entity, Key]) -> None:
        """What somebody else has changed meanwhile is overwritten."""
        (entity,) = await self.added(units, 1)
        await self.changed(units, self.key(entity))
        self.change(entity)
        self.change(entity)
        async with units() as repository:
            await repository.save(entity)
        assert self.content_after(1, 2) == self.content(await self.got(units, self.key(entity)))


class TransactionalConformance(Adapter[Entity, Key]):
    """What holds where units of work are transactions."""

    async def test_nothing_is_seen_before_the_end(self, units: Units[Entity, Key]) -> None:
        """Whoever reads meanwhile finds everything as it was."""
        changed, removed = await self.added(units, 1, 2)
        added, keys = self.new(3), [self.key(changed), self.key(removed)]
        async with units() as repository:
            await repository.add(added)
            self.change(changed)
            await repository.save(changed)
            await repository.remove(removed)
            assert keys == await self.keys(units)
            assert self.content_after(1, 0) == self.content(await self.got(units, keys[0]))
        assert [keys[0], self.key(added)] == await self.keys(units)
        assert self.content_after(1, 1) == self.content(await self.got(units, keys[0]))

    async def test_an_error_undoes_everything(self, units: Units[Entity, Key]) -> None:
        """What the unit of work has added, changed and removed."""
        changed, removed = await self.added(units, 1, 2)
        keys = [self.key(changed), self.key(removed)]
        try:
            async with units() as repository:
                await repository.add(self.new(3))
                self.change(changed)
                await repository.save(changed)
                await repository.remove(removed)
                raise Undone
        except Undone:
            assert keys == await self.keys(units)
        assert self.content_after(1, 0) == self.content(await self.got(units, keys[0]))

    async def test_a_conflict_undoes_everything(self, units: Units[Entity, Key]) -> None:
        """What the unit of work did before it as well."""
        (there,) = await self.added(units, 1)
        key = self.key(there)
        await self.conflict(
            units, lambda repository: repository.add(self.new(2)), lambda repository: repository.add(self.new(3, key))
        )
        assert [key] == await self.keys(units)
