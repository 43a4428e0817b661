"""What is reserved is closed outside, by the gateway and behind it."""

import json
import socket
from contextlib import closing

import pytest

from fissile.supervisor.asking import ask
from tests.gateway.stand import PATIENCE, Answer, Stand, read, send, written

CALL = "/-/call/letters.Letters.say"
TRICKS = [
    *("/-/live", "/-/ready", "/-/openapi", "/-", "/-/", "/-/live/", "/-/live?x", "/-//live", "/-/../-/live"),
    *("/%2D/live", "/-%2Flive", "/%2d%2flive", "//-/live", "/./-/live", "/x/../-/live", "/letters/../-/live"),
    *("/-/%6Cive", "/-;x/live", "/-\\live", "http://booth.test/-/live", "HTTP://booth.test/-/live", "http://x//-/live"),
]


@pytest.mark.parametrize("target", TRICKS)
def test_no_path_leads_to_a_reserved_one(stand: Stand, target: str) -> None:
    """Whatever it is written like, it is not found, or ``main.py`` answers as it does for any other path."""
    answer = send(stand.through, written(f"GET {target} HTTP/1.1"))
    assert answer.status == 404 or "main" == json.loads(answer.body)["by"] or "letters" == json.loads(answer.body)["by"]


@pytest.mark.parametrize("target", [CALL, f"//{CALL}", f"/.{CALL}", f"http://x{CALL}", CALL.replace("-/", "-%2F")])
def test_nobody_calls_through_the_gateway(stand: Stand, target: str) -> None:
    """Although it comes over the socket over which calls come."""
    request = written(f"POST {target} HTTP/1.1", "Content-Type: application/json", "Content-Length: 2", body=b"{}")
    answer = send(stand.through, request)
    assert answer.status == 404 or "main" == json.loads(answer.body)["by"]


@pytest.mark.parametrize("target", ["/-/link", "http://x/-/link", "//-/link", "/letters"])
def test_nobody_gets_a_link_through_the_gateway(stand: Stand, target: str) -> None:
    """The gateway passes no other upgrade than that to a WebSocket."""
    headers = ("Connection: Upgrade", "Upgrade: fissile", "Fissile-Versions: 1")
    assert 403 == send(stand.through, written(f"GET {target} HTTP/1.1", *headers)).status


@pytest.mark.parametrize("name", ["Fissile-Client", "X-Forwarded-For", "X-Forwarded-Proto", "Forwarded", "Via"])
@pytest.mark.parametrize("path", ["/-/live", "/-/ready", "/-/link"])
def test_a_process_refuses_what_was_forwarded(stand: Stand, name: str, path: str) -> None:
    """Also when a gateway lets it through: every one leaves a header."""
    upgrade = ("Connection: Upgrade", "Upgrade: fissile", "Fissile-Versions: 1") if path == "/-/link" else ()
    forwarded = f"{name}: 127.0.0.1:1 127.0.0.1:2"
    assert 404 == over_unix(stand, written(f"GET {path} HTTP/1.1", forwarded, *upgrade)).status
    assert 200 == ask(stand.folder / "trade-1.sock", "/-/live").status


def over_unix(stand: Stand, request: bytes) -> Answer:
    """Sends a request to a process, over the socket that the gateway uses."""
    with closing(socket.socket(socket.AF_UNIX)) as connection:
        connection.settimeout(PATIENCE)
        connection.connect(str(stand.folder / "trade-1.sock"))
        connection.sendall(request)
        return read(connection)
