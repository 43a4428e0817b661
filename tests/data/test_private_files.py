"""What a component keeps in SQLite is for the user who runs it alone, and so is every file around it."""

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal

NOTES = {
    "pyproject.toml": '[tool.fastapi]\nentrypoint = "diary.main:app"\n',
    "diary/__init__.py": "",
    "diary/main.py": "from fissile import App\n\napp = App(__package__)\n",
    "diary/notes/__init__.py": "",
    "diary/notes/component.py": (
        "from sqlalchemy import Column, Integer, MetaData, Table\n"
        "from fissile import Component, Database\n\n"
        'metadata = MetaData()\nnotes = Table("notes", metadata, Column("id", Integer, primary_key=True))\n'
        "component = Component(database=Database(metadata))\n"
    ),
}


@pytest.fixture
def diary(tmp_path: Path) -> Iterator[Terminal]:
    """A project with data, in a shell in which everybody may do everything."""
    (tmp_path / "here").mkdir()
    opened = Terminal(tmp_path / "here")
    del opened.variables["FISSILE_STATE"]
    opened.write(NOTES)
    before = os.umask(0)
    yield opened
    os.umask(before)
    opened.close()


def test_everything_in_the_state_is_private(diary: Terminal) -> None:
    """The database with its log and its locks, while it is served and afterwards; of a database elsewhere the same."""
    assert 0 == diary.run("db", "revision", "notes", "-m", "start").code
    diary.variables["NOTES__DATABASE_URL"] = f"sqlite:///{diary.folder}/kept.sqlite3"
    assert 0 == diary.run("db", "upgrade").code
    del diary.variables["NOTES__DATABASE_URL"]
    assert 0 == diary.run("db", "upgrade").code
    diary.start("dev", "--port", "0").url()
    with closing(sqlite3.connect(diary.folder / ".fissile/notes.sqlite3")) as connection:
        assert [] == connection.execute("SELECT * FROM notes").fetchall()
        found = {path.name: path.stat().st_mode for path in (diary.folder / ".fissile").rglob("*")}
    assert {"notes.sqlite3", "notes.sqlite3-wal", "notes.sqlite3-shm", "supervisor.lock"} <= found.keys()
    open_to_others = [name for name, mode in found.items() if stat.S_IMODE(mode) & 0o077]
    assert [] == open_to_others
    assert 0o700 == stat.S_IMODE((diary.folder / ".fissile").stat().st_mode)
    assert 0o600 == stat.S_IMODE((diary.folder / "kept.sqlite3").stat().st_mode)
