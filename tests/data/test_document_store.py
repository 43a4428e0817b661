"""A store without SQLAlchemy and without transactions is a repository all the same."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from fissile.testing.repositories import RepositoryConformance, Units, VersionedConformance

from .document_store import Documents, Note, NoteRepository


class TestDocuments(RepositoryConformance[Note, str], VersionedConformance[Note, str]):
    """Notes, kept as documents."""

    @pytest.fixture
    def units(self, tmp_path: Path) -> Iterator[Units[Note, str]]:
        """They have no transactions: each operation is one."""
        documents = Documents(tmp_path / "documents")

        @asynccontextmanager
        async def unit(*, readonly: bool = False) -> AsyncIterator[NoteRepository]:
            yield NoteRepository(documents)

        yield unit
        documents.close()

    def new(self, number: int, key: str | None = None) -> Note:
        """Its key is the number, if it has no other."""
        return Note(key or f"{number:03}", [f"line {number}"])

    def change(self, entity: Note) -> None:
        """One more line."""
        entity.lines.append("changed")

    def content(self, entity: Note) -> object:
        """What it says."""
        return tuple(entity.lines)

    def key(self, entity: Note) -> str:
        """Its name."""
        return entity.name
