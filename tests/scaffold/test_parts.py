"""Routers, versions and calls that are added to whole projects: these pass their checks and tests at once."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal

pytestmark = pytest.mark.acceptance

SHOP = Path(__file__).parents[2] / "examples" / "shop"

CONFIGURATION = """
[tool.ruff]
line-length = 120

[tool.ruff.lint]
extend-select = ["D", "I"]
ignore = ["D107"]

[tool.ruff.lint.isort]
known-first-party = ["fissile", "shop"]

[tool.ruff.lint.pydocstyle]
convention = "google"

[tool.ruff.lint.per-file-ignores]
"**/__init__.py" = ["D104"]
"**/migrations/[0-9]*.py" = ["D103"]
"tests/**" = ["D100", "D101", "D102"]

[tool.mypy]
strict = true
plugins = ["pydantic.mypy"]
explicit_package_bases = true
"""
"""What the checks of the shop, which has those of this repository, are where it stands alone."""


def types(root: Path, *commands: str) -> None:
    """Types commands, each of which does what it says."""
    for command in commands:
        done = Terminal(root).run(*command.split()[1:])
        assert 0 == done.code, done.out + done.err


def passes(root: Path, *checks: Sequence[str]) -> None:
    """Lets a project check itself."""
    for check in checks:
        done = subprocess.run([sys.executable, "-m", *check], cwd=root, capture_output=True, text=True, check=False)
        assert 0 == done.returncode, done.stdout + done.stderr


CHECKS = (["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy", "."])
TESTS = ["pytest", "-q", "-n", "0", "-p", "no:cacheprovider"]


def test_the_shop_grows(tmp_path: Path) -> None:
    """Its own tests, which ask the old URLs, pass as they are; and all that is new is tidy where it was."""
    root = tmp_path / "shop"
    shutil.copytree(SHOP, root, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    project = root / "pyproject.toml"
    project.write_text(project.read_text() + CONFIGURATION)
    passes(root, *CHECKS)
    types(
        root,
        "fissile add version orders v2",
        "fissile add router orders refunds --version v2",
        "fissile add version orders v3",
        "fissile add router suppliers price_lists",
        "fissile add version users v2",
        "fissile add call suppliers users",
    )
    passes(root, *CHECKS, TESTS)


def test_a_new_project_grows(tmp_path: Path) -> None:
    """Flat components and those whose layers are folders get all that there is."""
    types(tmp_path, "fissile new depot --shape large")
    root = tmp_path / "depot"
    types(
        root,
        "fissile add component orders",
        "fissile add component bills --layers",
        "fissile add router orders refunds",
        "fissile add version orders v2",
        "fissile add router bills reminders",
        "fissile add version bills v2",
        "fissile add router bills letters --version v2",
        "fissile add version bills v3",
        "fissile add version notes v2",
        "fissile add call orders notes",
        "fissile add call bills orders",
    )
    passes(root, *CHECKS, TESTS)
