"""Notes, over HTTP and by calls."""

import pytest
from fissile import Provided
from httpx2 import AsyncClient

from sample.notes.public import NewNote, Note, Notes, UnknownNote

NEW = NewNote(
    #: call each()
    text="some text",
    #: endcall
)
AS_JSON = NEW.model_dump(mode="json")
CHANGED = NewNote(
    #: call each()
    text="another text",
    #: endcall
).model_dump(mode="json")


@pytest.fixture
async def added(notebook: Provided[Notes]) -> Note:
    """One of the notes."""
    return await notebook.add(NEW)


async def test_add(client: AsyncClient) -> None:
    """What is added has an id, under which it is found."""
    answer = await client.post("/notes", json=AS_JSON)
    assert (201, {"id": answer.json()["id"], **AS_JSON}) == (answer.status_code, answer.json())
    assert answer.json() == (await client.get(f"/notes/{answer.json()['id']}")).json()


async def test_pages(client: AsyncClient, notebook: Provided[Notes]) -> None:
    """Going from page to page shows each of them once."""
    ids = [(await notebook.add(NEW)).id for _ in range(3)]
    first = (await client.get("/notes", params={"limit": 2})).json()
    second = (await client.get("/notes", params={"limit": 2, "cursor": first["next"]})).json()
    assert (ids, None) == ([each["id"] for each in first["items"] + second["items"]], second["next"])


async def test_change(client: AsyncClient, added: Note) -> None:
    """What is changed keeps its id, and to change it twice does no harm."""
    path = f"/notes/{added.id}"
    answers = [await client.put(path, json=CHANGED), await client.put(path, json=CHANGED), await client.get(path)]
    assert [(200, {"id": added.id, **CHANGED})] * 3 == [(answer.status_code, answer.json()) for answer in answers]


async def test_remove(client: AsyncClient, added: Note) -> None:
    """What is removed is unknown, also to whoever removes it again."""
    assert [204, 404] == [(await client.delete(f"/notes/{added.id}")).status_code for _ in range(2)]


async def test_unknown(client: AsyncClient, notebook: Provided[Notes]) -> None:
    """Whoever asks for one that there is not is told which."""
    answer = await client.get("/notes/999")
    assert (404, "unknown_note") == (answer.status_code, answer.json()["code"])
    with pytest.raises(UnknownNote) as caught:
        await notebook.get(999)
    assert 999 == caught.value.note_id


@pytest.mark.parametrize("missing", AS_JSON)
async def test_refused(client: AsyncClient, missing: str) -> None:
    """One that lacks something is refused, and the problem names what."""
    answer = await client.post("/notes", json={name: value for name, value in AS_JSON.items() if name != missing})
    assert (422, ["body", missing]) == (answer.status_code, answer.json()["errors"][0]["loc"])
