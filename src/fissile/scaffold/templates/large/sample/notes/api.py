"""The notes over HTTP."""

from fastapi import APIRouter
from fissile import Provided

from sample.paging import Cursor, Limit, Page, page_of

from .public import NewNote, Note, NoteId, Notes

router = APIRouter(tags=["notes"])


@router.post("", status_code=201)
async def add_note(new: NewNote, notebook: Provided[Notes]) -> Note:
    """Keep a new one."""
    return await notebook.add(new)


@router.get("")
async def list_notes(notebook: Provided[Notes], cursor: Cursor, limit: Limit = 50) -> Page[Note]:
    """All of them, page by page."""
    return page_of(await notebook.page(after=cursor, limit=limit + 1), limit)


@router.get("/{note_id}")
async def get_note(note_id: NoteId, notebook: Provided[Notes]) -> Note:
    """The one with this id."""
    return await notebook.get(note_id)


@router.put("/{note_id}")
async def change_note(note_id: NoteId, new: NewNote, notebook: Provided[Notes]) -> Note:
    """Let the one with this id say something else."""
    return await notebook.change(note_id, new)


@router.delete("/{note_id}", status_code=204)
async def remove_note(note_id: NoteId, notebook: Provided[Notes]) -> None:
    """Keep the one with this id no longer."""
    await notebook.remove(note_id)
