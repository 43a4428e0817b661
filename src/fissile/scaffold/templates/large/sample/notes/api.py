"""The notes over HTTP."""

from fastapi import APIRouter
from fissile import Provided

from sample.paging import Cursor, Limit, Page, page_of

from .public import NewNote, Note, NoteId, Notes

router = APIRouter(tags=["notes"])


@router.post("", status_code=201)
async def add_note(new: NewNote, notebook: Provided[Notes]) -> Note:
    """Add to the notes."""
    return await notebook.add(new)


@router.get("")
async def list_notes(notebook: Provided[Notes], cursor: Cursor, limit: Limit = 50) -> Page[Note]:
    """All notes, page by page."""
    return page_of(await notebook.page(after=cursor, limit=limit + 1), limit)


@router.get("/{note_id}")
async def get_note(note_id: NoteId, notebook: Provided[Notes]) -> Note:
    """One of the notes."""
    return await notebook.get(note_id)


@router.put("/{note_id}")
async def change_note(note_id: NoteId, new: NewNote, notebook: Provided[Notes]) -> Note:
    """Change one of the notes."""
    return await notebook.change(note_id, new)


@router.delete("/{note_id}", status_code=204)
async def remove_note(note_id: NoteId, notebook: Provided[Notes]) -> None:
    """Remove one of the notes."""
    await notebook.remove(note_id)
