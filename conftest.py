"""What every test of the repository shares."""

import pytest


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Async tests run on asyncio, the only loop that Fissile is written for."""
    return "asyncio"
