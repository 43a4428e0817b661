"""What goes in and out over HTTP."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints


class NewNote(BaseModel):
    """A note to keep."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Note(BaseModel):
    """A note that is kept."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    text: str


class NotePage(BaseModel):
    """Some of the notes, in the order of their ids; `next` is the cursor of those that follow."""

    items: list[Note]
    next: str | None
