"""The same on the oldest and the newest FastAPI that Fissile supports, each in an environment of its own."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.dropin.servers import ROOT
from tests.dropin.test_dropin import SEEN, compare

pytestmark = pytest.mark.acceptance

NEEDED = ["python-multipart>=0.0.20", "websockets>=15"]
"""What the application uses besides what Fissile depends on, at its oldest."""


def environment(directory: Path, resolution: str) -> str:
    """Makes a virtual environment of Fissile's dependencies in their oldest or newest versions; gives its Python."""
    uv = shutil.which("uv") or str(ROOT / ".cache" / "uv" / "bin" / "uv")
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    python = directory / "bin" / "python"
    variables = {**os.environ, **_index()}
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(directory)], env=variables, check=True)
    subprocess.run(
        [uv, "pip", "install", "--quiet", "--python", str(python), "--resolution", resolution, *declared, *NEEDED],
        env=variables,
        check=True,
    )
    return str(python)


def _index() -> dict[str, str]:
    """The index that pip would use: uv does not read pip's configuration."""
    if "UV_DEFAULT_INDEX" in os.environ or "PIP_INDEX_URL" in os.environ:
        return {"UV_DEFAULT_INDEX": os.environ.get("UV_DEFAULT_INDEX") or os.environ["PIP_INDEX_URL"]}
    base = Path(sys.base_prefix) / "bin" / "python3"
    asked = subprocess.run(
        [str(base), "-m", "pip", "config", "get", "global.index-url"], capture_output=True, text=True, check=False
    )
    return {"UV_DEFAULT_INDEX": asked.stdout.strip()} if asked.stdout.strip() else {}


def installed(python: str, *names: str) -> dict[str, str]:
    """The versions that an environment has."""
    program = (
        f"import json; from importlib.metadata import version; print(json.dumps({{n: version(n) for n in {names}}}))"
    )
    found = subprocess.run([python, "-c", program], capture_output=True, text=True, check=True)
    versions: dict[str, str] = json.loads(found.stdout)
    return versions


@pytest.mark.parametrize("http", ["httptools", "h11"])
def test_it_is_fastapi_with_the_oldest_of_everything(tmp_path: Path, http: str) -> None:
    """With every dependency at the lower bound that Fissile declares, FastAPI 0.165 first of all."""
    python = environment(tmp_path / "oldest", "lowest-direct")
    assert installed(python, "fastapi", "starlette") == {"fastapi": "0.165.0", "starlette": "1.6.0"}
    assert compare(python, http) >= SEEN


@pytest.mark.parametrize("http", ["httptools", "h11"])
def test_it_is_fastapi_with_the_newest_of_everything(tmp_path: Path, http: str) -> None:
    """With the newest of every dependency that the index has, pinned or not."""
    python = environment(tmp_path / "newest", "highest")
    assert compare(python, http) >= SEEN
