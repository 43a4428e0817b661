"""What a repository on SQLAlchemy has beyond the port: its mapping, its session, its queries and its statements."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

import pytest
from sqlalchemy import ForeignKey, event, select, update
from sqlalchemy.exc import IntegrityError, InvalidRequestError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from fissile import ConfigurationError
from fissile.data import Store, begin
from fissile.data.repository import Conflict, Page
from fissile.data.sql_repository import SqlRepository
from fissile.testing.repositories import Step

from .conftest import StoreOf
from .kept import Chest, Chests, Crate, Crates, Lid, Lids, Parcel, Parcels, metadata, units_of

Entity = TypeVar("Entity")
Key = TypeVar("Key")


class Base(DeclarativeBase):
    """The tables of this test."""

    metadata = metadata


class Word(Base):
    """With a key of text, and what belongs to it in a table of its own."""

    __tablename__ = "words"
    text: Mapped[str] = mapped_column(primary_key=True)
    meanings: Mapped[list[Meaning]] = relationship(lazy="joined", cascade="all, delete-orphan", order_by="Meaning.id")


class Meaning(Base):
    """Belongs to a word."""

    __tablename__ = "meanings"
    id: Mapped[int] = mapped_column(primary_key=True)
    word: Mapped[str] = mapped_column(ForeignKey("words.text"))
    said: Mapped[str]


class Animal(Base):
    """Several kinds in one table."""

    __tablename__ = "animals"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    __mapper_args__ = {"polymorphic_on": "kind"}  # noqa: RUF012  # as SQLAlchemy has it


class Cat(Animal):
    """One kind."""

    __mapper_args__ = {"polymorphic_identity": "cat"}  # noqa: RUF012  # as SQLAlchemy has it


class Dog(Animal):
    """Another one."""

    __mapper_args__ = {"polymorphic_identity": "dog"}  # noqa: RUF012  # as SQLAlchemy has it


class Words(SqlRepository[Word, str]):
    """The words."""


class Cats(SqlRepository[Cat, int]):
    """The cats."""


class LabelledCrates(Crates):
    """With a query of its own."""

    async def labelled(self, *, after: int | None = None, limit: int = 50) -> Page[Crate, int]:
        """Those that have a label; the order that it asks for is not that of a page."""
        query = select(Crate).where(Crate.label.is_not(None)).order_by(Crate.count.desc()).limit(1)
        return await self.page(query, after=after, limit=limit)


@pytest.fixture
async def store(store_of: StoreOf) -> AsyncIterator[Store]:
    """An open database, in which nothing is."""
    store = store_of(metadata)
    await store.open_once()
    yield store
    await store.close()


@contextmanager
def statements(store: Store, *, readonly: bool) -> Iterator[list[str]]:
    """What is sent to the database meanwhile, transactions aside."""
    engine, sent = store.engine(readonly=readonly).sync_engine, list[str]()

    def note(connection: object, cursor: object, statement: str, *_: object) -> None:
        sent.append(statement.split()[0])

    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


async def test_what_a_flush_makes_can_be_read(store: Store) -> None:
    """Nothing that was there before ends in an error afterwards; only what the database has made costs a statement."""
    units = units_of(store, Chests)
    async with units() as repository:
        outer = Chest(count=1)
        await repository.add(outer)
        with statements(store, readonly=False) as sent:
            await repository.add(Chest(count=0))
            inner = Chest(count=2, within_id=outer.id)
            await repository.add(inner)
        assert (["INSERT", "INSERT", "SELECT"], outer, [], set(), None) == (
            sent,
            inner.within,
            inner.holds,
            inner.tags,
            inner.lid,
        )
        with statements(store, readonly=False) as sent:
            inner.count += 1
            await repository.save(inner)
            await repository.save(inner)
        assert (["UPDATE", "SELECT"], "changed", "noted") == (sent, inner.changed, inner.noted)
        inner.lid = Lid()
        await repository.save(inner)
        inner.lid.count += 1
        await repository.save(inner)
        assert ("changed", outer, []) == (inner.lid.changed, inner.within, inner.holds)
    async with units() as repository:
        new = Chest(count=3, within_id=outer.id)
        await repository.add(new)
        assert (outer.id, 1) == (new.within.id if new.within else None, new.within.count if new.within else None)
        found = await repository.get(outer.id)
        assert found is not None
        await repository.list()  # writes what has been changed before it reads
        found.count += 1
        await repository.list()
        await repository.save(found)
        assert "changed" == found.changed


async def test_a_reference_by_its_key(store: Store) -> None:
    """An entity that was added with the key of another one can be asked for that one."""
    async with units_of(store, Chests)() as repository:
        chest = Chest(count=5)
        await repository.add(chest)
    async with units_of(store, Lids)() as repository:
        lid = Lid(chest_id=chest.id)
        await repository.add(lid)
        assert 5 == lid.chest.count


async def test_what_is_not_loaded(store: Store) -> None:
    """To read it is an error that names what would be loaded, and what to do."""
    units = units_of(store, Chests)
    async with units() as repository:
        await repository.add(Chest(id=7, count=1))
    async with units() as repository:
        found = await repository.get(7)
        assert found is not None
        with pytest.raises(InvalidRequestError, match=r"is not loaded \(Chest\), .* lazy=.selectin."):
            assert found.holds
        assert isinstance(repository, Chests)
        await repository.session.refresh(found, ["holds"])
        assert [] == found.holds


async def test_each_operation_is_one_statement(store: Store) -> None:
    """A page as well, which counts nothing; removing without a version looks first."""
    units = units_of(store, Crates)
    with statements(store, readonly=False) as sent:
        async with units() as repository:
            crate = Crate(count=1)
            await repository.add(crate)
            crate.count += 1
            await repository.save(crate)
            await repository.exists(crate.id)
            await repository.list(limit=1)
            await repository.remove(crate)
        async with units_of(store, Parcels)() as parcels:
            parcel = Parcel(1)
            await parcels.add(parcel)
            await parcels.remove(parcel)
    assert ["INSERT", "UPDATE", "SELECT", "SELECT", "DELETE", "INSERT", "SELECT", "DELETE"] == sent


async def test_a_query_of_ones_own_is_cut_into_pages(store: Store) -> None:
    """In the order of keys and within the limit of the page, whatever the query says."""
    async with units_of(store, LabelledCrates)() as repository:
        for number in range(7):
            await repository.add(Crate(count=number, label=str(number) if number % 2 else None))
    work = await begin(store, False, True)
    crates = LabelledCrates(work.session())
    first = await crates.labelled(limit=2)
    second = await crates.labelled(limit=2, after=first.next)
    assert (["1", "3"], ["5"], None) == (
        [one.label for one in first.items],
        [one.label for one in second.items],
        second.next,
    )
    with pytest.raises(ValueError, match="201"):
        await crates.labelled(limit=201)
    await work.rollback()


async def test_what_belongs_to_an_entity_comes_and_goes_with_it(store: Store) -> None:
    """Joined rows do not shorten a page."""
    units = units_of(store, Words)
    async with units() as words:
        for text in ("bolt", "nut"):
            await words.add(Word(text=text, meanings=[Meaning(said=f"{text} {number}") for number in range(3)]))
    async with units() as words:
        found = await words.list(limit=2)
        assert [["bolt 0", "bolt 1", "bolt 2"], ["nut 0", "nut 1", "nut 2"]] == [
            [meaning.said for meaning in word.meanings] for word in found.items
        ]
        await words.remove(found.items[0])
    work = await begin(store, False, True)
    assert ["nut 0", "nut 1", "nut 2"] == list(await work.session().scalars(select(Meaning.said).order_by(Meaning.id)))
    await work.rollback()


async def test_text_is_in_the_order_of_the_store(store: Store) -> None:
    """Which one that is, it says itself; pages follow it, each word once."""
    texts = ["a", "B", "ab", "é", "Z", "z", "", "a b", "ß", "10", "9", "_", "😀"]
    async with units_of(store, Words)() as words:
        for text in texts:
            await words.add(Word(text=text))
    met: list[str] = []
    after = None
    async with units_of(store, Words)(readonly=True) as words:
        for _ in range(7):
            page = await words.list(limit=2, after=after)
            met += [word.text for word in page.items]
            after = page.next
    work = await begin(store, False, True)
    assert list(await work.session().scalars(select(Word.text).order_by(Word.text))) == met
    assert (sorted(texts), None) == (sorted(met), after)
    await work.rollback()


async def test_the_other_classes_of_a_table_are_not_there(store: Store) -> None:
    """A repository of cats knows no dogs."""
    async with units_of(store, Cats)() as cats:
        session = cats.session  # type: ignore[attr-defined]  # which the port does not have
        dog, cat = Dog(), Cat()
        session.add(dog)
        await cats.add(cat)
    async with units_of(store, Cats)(readonly=True) as cats:
        assert [(None, False), True] == [(await cats.get(dog.id), await cats.exists(dog.id)), await cats.exists(cat.id)]
        assert [cat.id] == [one.id for one in (await cats.list()).items]


async def test_two_units_of_work_that_save_at_the_same_time(store: Store) -> None:
    """Of two that have got the same entity, the second to save it has a conflict; SQLite lets in one at a time."""
    units = units_of(store, Crates)
    async with units() as crates:
        await crates.add(Crate(count=0))
    both = asyncio.Barrier(1 if store.address.is_sqlite else 2)

    async def save() -> None:
        async with units() as crates:
            (crate,) = (await crates.list()).items
            await both.wait()
            crate.count += 1
            await crates.save(crate)

    endings = await asyncio.gather(save(), save(), return_exceptions=True)
    assert (both.parties == 2) == any(isinstance(ending, Conflict) for ending in endings)
    async with units(readonly=True) as crates:
        assert [endings.count(None)] == [crate.count for crate in (await crates.list()).items]


async def test_two_units_of_work_that_remove_at_the_same_time(store: Store) -> None:
    """Of two that have got the same entity, the second has a conflict, though there is no version."""
    units = units_of(store, Parcels)
    parcel = Parcel(1)
    async with units() as parcels:
        await parcels.add(parcel)
    both = asyncio.Barrier(1 if store.address.is_sqlite else 2)

    async def remove() -> str:
        async with units() as parcels:
            found = await parcels.get(parcel.id)
            await both.wait()
            if found is None:
                return "not there"
            try:
                await parcels.remove(found)
            except Conflict:
                return "conflict"
        return "removed"

    other = "not there" if store.address.is_sqlite else "conflict"
    assert sorted([other, "removed"]) == sorted(await asyncio.gather(remove(), remove()))


async def test_what_has_to_be_unique(store: Store) -> None:
    """It is a conflict like the key, when it is added and when it is saved."""
    units = units_of(store, Crates)
    async with units() as crates:
        await crates.add(Crate(label="same", count=1))
        await crates.add(other := Crate(label="other", count=1))
    with pytest.raises(Conflict, match=r"a new Crate .*unique"):
        async with units() as crates:
            await crates.add(Crate(label="same", count=1))
    other.label = "same"
    with pytest.raises(Conflict, match=f"Crate {other.id} .*unique"):
        async with units() as crates:
            await crates.save(other)


async def test_what_is_not_a_conflict_stays_what_it_is(store: Store) -> None:
    """A column that lacks its value is a mistake in the code."""
    with pytest.raises(IntegrityError):
        async with units_of(store, Crates)() as crates:
            await crates.add(Crate(label="no count"))


@pytest.mark.parametrize(
    "step", [lambda crates: crates.get(2), lambda crates: crates.exists(1), lambda crates: crates.list()]
)
async def test_a_conflict_that_a_query_finds(store: Store, step: Step[Crate, int]) -> None:
    """SQLAlchemy writes what was changed before it looks: it is our conflict then, too."""
    async with units_of(store, Crates)() as crates:
        await crates.add(Crate(count=1))
    work = await begin(store, False, False)
    (crate,) = (await Crates(work.session()).list()).items
    await work.session().execute(update(Crate.__table__).values(version=7))  # type: ignore[arg-type]  # it is a table
    crate.count += 1
    with pytest.raises(Conflict):
        await step(Crates(work.session()))
    await work.rollback()


async def test_nothing_is_committed_after_a_conflict(store: Store) -> None:
    """Even where the code goes on as if there had been none."""
    units = units_of(store, Crates)
    async with units() as crates:
        await crates.add(Crate(label="there", count=1))
    work = await begin(store, False, False)
    crates = Crates(work.session())
    await crates.add(Crate(label="before", count=1))
    with pytest.raises(Conflict):
        await crates.add(Crate(label="there", count=2))
    with pytest.raises(Exception, match="rolled back"):
        await work.commit()
    async with units(readonly=True) as repository:
        assert ["there"] == [crate.label for crate in (await repository.list()).items]


async def test_a_savepoint_survives_a_conflict(store: Store) -> None:
    """What came before it stays, and what comes after it works."""
    units = units_of(store, Crates)
    work = await begin(store, False, False)
    crates = Crates(work.session())
    for label in ("before", "before", "after"):
        try:
            async with crates.session.begin_nested():
                await crates.add(Crate(label=label, count=1))
        except Conflict:
            continue
    await work.commit()
    async with units(readonly=True) as repository:
        assert ["before", "after"] == [crate.label for crate in (await repository.list()).items]


def test_a_repository_says_what_it_keeps() -> None:
    """Without type arguments it is refused where it is written."""
    with pytest.raises(ConfigurationError, match="Nothing does not say what it keeps"):

        class Nothing(SqlRepository):  # type: ignore[type-arg]  # the lack of them is the test
            """Keeps nothing."""


async def test_what_is_not_mapped_is_not_kept(store: Store) -> None:
    """It is refused at the first use, since the mapping may be written below the repository."""

    class Plain:
        """Is not mapped."""

    class Plains(SqlRepository[Plain, int]):
        """Would keep it."""

    work = await begin(store, False, False)
    with pytest.raises(ConfigurationError, match=r"(?s)Plain is kept by a SqlRepository.*map_imperatively"):
        Plains(work.session())
    with pytest.raises(ConfigurationError, match="does not say what it keeps"):
        SqlRepository[Crate, int](work.session())


async def test_a_generic_repository_between(store: Store) -> None:
    """The entity is found by its type variable, wherever that stands."""

    class Between(SqlRepository[Entity, Key], Generic[Key, Entity]):
        """Turns the arguments round."""

    class Numbered(Between[int, Entity]):
        """Fixes one of them."""

    class Last(Numbered[Crate]):
        """Fixes the other."""

    class Heir(Last):
        """Fixes nothing more."""

    class Both(Between[int, Crate]):
        """Fixes both."""

    for repository in (Heir, Both):
        async with units_of(store, repository)() as crates:
            await crates.add(crate := Crate(count=1))
            assert crate is await crates.get(crate.id)
