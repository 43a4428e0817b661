"""A custom ``app.openapi`` gets the document of all processes, and makes the same one in every placement."""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from httpx2 import ASGITransport, AsyncClient
from starlette.testclient import TestClient

from fissile import App, ConfigurationError
from fissile.generate.openapi import compose, render
from fissile.project import Peer, View
from tests.runtime.projects import written

COMPONENT = """
from fastapi import APIRouter, FastAPI
from pydantic import BaseModel
from fissile import Component

class Item(BaseModel):
    {name}: int

api = {kind}()

@api.get("/items/{{number}}", tags=["{name}"])
async def show(number: int) -> Item: ...

@api.post("/items")
async def add(item: Item) -> Item: ...

component = Component(api=api)
"""

HEAD = """
from functools import partial
import fastapi.openapi.utils
from fastapi.openapi.utils import get_openapi
from fissile import App

app = App(__package__, title="Plain", version="1", openapi_tags=[{"name": "two", "description": "Second."}],
          servers=[{"url": "https://x.test"}])

@app.get("/main")
async def main() -> int: ...
"""

RECIPE = """
def custom_openapi():
    if app.openapi_schema:
        return app.openapi_schema
    openapi_schema = get_openapi(
        title="Custom", version="2.5.0", summary="A summary", description="**Described**", routes=app.routes
    )
    openapi_schema["info"]["x-logo"] = {"url": "https://fastapi.tiangolo.com/img/logo-margin/logo-teal.png"}
    app.openapi_schema = openapi_schema
    return app.openapi_schema

app.openapi = custom_openapi
"""
"""https://fastapi.tiangolo.com/how-to/extending-openapi/"""

DOCUMENTS = """
from fastapi.openapi.utils import get_openapi

def describe(app):
    return titled(app, "Elsewhere")

def titled(app, title):
    return get_openapi(title=title, version="5", routes=app.routes)
"""

WAYS = {
    "recipe": RECIPE,
    "operations": """
def custom():
    schema = get_openapi(title="Custom", version="2", routes=app.routes, tags=app.openapi_tags, servers=app.servers)
    schema["components"]["securitySchemes"] = {"key": {"type": "apiKey", "in": "header", "name": "x-key"}}
    for path in schema["paths"].values():
        for operation in path.values():
            operation["x-extra"] = operation.get("x-extra", 0) + 1
    return schema

app.openapi = custom
""",
    "base": """
def custom():
    schema = App.openapi(app)
    schema["info"]["x-logo"] = {"url": "https://x.test/logo.png"}
    schema["x-times"] = schema.get("x-times", 0) + 1
    return schema

app.openapi = custom
""",
    "original": """
original = app.openapi

def custom():
    schema = original()
    schema["tags"].append({"name": "more"})
    return schema

app.openapi = custom
""",
    "chain": RECIPE
    + """
def second(original):
    def again():
        schema = original()
        schema["x-second"] = True
        return schema
    return again

app.openapi = second(app.openapi)
""",
    "partial": """
def custom(app, *, title):
    return get_openapi(title=title, version="3", routes=app.routes)

app.openapi = partial(custom, app, title="Partial")
""",
    "renamed": """
from fastapi.openapi.utils import get_openapi as describe

def make(app):
    def custom():
        return describe(title="Closure", version="3", routes=app.routes)
    return custom

app.openapi = make(app)
""",
    "helper": """
def helper():
    return get_openapi(title="Custom", version="2", routes=app.routes)

def custom():
    return helper()

app.openapi = custom
""",
    "lambda": """
from .documents import describe

app.openapi = lambda: describe(app)
""",
    "subclass": """
class Own(App):
    def openapi(self):
        if not self.openapi_schema:
            self.openapi_schema = get_openapi(title="Own", version="4", routes=self.routes)
        return self.openapi_schema

app = Own(__package__)
""",
    "super": """
class Own(App):
    def openapi(self):
        schema = super().openapi()
        schema["info"]["x-own"] = 1
        return schema

app = Own(__package__)
""",
    "paths": """
def custom():
    schema = get_openapi(title="Custom", version="2", routes=app.routes)
    schema["paths"]["/two/items"]["post"]["x-added"] = True
    schema["components"]["schemas"]["two.Item"]["x-added"] = True
    return schema

app.openapi = custom
""",
}
"""Ways to change the document."""

REFUSED = {
    "import": """
def custom():
    from fastapi.openapi.utils import get_openapi

    return get_openapi(title="Custom", version="2", routes=app.routes)

app.openapi = custom
""",
    "module": """
def custom():
    return fastapi.openapi.utils.get_openapi(title="Custom", version="2", routes=app.routes)

app.openapi = custom
""",
    "written": """
def custom():
    return {"openapi": "3.1.0", "info": {"title": "By hand", "version": "1"}, "paths": {}}

app.openapi = custom
""",
    "some": """
def custom():
    return get_openapi(title="Custom", version="2", routes=[route for route in app.routes if "items" in route.path])

app.openapi = custom
""",
}
"""Ways that cannot be given the document of all processes."""


def files(way: str) -> dict[str, str]:
    """A project with two components, and an adopted one, whose main.py changes the document in this way."""
    return {
        "main.py": HEAD + {**WAYS, **REFUSED}[way],
        "documents.py": DOCUMENTS,
        "one/component.py": COMPONENT.format(name="one", kind="APIRouter"),
        "two/component.py": COMPONENT.format(name="two", kind="APIRouter"),
        "old/component.py": COMPONENT.format(name="old", kind="FastAPI"),
    }


NAMES = {"one", "two", "old"}


def placed(package: str, *live: str) -> App:
    """The application in a process of its own; without components the whole of it."""
    for module in [module for module in sys.modules if module.startswith(f"{package}.")]:
        del sys.modules[module]
    app: App = importlib.import_module(f"{package}.main").app
    if live:
        peers = {name: Peer(name, ("unix:/nowhere",)) for name in NAMES - {*live}}
        app.view = View("apart", live=frozenset(live), peers=peers)
    return app


async def served(app: App) -> bytes:
    """The document over HTTP, asked for twice."""
    async with AsyncClient(transport=ASGITransport(app), base_url="http://test") as client:
        answers = [await client.get("/openapi.json") for _ in range(2)]
    assert [200, 200] == [answer.status_code for answer in answers]
    assert answers[0].content == answers[1].content
    return answers[0].content


@pytest.mark.parametrize("way", WAYS)
async def test_it_is_the_same_in_every_placement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """Whatever FastAPI documents makes the same document together and apart, with the paths of all processes."""
    file = tmp_path / "composed.json"
    monkeypatch.setenv("FISSILE_OPENAPI", str(file))
    with written(tmp_path, files(way)) as package:
        whole = await served(placed(package))
        parts = [json.loads(json.dumps(placed(package, name).describe())) for name in sorted(NAMES)]
        front = placed(package, "one")
        async with AsyncClient(transport=ASGITransport(front), base_url="http://test") as client:
            assert 503 == (await client.get("/openapi.json")).status_code
        file.write_bytes(render(compose(parts)))
        assert whole == await served(front)
        assert whole == render(placed(package).openapi())
        paths = json.loads(whole)["paths"]
        assert {f"/{name}/items" for name in NAMES} < set(paths)
        assert whole != render(compose(parts))


async def test_it_is_made_again_when_a_process_has_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A recipe that caches its document gets another one when a process has been replaced."""
    file = tmp_path / "composed.json"
    monkeypatch.setenv("FISSILE_OPENAPI", str(file))
    with written(tmp_path, files("recipe")) as package:
        whole: dict[str, Any] = {"openapi": "3.1.0", "info": {"title": "Plain", "version": "1"}, "paths": {"/a": {}}}
        front = placed(package, "one")
        file.write_bytes(render(whole))
        assert ["/a"] == list(json.loads(await served(front))["paths"])
        new = file.with_name("new.json")
        new.write_bytes(render({**whole, "paths": {"/a": {}, "/b": {}}}))
        new.replace(file)
        assert ["/a", "/b"] == list(json.loads(await served(front))["paths"])


async def test_a_packaged_document_is_not_changed_again(tmp_path: Path) -> None:
    """What `fissile openapi` has exported went through the function already."""
    with written(tmp_path, files("operations")) as package:
        exported = placed(package).openapi()
        (tmp_path / package / "openapi.json").write_text(json.dumps(exported))
        assert exported == json.loads(await served(placed(package, "one")))


@pytest.mark.parametrize("way", REFUSED)
@pytest.mark.parametrize("live", [(), ("one",)], ids=["together", "apart"])
def test_what_cannot_be_handed_the_document_is_refused(tmp_path: Path, way: str, live: tuple[str, ...]) -> None:
    """A function that would leave out the paths of other processes is refused at the start, in every placement."""
    with written(tmp_path, files(way)) as package:
        app = placed(package, *live)
        with pytest.raises(ConfigurationError) as refused, TestClient(app):
            pass
        [fault] = refused.value.faults
        assert fault.where.startswith(f"{tmp_path}/{package}/main.py:")
        assert "App.openapi(app)" in fault.fix


def test_routes_that_are_read_before_the_function_is_given(tmp_path: Path) -> None:
    """It is checked at the start too if main.py has read its routes before it assigns the function."""
    main = HEAD + "known = [*app.routes]\n" + REFUSED["written"]
    refused = pytest.raises(ConfigurationError, match="does not build on the document")
    with written(tmp_path, {**files("recipe"), "main.py": main}) as package, refused:
        placed(package).assemble()


def test_without_components_it_is_fastapis() -> None:
    """An application without components runs the function as it is."""
    app = App()
    app.openapi = lambda: {"by": "hand"}  # type: ignore[method-assign]  # as FastAPI documents it
    with TestClient(app) as client:
        assert {"by": "hand"} == client.get("/openapi.json").json()
