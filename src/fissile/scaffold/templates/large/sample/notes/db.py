"""Where notes are kept.

What changes here needs a migration: fissile db revision notes.
"""

from fissile.data import SqlRepository
from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table
from sqlalchemy.orm import registry

from .domain import Note

metadata = MetaData()
table = Table(
    "notes",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    #: call each()
    Column("text", String(200), nullable=False),
    #: endcall
    sqlite_autoincrement=True,
)
registry(metadata=metadata).map_imperatively(Note, table)


class NoteRepository(SqlRepository[Note, int]):
    """The notes in the database."""

    longest = 1_000  # as `Limit` has it for those who call
