"""What users install."""

import subprocess
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DISTRIBUTION = f"fissile-{version('fissile')}"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, built from the work tree."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return zipfile.ZipFile(built)


def test_the_wheel_holds_every_module_and_the_type_marker(wheel: zipfile.ZipFile) -> None:
    """A module that works in the work tree but is left out of the wheel would fail only at the user's."""
    modules = {str(file.relative_to(ROOT / "src")) for file in (ROOT / "src").rglob("*.py")}
    packed = {name for name in wheel.namelist() if name.startswith("fissile/")}
    assert modules | {"fissile/py.typed"} <= packed


def test_the_wheel_installs_nothing_beside_the_package(wheel: zipfile.ZipFile) -> None:
    """Tests and examples of ours would land in everybody's site-packages."""
    assert {name.partition("/")[0] for name in wheel.namelist()} == {"fissile", f"{DISTRIBUTION}.dist-info"}


def test_the_wheel_brings_the_command_and_the_pytest_plugin(wheel: zipfile.ZipFile) -> None:
    """`fissile` and `pytest --placements` work right after the installation."""
    entries = wheel.read(f"{DISTRIBUTION}.dist-info/entry_points.txt").decode()
    assert entries.split() == [
        *("[console_scripts]", "fissile", "=", "fissile.cli:main"),
        *("[pytest11]", "fissile", "=", "fissile.testing.plugin"),
    ]


def test_heavy_libraries_are_extras(wheel: zipfile.ZipFile) -> None:
    """Who has no database installs no SQLAlchemy, and who runs no tests no pytest."""
    lines = wheel.read(f"{DISTRIBUTION}.dist-info/METADATA").decode().splitlines()
    required = [line.removeprefix("Requires-Dist: ") for line in lines if line.startswith("Requires-Dist: ")]
    always = {line.partition(">")[0] for line in required if "extra ==" not in line}
    assert always & {"sqlalchemy[asyncio]", "aiosqlite", "pytest", "httpx2", "ruff", "mypy"} == set()
    assert {"fastapi", "uvicorn", "dishka", "pydantic"} <= always
