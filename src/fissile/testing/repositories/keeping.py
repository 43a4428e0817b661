"""What holds for every repository."""

from __future__ import annotations

import pytest

from ...data.repository import Entity, Key
from .adapter import Adapter, Units

SAVE_AND_REMOVE = pytest.mark.parametrize("operation", ["save", "remove"])


class KeepingConformance(Adapter[Entity, Key]):
    """What is kept, and what is a conflict."""

    async def test_what_was_added_is_there(self, units: Units[Entity, Key]) -> None:
        """At once in its unit of work, and afterwards in every other."""
        entity = self.new(1)
        async with units() as repository:
            await repository.add(entity)
            key = self.key(entity)
            found = await repository.get(key)
            assert found is not None
            assert (self.content_after(1, 0), True) == (self.content(found), await repository.exists(key))
        found = await self.got(units, key)
        assert (key, self.content_after(1, 0)) == (self.key(found), self.content(found))
        async with units(readonly=True) as repository:
            assert await repository.exists(key)

    async def test_an_entity_can_be_read_after_each_operation(self, units: Units[Entity, Key]) -> None:
        """All that it has, once it was added or saved: in its unit of work, and afterwards."""
        entity = self.new(1)
        async with units() as repository:
            await repository.add(entity)
            assert self.content_after(1, 0) == self.content(entity)
            self.change(entity)
            await repository.save(entity)
            assert self.content_after(1, 1) == self.content(entity)
        assert self.content_after(1, 1) == self.content(entity)
        found = await self.got(units, self.key(entity))
        async with units() as repository:
            self.change(found)
            await repository.save(found)
            assert self.content_after(1, 2) == self.content(found)
        assert self.content_after(1, 2) == self.content(found)

    async def test_a_key_that_is_there_already(self, units: Units[Entity, Key]) -> None:
        """It is a conflict, in the same unit of work and in a later one, and what was there stays as it is."""
        (there,) = await self.added(units, 1)
        key = self.key(there)
        await self.conflict(units, lambda repository: repository.add(self.new(2, key)))
        assert self.content_after(1, 0) == self.content(await self.got(units, key))
        await self.removed(units, key)
        twice = [self.new(number, key) for number in (3, 4)]
        await self.conflict(
            units, lambda repository: repository.add(twice[0]), lambda repository: repository.add(twice[1])
        )

    async def test_an_entity_that_is_there_already(self, units: Units[Entity, Key]) -> None:
        """To add it again is a conflict, in its unit of work and in a later one."""
        new = self.new(1)
        await self.conflict(units, lambda repository: repository.add(new), lambda repository: repository.add(new))
        (there,) = await self.added(units, 2)
        await self.conflict(units, lambda repository: repository.add(there))

    async def test_what_was_removed_is_not_there(self, units: Units[Entity, Key]) -> None:
        """At once in its unit of work, and afterwards in every other; what else is there stays."""
        kept, gone = [self.key(entity) for entity in await self.added(units, 1, 2)]
        async with units() as repository:
            entity = await repository.get(gone)
            assert entity is not None
            await repository.remove(entity)
            assert (None, False) == (await repository.get(gone), await repository.exists(gone))
            assert [kept] == [self.key(entity) for entity in (await repository.list()).items]
        async with units(readonly=True) as repository:
            assert (None, False) == (await repository.get(gone), await repository.exists(gone))
        assert [kept] == await self.keys(units)

    async def test_what_was_removed_can_be_added_again(self, units: Units[Entity, Key]) -> None:
        """With its key, in the same unit of work and in a later one, and it is then changed and removed as ever."""
        (entity,) = await self.added(units, 1)
        key = self.key(entity)
        async with units() as repository:
            await repository.remove(entity)
            await repository.add(entity)
        async with units() as repository:
            await repository.remove(entity)
        async with units() as repository:
            await repository.add(entity)
            self.change(entity)
            await repository.save(entity)
        assert self.content_after(1, 1) == self.content(await self.got(units, key))
        await self.removed(units, key)
        assert [] == await self.keys(units)

    async def test_what_was_saved_is_kept(self, units: Units[Entity, Key]) -> None:
        """As often as one likes, since an entity that was saved is up to date; others stay as they are."""
        one, other = [self.key(entity) for entity in await self.added(units, 1, 2)]
        for expected in (2, 4):
            async with units() as repository:
                entity = await repository.get(one)
                assert entity is not None
                for _ in range(2):
                    self.change(entity)
                    await repository.save(entity)
            assert self.content_after(1, expected) == self.content(await self.got(units, one))
        assert self.content_after(2, 0) == self.content(await self.got(units, other))

    async def test_an_entity_outlives_its_unit_of_work(self, units: Units[Entity, Key]) -> None:
        """It is saved again and again, and removed, in later ones, beside another object for the same."""
        key = self.key((await self.added(units, 1))[0])
        entity = await self.got(units, key)
        for _ in range(2):
            self.change(entity)
            async with units() as repository:
                other = await repository.get(key)
                await repository.save(entity)
            assert other is not None
        assert self.content_after(1, 2) == self.content(await self.got(units, key))
        async with units() as repository:
            await repository.remove(entity)
        assert [] == await self.keys(units)

    async def test_nothing_is_shared(self, units: Units[Entity, Key]) -> None:
        """What is done to an entity that was added, got or listed, and not saved, nobody else sees."""
        (added,) = await self.added(units, 1)
        key = self.key(added)
        got = await self.got(units, key)
        async with units(readonly=True) as repository:
            (listed,) = (await repository.list()).items
        for entity in (added, got, listed):
            self.change(entity)
            assert self.content_after(1, 0) == self.content(await self.got(units, key))

    @SAVE_AND_REMOVE
    async def test_what_somebody_else_has_removed(self, units: Units[Entity, Key], operation: str) -> None:
        """To save or to remove it is a conflict, and it stays removed."""
        (entity,) = await self.added(units, 1)
        await self.removed(units, self.key(entity))
        self.change(entity)
        await self.conflict(units, lambda repository: getattr(repository, operation)(entity))
        assert [] == await self.keys(units)

    @SAVE_AND_REMOVE
    async def test_what_was_just_removed(self, units: Units[Entity, Key], operation: str) -> None:
        """To save or to remove it in the same unit of work is a conflict, too."""
        (entity,) = await self.added(units, 1)
        await self.conflict(
            units,
            lambda repository: repository.remove(entity),
            lambda repository: getattr(repository, operation)(entity),
        )

    @SAVE_AND_REMOVE
    async def test_what_was_never_added(self, units: Units[Entity, Key], operation: str) -> None:
        """To save or to remove it is a conflict: nothing is added on the way."""
        await self.conflict(units, lambda repository: getattr(repository, operation)(self.new(1)))
        assert [] == await self.keys(units)


class PagingConformance(Adapter[Entity, Key]):
    """How what is there is cut into pages."""

    async def pages(self, units: Units[Entity, Key], limit: int, after: Key | None = None) -> list[list[Key]]:
        """The keys of page after page."""
        pages: list[list[Key]] = []
        while not pages or after is not None:
            async with units(readonly=True) as repository:
                page = await repository.list(after=after, limit=limit)
            pages.append([self.key(entity) for entity in page.items])
            assert page.next is None or page.next != after, "a page begins after the key that it is given"
            after = page.next
        return pages

    async def test_nothing_there(self, units: Units[Entity, Key]) -> None:
        """It is one empty page."""
        assert [[]] == await self.pages(units, 2)

    @pytest.mark.parametrize("limit", [1, 2, 3, 4, 5])
    async def test_pages_follow_each_other(self, units: Units[Entity, Key], limit: int) -> None:
        """In the order of keys, each entity once; only where there is more, there is a next page."""
        keys = self.in_order([self.key(entity) for entity in await self.added(units, 3, 1, 4, 2)])
        assert [keys[start : start + limit] for start in range(0, 4, limit)] == await self.pages(units, limit)

    async def test_a_page_has_the_entities(self, units: Units[Entity, Key]) -> None:
        """With all their content, so that they can be changed and saved."""
        await self.added(units, 1, 2)
        async with units() as repository:
            first, second = (await repository.list()).items
            self.change(second)
            await repository.save(second)
        async with units(readonly=True) as repository:
            contents = [self.content(entity) for entity in (await repository.list()).items]
        assert [self.content_after(1, 0), self.content_after(2, 1)] == contents
        assert [self.key(first), self.key(second)] == await self.keys(units)

    async def test_after_any_key(self, units: Units[Entity, Key]) -> None:
        """The key need not be there any more; after the last one there is an empty page."""
        keys = [self.key(entity) for entity in await self.added(units, 1, 2, 3)]
        await self.removed(units, keys[1])
        assert [[[keys[2]]], [[keys[2]]], [[]]] == [await self.pages(units, 2, key) for key in keys]

    async def test_entities_come_and_go_meanwhile(self, units: Units[Entity, Key]) -> None:
        """What was there all the time is met exactly once, and nothing twice."""
        keys = [self.key(entity) for entity in await self.added(units, 2, 4, 6, 8, 10, 12)]
        met: list[Key] = []
        after = None
        for comes, goes in ((1, 3), (9, 1)):  # a number before the cursor and one behind it; a key in either place
            async with units(readonly=True) as repository:
                page = await repository.list(after=after, limit=2)
            met += [self.key(entity) for entity in page.items]
            after = page.next
            assert after is not None
            await self.added(units, comes)
            await self.removed(units, keys[goes])
        met += [key for page in await self.pages(units, 2, after) for key in page]
        stayed = [keys[0], keys[2], keys[4], keys[5]]
        assert stayed == [key for key in met if key in stayed]
        assert self.in_order(list(dict.fromkeys(met))) == met

    async def test_a_page_has_fifty_unless_told_otherwise(self, units: Units[Entity, Key]) -> None:
        """However many there are."""
        await self.added(units, *range(51))
        async with units(readonly=True) as repository:
            page = await repository.list()
        assert (50, self.key(page.items[-1])) == (len(page.items), page.next)

    async def test_no_page_is_unbounded(self, units: Units[Entity, Key]) -> None:
        """A limit under 1 or over the longest page is refused, and those are not."""
        await self.added(units, 1)
        for limit in (1, self.longest):
            assert 1 == sum(map(len, await self.pages(units, limit)))
        for limit in (-1, 0, self.longest + 1):
            with pytest.raises(ValueError, match=str(limit)):
                await self.pages(units, limit)


class RepositoryConformance(KeepingConformance[Entity, Key], PagingConformance[Entity, Key]):
    """What holds for every repository."""
