"""All that other components may use of notes."""

from typing import Annotated, Protocol

from fissile import ComponentError, Interface, Value, idempotent, raises, readonly
from pydantic import Field, StringConstraints

NoteId = Annotated[int, Field(ge=1, lt=2**63)]
Limit = Annotated[int, Field(ge=1, le=1_000)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00]*$")]


class NewNote(Value):
    """What a new one consists of."""

    #: call each()
    text: Text
    #: endcall


class Note(Value):
    """One of the notes."""

    id: NoteId
    #: call each()
    text: Text
    #: endcall


class UnknownNote(ComponentError):
    """There is none with this id."""

    status = 404
    note_id: NoteId


class Notes(Interface, Protocol):
    """What may be asked of notes."""

    async def add(self, new: NewNote) -> Note:
        """Add one, which gets its id."""
        ...

    @readonly
    @raises(UnknownNote)
    async def get(self, note_id: NoteId) -> Note:
        """One of them, by its id."""
        ...

    @readonly
    async def page(self, after: int = 0, limit: Limit = 50) -> tuple[Note, ...]:
        """Up to `limit` of them whose ids follow `after`, in the order of their ids."""
        ...

    @idempotent
    @raises(UnknownNote)
    async def change(self, note_id: NoteId, new: NewNote) -> Note:
        """Change one, by its id."""
        ...

    @raises(UnknownNote)
    async def remove(self, note_id: NoteId) -> None:
        """Remove one, by its id."""
        ...
