"""Versions of the shop, each in a folder of its own, and processes that run them."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .changes import Changes

SHOP = Path(__file__).parents[2] / "examples" / "shop"

PLACEMENT = """\
[mixed]
sales = ["orders"]
people = ["users"]
trade = { components = ["suppliers"], address = "unix:%s" }
"""

CONFTEST = """\
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def fissile_state() -> Path:
    return Path(%r)
"""


@dataclass(frozen=True)
class Tree:
    """One version of the shop, whose suppliers are elsewhere.

    Attributes:
        folder: Where it is.
        meeting: The folder of the sockets and of the databases, which versions that meet have in common.
    """

    folder: Path
    meeting: Path

    @property
    def state(self) -> Path:
        """The folder of the databases."""
        return self.meeting / "state"

    @property
    def suppliers(self) -> Path:
        """Where the process of suppliers listens."""
        return self.meeting / "trade.sock"

    def write(self, changes: Changes) -> None:
        """Copies the shop, and changes it."""
        shutil.copytree(SHOP, self.folder, ignore=shutil.ignore_patterns(".*", "__pycache__"))
        for name, replacements in changes.items():
            for old, new in replacements:
                text = (self.folder / name).read_text()
                assert 1 == text.count(old), f"{name} does not have {old!r} once"
                (self.folder / name).write_text(text.replace(old, new))
        (self.folder / "shop" / "placements.toml").write_text(PLACEMENT % self.suppliers)
        (self.folder / "conftest.py").write_text(CONFTEST % str(self.state))

    @contextmanager
    def running(self, process: str, *options: str) -> Iterator[None]:
        """Runs one process, and waits until it is ready."""
        reading, announcing = os.pipe()
        tied = ["--announce", str(announcing), "--supervisor", str(os.getpid()), "--log-level", "error"]
        words = ["run", "--placement", "mixed", "--process", process, *tied, *options]
        command = [sys.executable, "-P", "-m", "fissile.cli", *words]
        started = subprocess.Popen(command, cwd=self.folder, env=self.environment(), pass_fds=[announcing])
        os.close(announcing)
        with os.fdopen(reading) as announced:
            try:
                assert any('"status": "ready"' in line for line in announced), f"{process} ended"
                yield
            finally:
                started.terminate()
                started.wait(30)

    def environment(self) -> Mapping[str, str]:
        """What its processes find."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("FISSILE_", "PYTEST_"))}
        return {**inherited, "FISSILE_STATE": str(self.state), "XDG_RUNTIME_DIR": str(self.meeting)}

    def tests(self) -> subprocess.CompletedProcess[str]:
        """Runs the tests of this version."""
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--placements", "mixed", "tests"]
        return subprocess.run(command, cwd=self.folder, env=self.environment(), capture_output=True, text=True)
