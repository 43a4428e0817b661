"""Versions of the shop, each in a folder of its own, and processes that run them."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .changes import Changes

SHOP = Path(__file__).parents[2] / "examples" / "shop"

MIGRATIONS = "shop/suppliers/migrations"

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


def copy(folder: Path, changes: Changes) -> None:
    """Copies the shop, and changes it."""
    shutil.copytree(SHOP, folder, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    for name, replacements in changes.items():
        change(folder / name, replacements)


def change(file: Path, replacements: Sequence[tuple[str, str]]) -> None:
    """Changes texts that are in a file once each."""
    for old, new in replacements:
        text = file.read_text()
        assert 1 == text.count(old), f"{file.name} does not have {old!r} once"
        file.write_text(text.replace(old, new))


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

    def write(self, changes: Changes, like: "Tree | None" = None) -> None:
        """Copies the shop, changes it, and writes the revision that its new tables need.

        Args:
            changes: What changes.
            like: The same version elsewhere, which has that revision already.
        """
        copy(self.folder, changes)
        (self.folder / "shop" / "placements.toml").write_text(PLACEMENT % self.suppliers)
        (self.folder / "conftest.py").write_text(CONFTEST % str(self.state))
        if like is not None:
            shutil.copytree(like.folder / MIGRATIONS, self.folder / MIGRATIONS, dirs_exist_ok=True)
        elif "shop/suppliers/db.py" in changes:
            self.fissile("db", "revision", "suppliers", "-m", "change suppliers")

    def fissile(self, *words: str) -> str:
        """Runs a command to its end; what it said."""
        command = [sys.executable, "-P", "-m", "fissile.cli", *words]
        done = subprocess.run(command, cwd=self.folder, env=self.environment(), capture_output=True, text=True)
        assert 0 == done.returncode, done.stderr
        return done.stderr

    @contextmanager
    def running(self, process: str, *options: str) -> Iterator[None]:
        """Runs one process, its databases up to date, and waits until it is ready."""
        self.fissile("db", "upgrade")
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
