"""The depot under test, and pytest run on a copy of it."""

import shutil
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import alembic.runtime.environment  # noqa: F401  # as SQLAlchemy
import pytest
import sqlalchemy.ext.asyncio  # noqa: F401  # pytester forgets what is imported inside, and it cannot be imported twice

from fissile import App
from tests.testing.depot.main import app as depot

pytest_plugins = ["pytester"]

Run = Callable[..., pytest.RunResult]

PYPROJECT = """
[tool.fastapi]
entrypoint = "depot.main:app"

[tool.pytest.ini_options]
pythonpath = ["."]
"""

HEAD = """
import pytest

from depot.sales.public import Sales
from depot.stock.public import Item, Stock
from fissile import App, Provided
"""


@pytest.fixture
def app() -> App:
    """The depot, which has no pyproject.toml of its own here."""
    return depot


@pytest.fixture
def run(pytester: pytest.Pytester) -> Run:
    """Copies the depot, runs pytest on it with these tests, and gives what came of it."""

    def running(tests: str, *options: str, **files: str) -> pytest.RunResult:
        shutil.copytree(Path(__file__).parent / "depot", pytester.path / "depot", dirs_exist_ok=True)
        texts = {"pyproject.toml": PYPROJECT, "tests/test_depot.py": HEAD + dedent(tests)}
        texts |= {f"{name.replace('__', '/')}.py": dedent(text) for name, text in files.items() if name != "placements"}
        texts["depot/placements.toml"] = dedent(files.get("placements", ""))
        for name, text in texts.items():
            (pytester.path / name).parent.mkdir(exist_ok=True)
            (pytester.path / name).write_text(text)
        return pytester.runpytest("-p", "no:cacheprovider", *options, "tests")

    return running
