"""Every mistake that `tests/assets` shows is one clear error: what, where, why and the fix, all at once.

Each asset is a small broken application. Its docstring says why it fails, its `expected.txt` what its user reads. A
file called `dot.env` stands for a `.env`, which is not committed.
"""

import importlib
import shutil
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from fissile import App, ConfigurationError

ASSETS = Path(__file__).parent / "assets"
FAILING_IMPORT = "failing_import"
BROKEN = sorted(folder.parent.name for folder in ASSETS.glob("*/expected.txt"))


@pytest.fixture(autouse=True)
def assets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Copies the assets to where they can be imported, in the working directory, and forgets them afterwards."""
    shutil.copytree(ASSETS, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    for file in tmp_path.rglob("dot.env"):
        file.rename(file.with_name(".env"))
    for variable in ("FISSILE_PLACEMENT", "FISSILE_MODE", "FISSILE_SECRETS", "FISSILE_STATE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] in {*BROKEN, FAILING_IMPORT}]:
        del sys.modules[name]


def application(asset: str) -> App:
    """Imports the application of an asset, which works; only what it is made of does not."""
    app = importlib.import_module(f"{asset}.main").app
    assert isinstance(app, App)
    return app


def test_every_asset_is_tested() -> None:
    """An asset without an expectation would be no test."""
    assert sorted([*BROKEN, FAILING_IMPORT]) == sorted(folder.parent.name for folder in ASSETS.glob("*/main.py"))


@pytest.mark.parametrize("asset", BROKEN)
def test_a_broken_application_says_everything_at_once(asset: str) -> None:
    """The whole text is as expected, also when it is asked for a second time."""
    app = application(asset)
    for _ in range(2):
        with pytest.raises(ConfigurationError) as raised:
            app.assemble()
        assert (ASSETS / asset / "expected.txt").read_text() == f"{raised.value}\n"


@pytest.mark.parametrize("asset", BROKEN)
def test_every_fault_is_complete(asset: str) -> None:
    """Each fault says what, where (a file that exists, and a line), why and the fix, and no value of a variable."""
    with pytest.raises(ConfigurationError) as raised:
        application(asset).assemble()
    for fault in raised.value.faults:
        assert "" not in (fault.what, fault.where, fault.why, fault.fix)
        file, _, line = fault.where.partition(" ")[0].partition(":\n")[0].rpartition(":")
        assert 0 < int(line) <= len(Path(file).read_text().splitlines())
        assert "hunter2" not in repr(fault)


def test_a_broken_application_does_not_start() -> None:
    """A server that runs the lifespan gets the same error, before the first request."""
    with pytest.raises(ConfigurationError) as raised, TestClient(application("cycle")):
        pass
    assert (ASSETS / "cycle" / "expected.txt").read_text() == f"{raised.value}\n"


def test_an_import_that_fails_is_the_users_own_error_and_whole() -> None:
    """The exception passes through as it is, with every line of the user's code on the way to it."""
    with pytest.raises(ModuleNotFoundError) as raised:
        application(FAILING_IMPORT).assemble()
    assert "No module named 'no_such_payment_library'" == str(raised.value)
    here = Path.cwd()
    frames = [
        frame for frame in traceback.extract_tb(raised.value.__traceback__) if here in Path(frame.filename).parents
    ]
    places = [f"{Path(frame.filename).relative_to(here).as_posix()}:{frame.lineno}" for frame in frames]
    assert ["failing_import/orders/component.py:6", "failing_import/orders/service.py:3"] == places
    assert (None, None) == (raised.value.__cause__, raised.value.__context__)


@pytest.mark.acceptance
@pytest.mark.parametrize("asset", [*BROKEN, FAILING_IMPORT])
def test_the_command_line_ends_with_the_code_for_configuration(asset: str, tmp_path: Path) -> None:
    """`fissile run` says the same on stderr, with a traceback for the user's own exception alone, and exits with 3."""
    (tmp_path / "pyproject.toml").write_text(f'[tool.fastapi]\nentrypoint = "{asset}.main:app"\n')
    command = [str(Path(sys.executable).with_name("fissile")), "run", "--port", "0"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (3, "") == (done.returncode, done.stdout)
    assert (asset == FAILING_IMPORT) == ("Traceback" in done.stderr)
    if asset != FAILING_IMPORT:
        assert (ASSETS / asset / "expected.txt").read_text() == done.stderr.replace("error: ", "")
