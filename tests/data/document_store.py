"""A repository that is not SQLAlchemy's: JSON documents under keys of text, changed by compare-and-set on a version."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from fissile.data.repository import LONGEST, PAGE, Conflict, Page, check_limit, page_of


@dataclass
class Note:
    """Something that was written down.

    Attributes:
        name: Its key.
        lines: What it says.
        version: How often it was kept; 0 before it is.
    """

    name: str
    lines: list[str] = field(default_factory=list)
    version: int = 0


class Documents:
    """A store of documents, each under a key: it can create, read, replace and delete one, and has no transactions.

    Args:
        file: Where they are.
    """

    def __init__(self, file: Path) -> None:
        self._connection = sqlite3.connect(file, isolation_level=None)
        self._connection.execute("CREATE TABLE IF NOT EXISTS documents (key PRIMARY KEY, version, body)")

    def read(self, condition: str, *values: object) -> Iterator[Note]:
        """Finds documents, in the order of their keys."""
        query = f"SELECT key, version, body FROM documents WHERE {condition}"
        for key, version, body in self._connection.execute(query, values):
            yield Note(key, json.loads(body)["lines"], version)

    def write(self, statement: str, *values: object) -> bool:
        """Writes one document; whether its condition held."""
        return self._connection.execute(statement, values).rowcount == 1

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()


class NoteRepository:
    """Keeps notes as documents.

    Args:
        documents: The store.
    """

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    async def add(self, note: Note) -> None:
        """See `Repository.add`."""
        with _conflicts(note):
            self._documents.write("INSERT INTO documents VALUES (?, 1, ?)", note.name, _body(note))
        note.version = 1

    async def get(self, key: str) -> Note | None:
        """See `Repository.get`."""
        return next(self._documents.read("key = ?", key), None)

    async def exists(self, key: str) -> bool:
        """See `Repository.exists`."""
        return await self.get(key) is not None

    async def save(self, note: Note) -> None:
        """See `Repository.save`."""
        statement = "UPDATE documents SET version = version + 1, body = ? WHERE key = ? AND version = ?"
        if not self._documents.write(statement, _body(note), note.name, note.version):
            raise Conflict(f"the note {note.name} was changed or removed by somebody else")
        note.version += 1

    async def remove(self, note: Note) -> None:
        """See `Repository.remove`."""
        if not self._documents.write("DELETE FROM documents WHERE key = ? AND version = ?", note.name, note.version):
            raise Conflict(f"the note {note.name} was changed or removed by somebody else")

    async def list(self, *, after: str | None = None, limit: int = PAGE) -> Page[Note, str]:
        """See `Repository.list`."""
        check_limit(limit, LONGEST)
        condition = "key > ifnull(?, '') ORDER BY key LIMIT ?"
        return page_of(tuple(self._documents.read(condition, after, limit + 1)), limit, lambda note: note.name)


def _body(note: Note) -> str:
    return json.dumps({"lines": note.lines})


@contextmanager
def _conflicts(note: Note) -> Iterator[None]:
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise Conflict(f"the note {note.name} is there already") from error
