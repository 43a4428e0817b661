"""What is refused or said when components are put together, beyond what tests/assets shows."""

import logging
import sys
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from fissile import App, ConfigurationError
from tests.runtime.projects import written

PUBLIC = """
from typing import Protocol

from fissile import Event, Interface

class Moved(Event):
    number: int

class Stock(Interface, Protocol):
    async def count(self) -> int:
        ...
"""

PLAIN = """
from fastapi import APIRouter
from fissile import Component, Provided
from .public import Stock

class Service(Stock):
    async def count(self) -> int:
        return 1

router = APIRouter()

@router.get("")
async def shown(stock: Provided[Stock]) -> str:
    return repr(stock)

component = Component(provides={Stock: Service}, api=router)
"""

TABLES = """
from sqlalchemy import MetaData
from fissile import Component, Database

component = Component(database=Database(MetaData()))
"""

HANDLES = """
from fissile import Component
from ..stock.public import Moved

async def moved(event: Moved) -> None: ...

component = Component(handles={Moved: moved})
"""

STOCK = {"stock/public.py": PUBLIC, "stock/component.py": PLAIN}


def test_what_is_not_installed_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For a component with tables; the others do without."""
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)  # as if it were not installed
    files = STOCK | {"archive/component.py": TABLES}
    with written(tmp_path, files) as package, pytest.raises(ConfigurationError) as caught:
        App(package).assemble()
    assert ["pip install 'fissile[data]'"] == [fault.fix for fault in caught.value.faults]


def test_handlers_that_would_never_run_are_refused(tmp_path: Path) -> None:
    """Events are declared only in this version."""
    refused = pytest.raises(ConfigurationError, match="archive handles events, and this version delivers none")
    with written(tmp_path, STOCK | {"archive/component.py": HANDLES}) as package, refused:
        App(package).assemble()


def test_an_open_application_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever declares a policy may believe that it holds."""
    with written(tmp_path, STOCK) as package, caplog.at_level(logging.WARNING, "fissile"), TestClient(App(package)):
        pass
    assert ["no identity is configured: every route is open to everybody, whatever its policy says"] == caplog.messages


def test_a_stub_says_what_it_is(tmp_path: Path) -> None:
    """In a debugger or a log."""
    with written(tmp_path, STOCK) as package, TestClient(App(package)) as client:
        assert f"<stub of {package}.stock.public.Stock>" == client.get("/stock").json()


def test_probes_may_ask_with_head(tmp_path: Path) -> None:
    """As many monitors do."""
    with written(tmp_path, STOCK) as package, TestClient(App(package)) as client:
        for path in ("/-/live", "/-/ready"):
            assert (200, b"") == ((found := client.head(path)).status_code, found.content)


def test_an_application_that_is_about_to_end_is_not_ready(tmp_path: Path) -> None:
    """Whoever sends requests here learns it before the end; a package without components has nobody to tell."""
    with written(tmp_path, STOCK) as package:
        app = App(package)
        with TestClient(app) as client:
            app.stop_being_ready()
            assert 503 == client.get("/-/ready").status_code
    App().stop_being_ready()


def test_the_state_is_nothing_for_git(tmp_path: Path) -> None:
    """A folder that Fissile makes keeps itself out of the repository; one that was there stays as it is."""
    for folder, ignored in [("made", True), ("mine", False)]:
        state = tmp_path / folder
        if not ignored:
            state.mkdir()
        project = written(tmp_path / f"project_{folder}", {"archive/component.py": TABLES})
        with project as package, pytest.MonkeyPatch.context() as inside:
            inside.setenv("FISSILE_STATE", str(state))
            with TestClient(App(package)):
                pass
        assert ignored == (state / ".gitignore").is_file()
