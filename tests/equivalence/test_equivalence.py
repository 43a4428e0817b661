"""What would make an answer depend on the placement is found by the tests that a project has anyway.

Each plant is a patch to a copy of the shop. None of the shop's tests was written for it; it is found because they run
together, in `wire` and apart, with what the plugin looks for besides: answers to repeated calls, arguments that were
changed, values that arrive as others. Where the shop has nothing that a test could look at, that is planted too, with
its test.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .inside import INSIDE
from .main import MAIN
from .plants import PLANTS, Plant
from .state import STATE

SHOP = Path(__file__).parents[2] / "examples" / "shop"

pytestmark = pytest.mark.acceptance


@pytest.mark.parametrize("plant", [*PLANTS, *STATE, *MAIN, *INSIDE], ids=str)
def test_found(tmp_path: Path, plant: Plant) -> None:
    """The shop's own tests fail in exactly the placements where the plant shows, and say what was seen."""
    shop = tmp_path / "shop"
    shutil.copytree(SHOP, shop, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    for name, changes in plant.changes.items():
        for old, new in changes:
            patch(shop / name, old, new)
    report = run(shop, plant.tests)
    assert plant.found == placements_of_failures(report), report[-5_000:]
    assert re.search(plant.said, report), report[-5_000:]


def patch(file: Path, old: str | None, new: str) -> None:
    """Replaces text that is there once; makes a new file where there is no old text."""
    if old is None:
        assert not file.exists()
        file.write_text(new)
        return
    text = file.read_text()
    assert 1 == text.count(old), f"{file.name} does not have {old!r} once"
    file.write_text(text.replace(old, new))


def run(shop: Path, tests: str) -> str:
    """The report of the shop's tests in every placement, and what its processes said."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("FISSILE_", "PYTEST_"))}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--placements",
        "together,wire,apart",
        "-q",
        "-rfE",
        "--tb=short",
        "--show-capture=stderr",
    ]
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider", tests], cwd=shop, env=environment, capture_output=True, text=True
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done.stdout


def placements_of_failures(report: str) -> frozenset[str]:
    """The placements in the names of the tests that failed."""
    return frozenset(re.findall(r"^(?:FAILED|ERROR) [^[\s]+\[(together|wire|apart)\b", report, re.MULTILINE))
