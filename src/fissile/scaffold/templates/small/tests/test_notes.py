"""Notes, over HTTP and on a real database."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from sample.main import app


@pytest.fixture
def client(
    monkeypatch: pytest.MonkeyPatch,
    #: if database == "postgresql"
    postgres_url: str,
    #: endif
    #: if database == "sqlite"
    tmp_path_factory: pytest.TempPathFactory,
    #: endif
) -> Iterator[TestClient]:
    """Somebody who asks the application, which has no notes yet."""
    #: if database == "postgresql"
    url = postgres_url
    #: endif
    #: if database == "sqlite"
    url = f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('data')}/notes.sqlite3"
    #: endif
    monkeypatch.setenv("SAMPLE_DATABASE_URL", url)
    with TestClient(app) as client:
        for note in client.get("/notes?limit=200").json()["items"]:
            client.delete(f"/notes/{note['id']}")
        yield client


def test_add(client: TestClient) -> None:
    """A note that was added can be read."""
    added = client.post("/notes", json={"text": "buy bolts"})
    assert (201, "buy bolts") == (added.status_code, added.json()["text"])
    assert added.json() == client.get(f"/notes/{added.json()['id']}").json()


def test_pages(client: TestClient) -> None:
    """Each page says where the next one begins, and the last one that it is the last."""
    for text in ("one", "two", "three"):
        client.post("/notes", json={"text": text})
    first = client.get("/notes", params={"limit": 2}).json()
    last = client.get("/notes", params={"limit": 2, "cursor": first["next"]}).json()
    assert ["one", "two", "three"] == [note["text"] for note in first["items"] + last["items"]]
    assert last["next"] is None


def test_remove(client: TestClient) -> None:
    """A note that was removed is not there any more."""
    path = f"/notes/{client.post('/notes', json={'text': 'buy bolts'}).json()['id']}"
    assert [204, 404, 404] == [
        client.delete(path).status_code,
        client.get(path).status_code,
        client.delete(path).status_code,
    ]


@pytest.mark.parametrize("text", ["", "x" * 201])
def test_bad_text(client: TestClient, text: str) -> None:
    """A text that is empty or too long is refused."""
    assert 422 == client.post("/notes", json={"text": text}).status_code


@pytest.mark.parametrize("cursor", ["what", "é", "LTE="])
def test_bad_cursor(client: TestClient, cursor: str) -> None:
    """A cursor that no page gave is refused."""
    assert 422 == client.get("/notes", params={"cursor": cursor}).status_code
