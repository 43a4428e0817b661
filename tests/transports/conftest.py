"""Lets pytest explain the assertions of the class that the tests inherit; places for workers."""

from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from .places import Place

pytest.register_assert_rewrite(f"{__package__}.conformance")


@pytest.fixture
async def places() -> AsyncIterator[tuple[Place, Place]]:
    """Two places, at which nobody answers yet."""
    with TemporaryDirectory(prefix="f-") as folder:  # a short path
        places = Place(Path(folder) / "1.sock"), Place(Path(folder) / "2.sock")
        yield places
        for place in places:
            await place.kill()
