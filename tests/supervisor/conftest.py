"""A project of several processes, not started."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .works import Works, works_in


@pytest.fixture
def works(tmp_path: Path) -> Iterator[Works]:
    """A terminal in its folder."""
    with works_in(tmp_path) as terminal:
        yield terminal
