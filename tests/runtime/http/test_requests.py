"""What a request brings into the calls that are made for it."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from fissile import App
from tests.runtime.projects import written

COMPONENT = '''
"""Says what it was called with."""
from fastapi import APIRouter
from fissile import Component
from fissile.context import current

router = APIRouter()

@router.get("")
async def seen() -> list[str | None]:
    """The key and the trace."""
    return [current().idempotency_key, current().traceparent]

component = Component(api=router)
'''
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.mark.parametrize(
    ("headers", "seen"),
    [
        ({}, [None, None]),
        ({"Idempotency-Key": "k" * 255, "traceparent": TRACE}, ["k" * 255, TRACE]),
        ({"traceparent": "0" * 256}, [None, None]),
    ],
)
def test_headers_become_context(tmp_path: Path, headers: dict[str, str], seen: list[str | None]) -> None:
    """The key and the trace, where they are there and can be what they say."""
    with written(tmp_path, {"echo/component.py": COMPONENT}) as package:
        assert seen == TestClient(App(package)).get("/echo", headers=headers).json()


def test_a_key_that_is_too_long(tmp_path: Path) -> None:
    """Cut short, it could be taken for another one: the request is refused."""
    with written(tmp_path, {"echo/component.py": COMPONENT}) as package:
        refused = TestClient(App(package)).get("/echo", headers={"Idempotency-Key": "k" * 256})
    assert (400, "application/problem+json") == (refused.status_code, refused.headers["content-type"])
    assert "an Idempotency-Key has at most 255 bytes" == refused.json()["detail"]
