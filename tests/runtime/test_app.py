"""App: FastAPI's keywords, and components that are loaded when they are first needed."""

import inspect
import sys
import typing
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from fissile import App, ConfigurationError
from fissile.runtime.http.options import Options
from tests.runtime import postponed
from tests.runtime.serving import serve

COMPONENT = '''
"""A component."""
from fastapi import APIRouter
from fissile import Component

router = APIRouter()

@router.get("", name="index_of_part")
async def index() -> str:
    """Says who it is."""
    return "part"

component = Component(api=router)
'''


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of a package with one component, ``part``."""
    name = "lazy_project"
    part = tmp_path / name / "part"
    part.mkdir(parents=True)
    (tmp_path / name / "__init__.py").touch()
    (part / "__init__.py").touch()
    (part / "component.py").write_text(COMPONENT, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("FISSILE_STATE", str(tmp_path / "state"))
    yield name
    for module in [module for module in sys.modules if module.partition(".")[0] == name]:
        del sys.modules[module]


def test_the_keywords_are_fastapis() -> None:
    """What type checkers are told about App is what FastAPI takes."""
    parameters = inspect.signature(FastAPI.__init__).parameters.values()
    keywords = {parameter.name for parameter in parameters if parameter.kind is inspect.Parameter.KEYWORD_ONLY}
    assert keywords == set(typing.get_type_hints(Options))


def test_keywords_reach_fastapi() -> None:
    """All of them are handed on, and those that nobody knows too, as FastAPI does."""
    app = App(title="Mine", debug=True, docs_url=None)
    assert ("Mine", True, None) == (app.title, app.debug, app.docs_url)


@pytest.mark.parametrize(
    "need",
    [
        lambda app: app.routes,
        lambda app: app.openapi(),
        lambda app: app.url_path_for("index_of_part"),
        lambda app: TestClient(app).get("/part"),
        lambda app: TestClient(app).__enter__().__exit__(None, None, None),
    ],
    ids=["routes", "openapi", "url_path_for", "request", "lifespan"],
)
def test_components_are_loaded_when_they_are_needed(project: str, need: Callable[[App], object]) -> None:
    """Neither before, so that tests can place them, nor twice."""
    app = App(project)

    @app.get("/own")
    async def own() -> None:
        """A route declared before the components are known."""

    assert f"{project}.part.component" not in sys.modules
    need(app)
    assert f"{project}.part.component" in sys.modules
    before = list(app.routes)
    app.assemble()
    assert before == app.routes
    assert ["/part"] == [path for route in app.routes if (path := getattr(route, "path", "")).startswith("/part")]


def test_a_package_without_components_answers_as_fastapi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Problem documents and reserved paths come with the first component."""
    (tmp_path / "bare_project").mkdir()
    (tmp_path / "bare_project" / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    app, plain = App("bare_project"), FastAPI()
    for path in ("/nowhere", "/-/live", "/openapi.json"):
        ours, theirs = TestClient(app).get(path), TestClient(plain).get(path)
        assert (theirs.status_code, theirs.text) == (ours.status_code, ours.text)
    with pytest.raises(ConfigurationError, match="has no components"):
        _ = app.runtime


def test_a_failed_assembly_leaves_the_application_as_it_was(project: str) -> None:
    """Every attempt reports the fault, and once it is mended the next one succeeds."""
    app = App(project)

    @app.get("/part/own")
    async def own() -> None:
        """Under the component's prefix."""

    before = list(app.router.routes)
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="lies under /part"):
            app.assemble()
        assert before == app.router.routes
    app.router.routes.pop()
    with TestClient(app) as client:
        assert "part" == client.get("/part").json()


def test_annotations_that_are_text_are_resolved() -> None:
    """Interfaces are bound, and bodies and streams keep their schemas, under postponed annotations."""
    app = serve(App(), lambda interface: interface(), part=postponed.router)
    with TestClient(app) as client:
        assert [42, 42] == client.post("/part/times", json={"times": 2}).json()
        assert '{"times":42}\n' == client.get("/part/lines").text
    paths = app.openapi()["paths"]
    item = {"$ref": "#/components/schemas/tests.runtime.postponed.Wanted"}
    assert {"itemSchema": item} == paths["/part/lines"]["get"]["responses"]["200"]["content"]["application/jsonl"]
    assert item == paths["/part/times"]["post"]["requestBody"]["content"]["application/json"]["schema"]
