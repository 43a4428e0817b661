"""Every command that writes, on a disk that is full or read-only: a fault, and everything as it was."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from fissile.project import make_state
from tests.mounts import fill, make_read_only, mount, mounted, needs_mounts

pytestmark = needs_mounts

MAKE = "import sys; from tests.cli.test_disks import main; main(*sys.argv[1:])"

COMPONENT = """\
from sqlalchemy import Column, Integer, MetaData, Table

from fissile import Component, Database

metadata = MetaData()
notes = Table("notes", metadata, Column("id", Integer, primary_key=True))
component = Component(database=Database(metadata))
"""

FILES = {
    "pyproject.toml": '[tool.fastapi]\nentrypoint = "diary.main:app"\n',
    "diary/__init__.py": "",
    "diary/main.py": "from fissile import App\n\napp = App(__package__)\n",
    "diary/notes/__init__.py": "",
    "diary/notes/component.py": COMPONENT,
    "tests/test_notes.py": "import diary.notes.component\n" + "# long\n" * 2000,
}

WRITING = (
    "new other",
    "new other --shape large",
    "add component stores",
    "add component stores --layers",
    "add router notes refunds",
    "rename component notes memos",
    "remove component notes",
    "db revision notes -m start",
    "db upgrade",
    "secret create link",
    "openapi --output openapi.json",
    "run --port 0",
    "run --port 0 --placement apart",
    "dev --port 0",
)

NEEDS_NO_ROOM = ("remove component notes",)
"""Commands that a full disk does not prevent."""

FEW = ("new other", "add component stores", "secret create link")
"""Those of the tests that run every time."""


def main(kind: str, where: str, left: str, folder: str, *lines: str) -> None:
    """Run each command in a project on a disk that is ``full`` or ``read-only``, and print how each has ended.

    Args:
        kind: How the disk is.
        where: What is on it: the ``project``, the ``project with state``, or the ``home`` with the user's state.
        left: KiB that are left on a full one.
        folder: An empty folder.
        lines: The commands.
    """
    ends = []
    for number, line in enumerate(lines):
        disk, plain = Path(folder, f"disk{number}"), Path(folder, f"plain{number}")
        mount(disk, 2048)
        project, home = (plain / "here", disk / "home") if where == "home" else (disk / "here", plain / "home")
        home.mkdir(parents=True)
        for path, text in FILES.items():
            (project / path).parent.mkdir(parents=True, exist_ok=True)
            (project / path).write_text(text)
        if where == "project with state":
            make_state(project / ".fissile")
        before = contents(project)
        if kind == "full":
            fill(disk, int(left))
        else:
            make_read_only(disk)
        ended = fissile(project, home, *line.split())
        is_same = before == contents(project)
        journal = list(home.rglob("plan.json"))
        ends.append([line, ended.returncode, ended.stderr, is_same and not journal])
    sys.stdout.write(json.dumps(ends))


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a project, without caches and state, and every folder."""
    left_out = ("__pycache__", ".fissile")
    found = (path for path in folder.rglob("*") if not set(left_out) & set(path.parts))
    return {str(path): path.read_bytes() if path.is_file() else b"" for path in found}


def fissile(folder: Path, state: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command; Python itself writes nothing."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FISSILE_", "PYTEST_"))}
    own = {"NO_COLOR": "1", "PYTHONDONTWRITEBYTECODE": "1", "XDG_STATE_HOME": str(state)}
    command = [str(Path(sys.executable).parent / "fissile"), *words]
    return subprocess.run(
        command, cwd=folder, env={**kept, **own}, capture_output=True, text=True, timeout=120, check=False
    )


def assert_refused(folder: Path, kind: str, where: str, lines: Sequence[str]) -> None:
    """Make sure that each command ends with a fault, and leaves everything as it was."""
    for line, code, error, is_same in json.loads(mounted(MAKE, kind, where, "0", str(folder), *lines)):
        if line in NEEDS_NO_ROOM and (kind, code) == ("full", 0):
            continue
        assert (True, True) == (code in (3, 4), is_same), f"{line}: {code}\n{error}"
        assert "error: " in error, line
        assert "Traceback" not in error, error


@pytest.mark.parametrize("kind", ["full", "read-only"])
def test_what_cannot_be_written_is_a_fault(tmp_path: Path, kind: str) -> None:
    """Exit code 3 or 4, with the file; nothing is half written, and nothing has to be recovered."""
    assert_refused(tmp_path, kind, "project", FEW)


@pytest.mark.acceptance
@pytest.mark.parametrize("kind", ["full", "read-only"])
def test_no_command_ends_with_a_traceback(tmp_path: Path, kind: str) -> None:
    """All that write into a project: source, and the folder of the state."""
    assert_refused(tmp_path, kind, "project", WRITING)


@pytest.mark.acceptance
@pytest.mark.parametrize("kind", ["full", "read-only"])
def test_no_lock_and_no_database_ends_with_a_traceback(tmp_path: Path, kind: str) -> None:
    """Where the folder of the state is there already, its files are the first that find no room."""
    words = ("remove", "db", "secret", "run", "dev")
    assert_refused(tmp_path, kind, "project with state", [line for line in WRITING if line.startswith(words)])


@pytest.mark.acceptance
@pytest.mark.parametrize("kind", ["full", "read-only"])
def test_no_journal_is_no_step(tmp_path: Path, kind: str) -> None:
    """Where the journal cannot be written, the project is not changed."""
    assert_refused(tmp_path, kind, "home", [line for line in WRITING if line.startswith(("add", "rename", "remove"))])


@pytest.mark.acceptance
@pytest.mark.parametrize("where", ["project", "home"])
def test_a_disk_that_fills_up_in_the_middle(tmp_path: Path, where: str) -> None:
    """However much room is left, a step is done whole, or not at all with nothing left to recover."""
    lines = ("rename component notes memos", "add component stores")
    codes = set()
    for left in (4, 8, 16, 24, 32, 48, 64):
        folder = tmp_path / str(left)
        for line, code, error, is_same in json.loads(mounted(MAKE, "full", where, str(left), str(folder), *lines)):
            assert (code, is_same) in ((0, False), (3, True)), f"{line}, {left} KiB left: {code}\n{error}"
            assert "Traceback" not in error, error
            codes.add(code)
    assert {0, 3} == codes
