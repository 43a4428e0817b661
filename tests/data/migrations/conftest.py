"""A component with a database of its own, in SQLite and in PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fissile.data.address import Address
from tests.data.conftest import provisioned

from .orders import Orders
from .processes import Processes


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Orders:
    """A component on SQLite, without revisions yet."""
    return Orders(tmp_path / "orders", Address.of_file("orders", tmp_path / "orders.sqlite3"))


@pytest.fixture
def on_postgres(request: pytest.FixtureRequest, tmp_path: Path) -> Orders:
    """A component on PostgreSQL, without revisions yet."""
    (address,) = provisioned(request.getfixturevalue("database"), tmp_path / "secrets", "orders")
    return Orders(tmp_path / "orders", address)


@pytest.fixture(params=["sqlite", "postgresql"])
def orders(request: pytest.FixtureRequest) -> Orders:
    """A component, once on SQLite and once on PostgreSQL."""
    found: Orders = request.getfixturevalue("on_sqlite" if request.param == "sqlite" else "on_postgres")
    return found


@pytest.fixture
def processes() -> Iterator[Processes]:
    """Starts processes, which end with the test."""
    started = Processes()
    yield started
    started.close()
