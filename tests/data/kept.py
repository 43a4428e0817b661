"""Entities of every kind, and the repositories that keep them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar
from uuid import UUID, uuid4

from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table, Uuid, func
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry, relationship

from fissile.data import Store, begin
from fissile.data.sql_repository import SqlRepository
from fissile.testing.repositories import Units

metadata = MetaData()
mapping = registry(metadata=metadata)
Entity = TypeVar("Entity")
Key = TypeVar("Key")


class Base(DeclarativeBase):
    """Tables and classes in one."""

    metadata = metadata


class Crate(Base):
    """Mapped declaratively, with a key that the database gives and a version."""

    __tablename__ = "crates"
    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str | None] = mapped_column(unique=True)
    count: Mapped[int]
    version: Mapped[int] = mapped_column()
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  # as SQLAlchemy has it


tagged = Table("tagged", metadata, Column("chest", ForeignKey("chests.id")), Column("tag", ForeignKey("tags.id")))


class Chest(Base):
    """An entity of which the database makes a part at each change, and with relationships of every kind."""

    __tablename__ = "chests"
    id: Mapped[int] = mapped_column(primary_key=True)
    count: Mapped[int]
    made: Mapped[datetime] = mapped_column(server_default=func.current_timestamp())
    changed: Mapped[str | None] = mapped_column(onupdate=func.lower("CHANGED"))
    noted: Mapped[str | None] = mapped_column(onupdate=lambda: "noted")
    within_id: Mapped[int | None] = mapped_column(ForeignKey("chests.id"))
    within: Mapped[Chest | None] = relationship(
        lazy="selectin", remote_side="Chest.id", join_depth=1, back_populates="holds"
    )
    holds: Mapped[list[Chest]] = relationship(lazy="select", back_populates="within")
    tags: Mapped[set[Tag]] = relationship(lazy="selectin", secondary=tagged)
    lid: Mapped[Lid | None] = relationship(lazy="joined", back_populates="chest")


class Tag(Base):
    """A tag, of many chests."""

    __tablename__ = "tags"
    id: Mapped[int] = mapped_column(primary_key=True)


class Lid(Base):
    """A lid, of one chest; the database changes it as well."""

    __tablename__ = "lids"
    id: Mapped[int] = mapped_column(primary_key=True)
    chest_id: Mapped[int] = mapped_column(ForeignKey("chests.id"))
    chest: Mapped[Chest] = relationship(lazy="select", back_populates="lid")
    count: Mapped[int] = mapped_column(default=0)
    changed: Mapped[str | None] = mapped_column(onupdate=func.lower("CHANGED"))


@dataclass
class Parcel:
    """Pure Python, mapped imperatively, with a key of its own and no version."""

    count: int
    id: UUID = field(default_factory=uuid4)


parcels = Table("parcels", metadata, Column("id", Uuid, primary_key=True), Column("count", Integer, nullable=False))
mapping.map_imperatively(Parcel, parcels)


@dataclass(eq=False)
class Slot:
    """With a key of two columns, whose names are not those of the attributes."""

    aisle: str
    number: int
    count: int = 0


slots = Table(
    "slots",
    metadata,
    Column("aisle_name", String(20), primary_key=True),
    Column("slot_number", Integer, primary_key=True, autoincrement=False),
    Column("count", Integer, nullable=False),
    Column("version", Integer, nullable=False),
)
mapping.map_imperatively(
    Slot,
    slots,
    properties={"aisle": slots.c.aisle_name, "number": slots.c.slot_number},
    version_id_col=slots.c.version,
)


class Crates(SqlRepository[Crate, int]):
    """The crates."""


class Chests(SqlRepository[Chest, int]):
    """The chests."""


class Lids(SqlRepository[Lid, int]):
    """The lids."""


class Parcels(SqlRepository[Parcel, UUID]):
    """The parcels; a page may be longer."""

    longest = 300


class Slots(SqlRepository[Slot, tuple[str, int]]):
    """The slots."""


def units_of(store: Store, repository: type[SqlRepository[Entity, Key]]) -> Units[Entity, Key]:
    """Units of work as calls have them."""

    @asynccontextmanager
    async def unit(*, readonly: bool = False) -> AsyncIterator[SqlRepository[Entity, Key]]:
        work = await begin(store, False, readonly)
        try:
            yield repository(work.session())
        except BaseException:
            await work.rollback()
            raise
        await work.commit()

    return unit
