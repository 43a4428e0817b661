"""Components start in the order of their needs, around the lifespan of main.py, and end in the reverse order."""

import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from fissile import App

PACKAGE = "ordered_project"

JOURNAL = '''
"""What happened, in order."""
happened: list[str] = []
'''

PART = '''
"""A component."""
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from fastapi import APIRouter, FastAPI

from fissile import Component, Interface
from ordered_project.journal import happened
{imports}

class {kind}(Interface, Protocol):
    """Something to need."""

    async def hello(self) -> str:
        """Says who it is."""
        ...


class Service({kind}):
    """What is needed."""

    async def hello(self) -> str:
        """Says who it is."""
        return "{name}"


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Tells when it begins and ends."""
    happened.append("begin {name}")
    yield
    happened.append("end {name}")


component = Component(provides={{{kind}: Service}}, needs=[{needs}], api=APIRouter(lifespan=lifespan))
'''


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Three components: by name the first needs the second, which needs the third."""
    folder = tmp_path / PACKAGE
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "journal.py").write_text(JOURNAL, encoding="utf-8")
    for name, kind, needed in [("alpha", "Alpha", "beta"), ("beta", "Beta", "gamma"), ("gamma", "Gamma", "")]:
        (folder / name).mkdir()
        (folder / name / "__init__.py").touch()
        imports = f"from {PACKAGE}.{needed}.component import {needed.title()}\n" if needed else ""
        text = PART.format(imports=imports, kind=kind, name=name, needs=needed.title())
        (folder / name / "component.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("FISSILE_STATE", str(tmp_path / "state"))
    yield PACKAGE
    for module in [module for module in sys.modules if module.partition(".")[0] == PACKAGE]:
        del sys.modules[module]


def test_lifespans_run_in_the_order_of_needs(project: str) -> None:
    """A provider is there before who needs it, and still there when that ends."""
    with TestClient(App(project)):
        pass
    happened = sys.modules[f"{PACKAGE}.journal"].happened
    begin, end = ["begin gamma", "begin beta", "begin alpha"], ["end alpha", "end beta", "end gamma"]
    assert [*begin, *end] == happened


def test_main_may_call_components_in_its_lifespan(project: str) -> None:
    """The components are there when the lifespan of main.py begins."""
    said: list[str] = []

    @asynccontextmanager
    async def lifespan(app: App) -> AsyncIterator[None]:
        beta = sys.modules[f"{PACKAGE}.beta.component"].Beta
        async with app.caller() as call:
            said.append(await call(beta).hello())
        yield

    with TestClient(App(project, lifespan=lifespan)):
        assert ["beta"] == said
