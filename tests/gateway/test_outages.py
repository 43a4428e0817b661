"""What the gateway answers when no process does."""

import json

import pytest

from fissile.supervisor.asking import ask
from tests.gateway.stand import Answer, Stand, send, written


def problem(answer: Answer) -> tuple[object, ...]:
    """What such an answer says."""
    found = json.loads(answer.body)
    return answer.status, found["code"], answer.header("content-type"), answer.header("retry-after")


@pytest.mark.parametrize("path", ["/gone", "/mute", "/away"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_process_that_is_away(stand: Stand, path: str, method: str) -> None:
    """No socket, a connection that ends without an answer, or the supervisor in its place: come again in a second."""
    answer = send(stand.through, written(f"{method} {path}/x HTTP/1.1", "Content-Length: 0"))
    assert (503, "unavailable", "application/problem+json", "1") == problem(answer)
    assert answer.header("fissile-away") is None


def test_a_process_that_answers_nonsense(stand: Stand) -> None:
    """Is a bad one."""
    answer = send(stand.through, written("GET /garbage HTTP/1.1"))
    assert (502, "bad_gateway", "application/problem+json", None) == problem(answer)


def test_a_head_without_a_body(stand: Stand) -> None:
    """HEAD gets none, also from the gateway."""
    answer = send(stand.through, written("HEAD /gone HTTP/1.1"))
    assert (503, b"") == (answer.status, answer.body)


def test_another_worker_is_asked(stand: Stand) -> None:
    """Where one worker of two is away nobody notices: its socket says that the request did not run."""
    body = b"x" * 50_000
    request = written("POST /half/x HTTP/1.1", f"Content-Length: {len(body)}", body=body)
    assert [200] * 30 == [send(stand.through, request).status for _ in range(30)]


def test_a_process_that_is_asked_for_what_another_runs(stand: Stand) -> None:
    """Finds nothing, although a route of ``main.py`` would take any path: only a mistaken gateway sends it there."""
    answer = ask(stand.folder / "people-1.sock", "/parcels/echo/x")
    assert (404, "not_found") == (answer.status, json.loads(answer.body)["code"])
    assert "main" == json.loads(ask(stand.folder / "trade-1.sock", "/elsewhere").body)["by"]


def test_the_admin_interface_is_nobodys(stand: Stand) -> None:
    """It is a socket of this user alone, and no port."""
    assert 0o600 == stand.admin.stat().st_mode & 0o777
