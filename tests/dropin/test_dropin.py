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


@pytest.mark.parametrize("http", ["httptools", "h11"])
def test_every_raw_response_is_equal(http: str) -> None:
    """One application file, run as FastAPI and as App, gives the same bytes for everything that is asked."""
    assert SEEN <= compare(sys.executable, http)


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
