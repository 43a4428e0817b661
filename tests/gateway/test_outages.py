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
    assert not [name for name, _ in answer.headers if name.startswith("fissile-")]


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


HEARD = [
    *("fissile-away", "fissile-process", "x-envoy-overloaded", "x-envoy-ratelimited", "x-envoy-degraded"),
    *("x-envoy-immediate-health-check-fail", "x-envoy-upstream-canary", "x-envoy-upstream-service-time"),
    *("x-envoy-attempt-count", "x-envoy-retry-on", "x-envoy-max-retries", "x-envoy-retriable-header-names"),
    *("x-envoy-upstream-healthchecked-cluster", "x-envoy-decorator-operation", "x-ratelimit-reset", "retry-after"),
    *("grpc-status", "connection", "keep-alive", "via", "x-forwarded-for", "fissile-client", "fissile-secret"),
]


@pytest.mark.parametrize("status", [200, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("name", HEARD)
def test_no_answer_of_an_application_steers_the_gateway(stand: Stand, name: str, status: int) -> None:
    """Whatever header it reflects, the request runs once, and its process is asked again."""
    run = f"{name}-{status}"
    target = f"/parcels/reflect/{status}?run={run}&name={name}&value=1"
    for times in ("1", "2"):
        answer = send(stand.through, written(f"POST {target} HTTP/1.1", "Content-Length: 0"))
        assert (status, times) == (answer.status, answer.body.decode())
    assert 200 == send(stand.through, written("GET /parcels/status/200 HTTP/1.1")).status


STEERING = {
    "x-envoy-retry-on": "5xx,retriable-headers,retriable-status-codes",
    "x-envoy-retriable-header-names": "server",
    "x-envoy-retriable-status-codes": "200,503",
    "x-envoy-max-retries": "3",
    "x-envoy-hedge-on-per-try-timeout": "true",
    "x-envoy-upstream-rq-timeout-ms": "1",
    "x-envoy-upstream-rq-per-try-timeout-ms": "1",
    "x-envoy-upstream-rq-timeout-alt-response": "1",
    "x-envoy-expected-rq-timeout-ms": "1",
}


@pytest.mark.parametrize("inside", [(), ("X-Forwarded-For: 10.0.0.1",)])
def test_no_client_makes_the_gateway_repeat(stand: Stand, inside: tuple[str, ...]) -> None:
    """Envoy's own request headers are dropped, whatever address the client claims."""
    run = f"steered-{len(inside)}"
    steering = [f"{name}: {value}" for name, value in STEERING.items()]
    target = f"/parcels/reflect/503?run={run}&name=server&value=x"
    answer = send(stand.through, written(f"POST {target} HTTP/1.1", "Content-Length: 0", *inside, *steering))
    assert (503, b"1") == (answer.status, answer.body)
