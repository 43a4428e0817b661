"""App without components is FastAPI: every raw response of a real server is equal."""

import re
import sys

import pytest

from tests.dropin.exchanges import EVERYTHING, converse
from tests.dropin.servers import serving

_DATE = re.compile(rb"(?mi)^date: [^\r]*\r\n")
_STATUS = re.compile(rb"HTTP/1\.1 (\d{3})")

SEEN = {101, 200, 201, 202, 203, 204, 206, 303, 304, 307, 400, 401, 403, 404, 405, 409, 410, 413, 418, 422, 500}
"""The statuses that the exchanges must bring about, so that none of them has quietly become an error."""

ESCAPED = ("/shelf%2Fitems",)
"""Paths whose prefix ends in an escaped slash, which is no slash to a gateway, and so not to one process."""


@pytest.mark.parametrize("http", ["httptools", "h11"])
def test_every_raw_response_is_equal(http: str) -> None:
    """One application file, run as FastAPI and as App, gives the same bytes for everything that is asked."""
    assert SEEN <= compare(sys.executable, http)


def test_a_router_made_a_component_gives_the_same_responses() -> None:
    """With the router as a component every response is equal; errors keep status and headers in another document.

    But for `ESCAPED`, which are nobody's.
    """
    bodies_of_errors = set()
    with (
        serving("tests.dropin.application:plain") as plain,
        serving("tests.dropin.application:parts") as parts,
    ):
        for exchange in EVERYTHING:
            if "openapi.json" in exchange.name:
                continue  # one document for all components: tests/runtime/test_openapi.py
            if any(path in exchange.name for path in ESCAPED):
                assert converse(parts.socket, exchange).startswith(b"HTTP/1.1 404 ")
                continue
            expected = _DATE.sub(b"", converse(plain.socket, exchange))
            answer = _DATE.sub(b"", converse(parts.socket, exchange))
            if b"content-type: application/problem+json" in answer:
                bodies_of_errors.add(exchange.name)
                expected, answer = _without_body(expected), _without_body(answer)
            assert (exchange.name, expected) == (exchange.name, answer)
    assert any("/shelf/items/2" in name for name in bodies_of_errors)
    assert len(bodies_of_errors) < len(EVERYTHING) / 3


def _without_body(answer: bytes) -> bytes:
    head, _, _ = answer.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert int(lines[0].split()[1]) >= 400
    return b"\n".join(sorted(line for line in lines if not line.lower().startswith(b"content-")))


def compare(python: str, http: str) -> set[int]:
    """Asks both applications everything and compares; gives the statuses that were seen."""
    seen: set[int] = set()
    with (
        serving("tests.dropin.application:plain", http=http, python=python) as plain,
        serving("tests.dropin.application:ours", http=http, python=python) as ours,
    ):
        for exchange in EVERYTHING:
            expected = _DATE.sub(b"", converse(plain.socket, exchange))
            assert (exchange.name, expected) == (exchange.name, _DATE.sub(b"", converse(ours.socket, exchange)))
            assert expected, f"{exchange.name}: nothing came back, so nothing was compared"
            seen |= {int(status) for status in _STATUS.findall(expected)}
    assert plain.left == ours.left
    assert plain.left.endswith("stopped")
    return seen
