"""The databases of an application under test: made once, empty for each test.

pytest loads this for every project, so what needs SQLAlchemy is elsewhere (`fissile.testing.own_data`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

    from ..runtime.wiring import Runtime
    from .postgres import OwnPostgres

SQLITE, POSTGRESQL = "sqlite", "postgresql"

DATABASES = (SQLITE, POSTGRESQL)
"""What tests can be run on."""


class Databases(Protocol):
    """The databases of one application, of one kind.

    Attributes:
        environment: What tells its processes where they are.
    """

    environment: Mapping[str, str]

    def use(self, runtime: Runtime) -> None:
        """Has the application use them from now on."""
        ...

    def empty(self) -> None:
        """Deletes every row, and lets numbering begin at 1 again."""
        ...

    def close(self) -> None:
        """Removes what was made for them."""
        ...


class Servers:
    """The servers of a test process; one that is not named by the environment is started when it is first needed."""

    def __init__(self) -> None:
        self._own: OwnPostgres | None = None

    def databases(self, kind: str, runtime: Runtime, state: Path) -> Databases:
        """Makes the databases of an application, as its migrations make them.

        Args:
            kind: One of `DATABASES`.
            runtime: The application.
            state: The folder of its SQLite files.

        Raises:
            ConfigurationError: Its migrations are not right, or the server is not there.
        """
        if not any(live.store for live in runtime.live.values()):
            return NoData()
        from .own_data import PostgresDatabase, SqliteFiles, migrate

        made = (
            SqliteFiles(runtime) if kind == SQLITE else PostgresDatabase(runtime, self._postgres(), state / "secrets")
        )
        try:
            made.use(runtime)
            migrate(runtime)
        except BaseException:
            made.close()
            raise
        return made

    def _postgres(self) -> URL:
        from sqlalchemy.engine import make_url

        from .postgres import SERVER, OwnPostgres

        if named := os.environ.get(SERVER):
            return make_url(named)
        self._own = self._own or OwnPostgres()
        return self._own.admin

    def close(self) -> None:
        """Ends what was started."""
        if self._own is not None:
            self._own.close()


class NoData:
    """The databases of an application that has none."""

    environment: Mapping[str, str] = {}

    def use(self, runtime: Runtime) -> None:
        """Does nothing."""

    def empty(self) -> None:
        """Does nothing."""

    def close(self) -> None:
        """Does nothing."""
