"""The trees of templates, each of which is a project as it lies there."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fissile.scaffold.rendering import TEMPLATES

pytestmark = pytest.mark.acceptance

CHECKS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy", "."),
    ("pytest", "-q", "-p", "no:cacheprovider"),
)


@pytest.fixture
def raw(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A tree with what every shape has, as it lies there; only Fissile is not looked for."""
    for tree in ("every", request.param):
        shutil.copytree(TEMPLATES / tree, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".*_cache"))
    return tmp_path


@pytest.mark.parametrize("raw", ["tiny", "small", "large"], indirect=True)
@pytest.mark.parametrize("check", CHECKS, ids=" ".join)
def test_raw_tree(raw: Path, check: tuple[str, ...]) -> None:
    """A tree passes its own checks and tests before anything is rendered."""
    ran = subprocess.run([sys.executable, "-m", *check], cwd=raw, capture_output=True, text=True, check=False)
    assert 0 == ran.returncode, ran.stdout + ran.stderr
