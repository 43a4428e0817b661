"""The application, over HTTP."""

from fastapi.testclient import TestClient

from main import app


def test_hello() -> None:
    """Whoever asks is greeted."""
    answer = TestClient(app).get("/")
    assert (200, {"hello": "world"}) == (answer.status_code, answer.json())
