"""The `__init__.py` of a component is empty, in every placement."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fissile import App
from fissile.errors import ConfigurationError, Fault
from fissile.project import Peer, View, find
from fissile.runtime.absent import keep_out
from tests.runtime.projects import written
from tests.runtime.test_health import PUBLIC

SERVICE = """
from .public import Stock

class StockService(Stock):
    async def count(self, item: str) -> int:
        return 1

    async def move(self, item: str) -> None: ...
"""
STOCK = """
from fissile import Component

from .public import Stock
from .service import StockService

component = Component(provides={Stock: StockService})
"""
WEB = """
from fissile import Component
from ..stock.public import Stock

component = Component(needs=[Stock])
"""
WHY = "it would run in every process that imports the public module of the component, beside what that imports"

VIEWS = {
    "together": View(),
    "wire": View("wire", wire=True),
    "apart": View("apart", "web", frozenset({"web"}), {"stock": Peer("stock", ("unix:/none",))}),
    "apart, the other": View("apart", "stock", frozenset({"stock"})),
}
NOT_EMPTY = [
    ("from .service import StockService\n", 1),
    ("from .public import Stock\n", 1),
    ('"""Stock."""\n\n# all of it\nfrom .public import Stock\nfrom .service import StockService\n', 4),
    ("try:\n    from .service import StockService\nexcept ImportError:\n    pass\n", 1),
    ("def __getattr__(name):\n    from . import service\n    return getattr(service, name)\n", 1),
    ("import os\n", 1),
    ("VERSION = 1\n", 1),
]


@pytest.fixture(autouse=True)
def unguarded() -> Iterator[None]:
    """Forget the import guards of these tests."""
    before = list(sys.meta_path)
    yield
    sys.meta_path[:] = before


def files(init: str) -> dict[str, str]:
    """Return a project in which web needs stock."""
    return {
        "web/component.py": WEB,
        "stock/public.py": PUBLIC,
        "stock/service.py": SERVICE,
        "stock/component.py": STOCK,
        "stock/__init__.py": init,
    }


def refused(package: str, view: View) -> tuple[Fault, ...]:
    """Assemble an application that is refused, as the command line does in a process of a placement."""
    app = App(package)
    app.view = view
    keep_out(find(package), view)
    with pytest.raises(ConfigurationError) as raised:
        app.assemble()
    return raised.value.faults


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
@pytest.mark.parametrize(("init", "line"), NOT_EMPTY)
def test_code_is_refused_in_every_placement(tmp_path: Path, init: str, line: int, view: View) -> None:
    """By the same fault, at the first statement."""
    with written(tmp_path, files(init)) as package:
        (fault,) = refused(package, view)
        expected = (
            "the __init__.py of stock is not empty",
            WHY,
            f"keep __init__.py empty: others import {package}.stock.public",
        )
        assert expected == (fault.what, fault.why, fault.fix)
        assert fault.where.endswith(f"stock/__init__.py:{line}")


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
@pytest.mark.parametrize("init", ["", "# stock\n", '"""Stock, and what is left of it."""\n'])
def test_words_are_no_code(tmp_path: Path, init: str, view: View) -> None:
    """Comments and a docstring may stay."""
    with written(tmp_path, files(init)) as package:
        app = App(package)
        app.view = view
        keep_out(find(package), view)
        app.assemble()


def test_main_meets_it_too(tmp_path: Path) -> None:
    """The guard of a process names the file that has to be empty, and no need that would not help."""
    with written(tmp_path, files(NOT_EMPTY[0][0])) as package:
        keep_out(find(package), VIEWS["apart"])
        with pytest.raises(ConfigurationError, match=r"the __init__\.py of stock is not empty"):
            importlib.import_module(f"{package}.stock.public")
