"""One stand for all tests of a worker."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.gateway.stand import Stand, standing


@pytest.fixture(scope="session")
def stand() -> Iterator[Stand]:
    """The booth, straight and through the gateway."""
    with TemporaryDirectory(prefix="f-", dir="/tmp") as folder, standing(Path(folder)) as running:
        yield running
