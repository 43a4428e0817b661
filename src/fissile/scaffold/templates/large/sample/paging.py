"""How lists are cut into pages: `{items, next}`, where `next` goes back as `?cursor=` and is null on the last page."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Annotated, Generic, Protocol, TypeVar

from fastapi import Query
from pydantic import BaseModel, BeforeValidator, WithJsonSchema

Content = TypeVar("Content")


class Page(BaseModel, Generic[Content]):
    """One page of a list, and the cursor of the next."""

    items: tuple[Content, ...]
    next: str | None


class Numbered(Protocol):
    """What can be paged: anything with an id to continue after."""

    @property
    def id(self) -> int:
        """Where it stands in the list."""


Item = TypeVar("Item", bound=Numbered)


def page_of(found: Sequence[Item], limit: int) -> "Page[Item]":
    """The first `limit` of what was found; when there is more, there is a next page."""
    items = tuple(found[:limit])
    return Page(items=items, next=_encode(items[-1].id) if len(found) > limit else None)


def _encode(last: int) -> str:
    return urlsafe_b64encode(f"after:{last}".encode()).decode().rstrip("=")


def _decode(cursor: object) -> object:
    """The id that a cursor stands for; pages are read by id, so that a list that grows neither repeats nor skips."""
    if not isinstance(cursor, str):
        return cursor
    try:
        last = int(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).removeprefix(b"after:"))
        if cursor == _encode(last):
            return last
    except ValueError:
        pass
    raise ValueError("no cursor of this list: take it from `next` of the page before")


Cursor = Annotated[
    int,
    Query(default_factory=int, description="`next` of the page before.", ge=0, lt=2**63),
    BeforeValidator(_decode),
    WithJsonSchema({"type": "string"}),
]
Limit = Annotated[int, Query(ge=1, le=200, description="How many items at most.")]
