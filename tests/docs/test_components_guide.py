"""The guide to components holds on the application of the tutorial."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.docs.guide import File, Reader, steps

DOCS = Path(__file__).parents[2] / "docs"


def tutorial(folder: Path) -> None:
    """Leaves a folder as the tutorial does, without starting anything on the way."""
    for step in steps((DOCS / "tutorial.md").read_text(encoding="utf-8")):
        if isinstance(step, File):
            path = folder / step.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(step.text, encoding="utf-8")
        elif step.line.startswith(("rm ", "mkdir ", "touch ")):
            subprocess.run(step.line, shell=True, check=True, cwd=folder)


@pytest.mark.skipif(shutil.which("curl") is None and "CI" not in os.environ, reason="the guide asks with curl")
def test_components(tmp_path: Path) -> None:
    """Whoever goes on where the tutorial ends sees what the guide shows."""
    tutorial(tmp_path)
    Reader(tmp_path).follow((DOCS / "guides" / "components.md").read_text(encoding="utf-8"))
