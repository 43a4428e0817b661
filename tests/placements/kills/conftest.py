"""The shop apart, and where figures are told."""

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .town import Town


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """A shop that is not started yet; nothing of it outlives the test."""
    runtime = Path(tempfile.mkdtemp(prefix="f-", dir="/tmp"))
    folder = tmp_path / "shop"
    folder.mkdir()
    made = Town(folder, runtime)
    yield made
    made.close()
    shutil.rmtree(runtime)


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Says a figure to whoever runs the tests: times are told, and hardly ever asserted."""

    def write(line: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n    {line}")

    return write
