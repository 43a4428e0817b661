"""What an application owns while it runs, and what it answers to a call by name."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from httpx2 import ASGITransport, AsyncClient

from fissile import App
from fissile.errors import CallFailed
from fissile.runtime.by_name import call_json

PUBLIC = '''
"""What others may ask."""
from typing import Protocol
from fissile import ComponentError, Interface, raises

class Closed(ComponentError):
    """The door is closed."""
    status = 409
    door: str

class Doors(Interface, Protocol):
    """Doors."""

    async def is_open(self) -> bool:
        """Whether the door is open."""
        ...

    @raises(Closed)
    async def knock(self, change: bool) -> None:
        """Finds it closed, and perhaps changes the error to what it may not be."""
        ...
'''
COMPONENT = '''
"""A component that owns a port which ends with it."""
from collections.abc import AsyncIterator
from fissile import Component
from .public import Closed, Doors

class Door:
    """A port."""
    def __init__(self) -> None:
        self.is_open = True

async def door() -> AsyncIterator[Door]:
    """Opens, and closes at the end."""
    opened = Door()
    yield opened
    opened.is_open = False

class DoorService(Doors):
    """Doors."""
    def __init__(self, door: Door) -> None:
        self.door = door

    async def is_open(self) -> bool:
        return self.door.is_open

    async def knock(self, change: bool) -> None:
        error = Closed(door="front")
        if change:
            error.door = 7
        raise error

component = Component(provides={Doors: DoorService}, binds={Door: door})
'''


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    """An application with one component, ``doors``."""
    name = "lifecycle_project"
    doors = tmp_path / name / "doors"
    doors.mkdir(parents=True)
    (tmp_path / name / "__init__.py").touch()
    (doors / "__init__.py").touch()
    (doors / "public.py").write_text(PUBLIC, encoding="utf-8")
    (doors / "component.py").write_text(COMPONENT, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("FISSILE_STATE", str(tmp_path / "state"))
    yield App(name)
    for module in [module for module in sys.modules if module.partition(".")[0] == name]:
        del sys.modules[module]


async def test_a_port_is_made_anew_when_the_application_starts_again(app: App) -> None:
    """What was closed at the end of one run is not what the next one gets."""
    for _ in range(2):
        async with app.caller():
            assert b"true" == await call_json(app.runtime, "doors.is_open", b"{}")


async def test_an_error_whose_fields_were_changed_does_not_leak(app: App) -> None:
    """It cannot be rebuilt as it is declared, so it is a failure of the provider."""
    async with app.caller():
        with pytest.raises(CallFailed, match="fields that were changed"):
            await call_json(app.runtime, "doors.knock", b'{"change": true}')


async def test_a_call_by_name_ends_with_the_declared_error(app: App) -> None:
    """With its status and code, since it is what was asked for; it has not escaped from anybody."""
    transport = ASGITransport(app)  # without a port, as a Unix socket
    async with app.caller(), AsyncClient(transport=transport, base_url="http://test") as client:
        answer = await client.post("/-/call/doors.knock", content=b'{"change": false}')
    assert (409, "closed", "The door is closed. (door='front')") == (
        answer.status_code,
        answer.json()["code"],
        answer.json()["detail"],
    )


async def test_a_trace_that_is_too_long_is_none(app: App) -> None:
    """What a stranger sends cannot make the calls of a request too long for a link."""
    seen: list[str | None] = []

    @app.get("/trace")
    async def trace() -> None:
        from fissile.context import current

        seen.append(current().traceparent)

    async with AsyncClient(transport=ASGITransport(app), base_url="http://test") as client:
        await client.get("/trace", headers={"traceparent": "0" * 55})
        await client.get("/trace", headers={"traceparent": "0" * 60_000})
    assert ["0" * 55, None] == seen
