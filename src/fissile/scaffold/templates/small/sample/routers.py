"""The routes of notes."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from sqlalchemy import select

from . import models
from .db import Session
from .schemas import NewNote, Note, NotePage

router = APIRouter(prefix="/notes", tags=["notes"])

HIGHEST_ID = 2**31 - 1
"""The greatest integer that every database can keep."""


@router.post("", status_code=201)
async def add(new: NewNote, session: Session) -> Note:
    """Keep a note."""
    row = models.Note(text=new.text)
    session.add(row)
    await session.flush()
    return Note.model_validate(row)


@router.get("")
async def page(
    session: Session, cursor: str | None = None, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> NotePage:
    """List notes, some at a time; `cursor` is the `next` of the page before."""
    after = _read(cursor) if cursor else 0
    wanted = select(models.Note).where(models.Note.id > after).order_by(models.Note.id).limit(limit + 1)
    rows = (await session.scalars(wanted)).all()
    items = [Note.model_validate(row) for row in rows[:limit]]
    return NotePage(items=items, next=_cursor(items[-1].id) if len(rows) > limit else None)


@router.get("/{note_id}")
async def get(note_id: int, session: Session) -> Note:
    """Show one note."""
    return Note.model_validate(await _found(note_id, session))


@router.delete("/{note_id}", status_code=204)
async def remove(note_id: int, session: Session) -> None:
    """Forget a note."""
    await session.delete(await _found(note_id, session))


async def _found(note_id: int, session: Session) -> models.Note:
    row = await session.get(models.Note, note_id) if 0 < note_id <= HIGHEST_ID else None
    if row is None:
        raise HTTPException(404, "there is no such note")
    return row


def _cursor(note_id: int) -> str:
    return urlsafe_b64encode(str(note_id).encode()).decode()


def _read(cursor: str) -> int:
    try:
        after = int(urlsafe_b64decode(cursor))
    except ValueError:
        after = -1
    if not 0 <= after <= HIGHEST_ID:
        raise HTTPException(422, "this cursor is not one of ours")
    return after
