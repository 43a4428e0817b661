"""Applications whose `main.py` reads its own routes while it is imported."""

import importlib
import sys
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from fissile import App, ConfigurationError
from fissile.cli.application import load
from fissile.project import Peer, View
from tests.runtime.projects import written

COMPONENT = """
from fastapi import APIRouter
from fissile import Component

router = APIRouter()

@router.get("/items/{number}")
async def show_item(number: int) -> int:
    return number

component = Component(api=router)
"""

RECIPE = """
from fastapi.routing import APIRoute
from fissile import App

app = App(__package__)

@app.get("/")
async def home() -> str:
    return "home"

for route in app.routes:
    if isinstance(route, APIRoute):
        route.operation_id = route.name
"""

LATE = """
@app.get("/orders/late")
async def late() -> str:
    return "never"
"""

PROJECT = {"main.py": RECIPE, "orders/component.py": COMPONENT, "stock/component.py": COMPONENT}

APART = View("apart", "orders", frozenset({"orders"}), {"stock": Peer("stock", ("unix:/nowhere",))})
"""The view of the process that runs orders alone."""


def test_a_process_runs_its_own_components_only(tmp_path: Path) -> None:
    """A process loads only its own components if main.py reads app.routes while it is imported."""
    with written(tmp_path, PROJECT) as package:
        app = load(f"{package}.main:app", APART)
        assert ({"orders"}, APART) == (set(app.runtime.live), app.runtime.view)
        assert f"{package}.stock.component" not in sys.modules


def test_the_wire_is_used(tmp_path: Path) -> None:
    """The view of a single process, too, is there before main.py is imported."""
    with written(tmp_path, PROJECT) as package:
        assert load(f"{package}.main:app", View("wire", wire=True, migrates=True)).runtime.view.wire


def test_the_environment_places_an_application_that_a_server_imports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that imports the application by itself runs what the environment names."""
    monkeypatch.setenv("FISSILE_PLACEMENT", "apart")
    monkeypatch.setenv("FISSILE_PROCESS", "stock")
    with written(tmp_path, PROJECT) as package:
        app: App = importlib.import_module(f"{package}.main").app
        assert {"stock"} == set(app.runtime.live)
        assert f"{package}.orders.component" not in sys.modules


def test_the_recipe_for_operation_ids_reaches_the_components(tmp_path: Path) -> None:
    """FastAPI's recipe names the operations of the components, and their routes answer."""
    with written(tmp_path, PROJECT) as package:
        app = load(f"{package}.main:app", View())
        paths = app.openapi()["paths"]
        assert "show_item" == paths["/orders/items/{number}"]["get"]["operationId"]
        assert "home" == paths["/"]["get"]["operationId"]
        with TestClient(app) as client:
            assert [7, "home"] == [client.get(path).json() for path in ("/stock/items/7", "/")]


def test_an_application_that_was_loaded_before_is_not_started_as_another(tmp_path: Path) -> None:
    """The start is refused if something imported main.py before the process got its view."""
    with written(tmp_path, PROJECT) as package:
        importlib.import_module(f"{package}.main")
        with pytest.raises(ConfigurationError, match="were loaded before the process was given its placement"):
            load(f"{package}.main:app", APART)


def test_views_are_given_to_the_application_of_the_project_alone(tmp_path: Path) -> None:
    """Another application that main.py makes is not placed."""
    main = f"{RECIPE}\nother = App()\n"
    with written(tmp_path, {**PROJECT, "main.py": main}) as package:
        load(f"{package}.main:app", APART)
        assert sys.modules[f"{package}.main"].other.view is None


def test_the_document_is_not_there_yet(tmp_path: Path) -> None:
    """A process refuses to start if main.py asks for the document of all processes while it is imported."""
    main = f"{RECIPE}\nknown = app.openapi()\n"
    refused = pytest.raises(ConfigurationError, match=r"app.openapi\(\) was called while main.py was imported")
    with written(tmp_path, {**PROJECT, "main.py": main}) as package, refused:
        load(f"{package}.main:app", APART)
    with written(tmp_path, {**PROJECT, "main.py": main}) as package:
        assert "/stock/items/{number}" in load(f"{package}.main:app", View()).openapi()["paths"]


@pytest.mark.parametrize("placed", [True, False])
def test_routes_that_come_later_are_checked(tmp_path: Path, placed: bool) -> None:
    """A route that main.py adds under a component's prefix after it has read its routes is refused at the start."""
    with written(tmp_path, {**PROJECT, "main.py": RECIPE + LATE}) as package:
        if placed:
            with pytest.raises(ConfigurationError, match="/orders/late lies under /orders"):
                load(f"{package}.main:app", View())
            return
        app: App = importlib.import_module(f"{package}.main").app
        with pytest.raises(ConfigurationError, match="/orders/late lies under /orders"), TestClient(app):
            pass
