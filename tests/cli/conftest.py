"""A terminal in an empty folder, or in the folder of a small project."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .project import FILES
from .terminal import Terminal


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """A terminal in an empty folder."""
    folder = tmp_path / "here"
    folder.mkdir()
    opened = Terminal(folder)
    yield opened
    opened.close()


@pytest.fixture
def bolts(terminal: Terminal) -> Terminal:
    """A terminal in the folder of the project `bolts`."""
    terminal.write(FILES)
    return terminal
