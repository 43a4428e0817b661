"""What can be done with notes: between the words that others use and those of the domain."""

from . import domain
from .db import NoteRepository
from .public import NewNote, Note, Notes, UnknownNote


class NoteService(Notes):
    """The notes, for everyone who may ask; each method is one transaction."""

    def __init__(self, repository: NoteRepository) -> None:
        self._repository = repository

    async def add(self, new: NewNote) -> Note:
        """Add one, which gets its id."""
        note = domain.Note(
            #: call each()
            text=new.text,
            #: endcall
        )
        await self._repository.add(note)
        return _to_public(note)

    async def get(self, note_id: int) -> Note:
        """One of them, by its id."""
        return _to_public(await self._known(note_id))

    async def page(self, after: int = 0, limit: int = 50) -> tuple[Note, ...]:
        """Up to `limit` of them whose ids follow `after`."""
        page = await self._repository.list(after=after, limit=limit)
        return tuple(_to_public(note) for note in page.items)

    async def change(self, note_id: int, new: NewNote) -> Note:
        """Change one, by its id."""
        note = await self._known(note_id)
        #: call each()
        note.text = new.text
        #: endcall
        await self._repository.save(note)
        return _to_public(note)

    async def remove(self, note_id: int) -> None:
        """Remove one, by its id."""
        await self._repository.remove(await self._known(note_id))

    async def _known(self, note_id: int) -> domain.Note:
        note = await self._repository.get(note_id)
        if note is None:
            raise UnknownNote(note_id=note_id)
        return note


def _to_public(note: domain.Note) -> Note:
    return Note(
        id=note.id,
        #: call each()
        text=note.text,
        #: endcall
    )
