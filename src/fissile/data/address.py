"""Where a component's data is: a SQLite file of its own, or a schema and a role of its own in PostgreSQL."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Engine, NullPool, create_engine
from sqlalchemy.engine import URL

CONNECTING = 5
"""Seconds that a server gets to answer a connection (libpq's ``connect_timeout``, whole seconds)."""

SILENCE = 10
"""Seconds that a server may leave what was sent to it unacknowledged, until its connection counts as lost."""

IDENTIFIER = 63
"""Bytes of the longest name in PostgreSQL
(https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS)."""


def role_of(database: str, schema: str) -> str:
    """The role of a component: roles belong to the whole server, so its name begins with that of the database."""
    return f"{database[: IDENTIFIER - 1 - len(schema)]}_{schema}"


def server_of(url: URL) -> str:
    """The server of a URL, as ``host:port`` or as the folder of its socket."""
    return str(url.query.get("host") or f"{url.host or 'localhost'}:{url.port or 5432}")


def libpq(url: URL) -> str:
    """What psycopg itself is told of a URL: it reads some of them otherwise, and prints one that it cannot read."""
    from psycopg.conninfo import make_conninfo

    given = url.translate_connect_args(username="user", database="dbname") | dict(url.query)
    return make_conninfo(**{name: str(value) for name, value in given.items()})


def without_login(url: URL, database: str | None = None, role: str | None = None) -> URL:
    """The URL of a database without a password, and with no role or another one (``URL.set`` keeps what is None)."""
    return URL.create(url.drivername, role, None, url.host, url.port, database or url.database, url.query)


@dataclass(frozen=True)
class Address:
    """Where the data of one component is.

    Attributes:
        component: The component's name.
        schema: What outlives a rename: its schema in PostgreSQL, and the name of its file in SQLite.
        url: The database, with the role and the password to log in with; never shown.
        where: Who says so, such as ``environment variable FISSILE_DATABASE_URL``; empty for the default.
        formerly: What its schema was called before, from where data may have to move; empty for nothing.
    """

    component: str
    schema: str
    url: URL
    where: str = ""
    formerly: str = ""

    @classmethod
    def of_file(cls, component: str, file: Path) -> Address:
        """The address of a SQLite file."""
        return cls(component, file.stem, URL.create("sqlite", database=str(file)))

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a SQLite file."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def file(self) -> Path:
        """The SQLite file."""
        assert self.is_sqlite and self.url.database, "only SQLite has files"
        return Path(self.url.database)

    @property
    def former(self) -> Address:
        """Where it was as long as it had its former name."""
        assert self.formerly, "it had another name"
        if self.is_sqlite:
            url = self.url.set(database=str(self.file.with_name(f"{self.formerly}{self.file.suffix}")))
        else:
            url = self.url.set(username=role_of(self.url.database or "", self.formerly))
        return replace(self, schema=self.formerly, url=url, formerly="")

    def __str__(self) -> str:
        """The place, without a password: a file, or ``role@host:port/database, schema orders``."""
        if self.is_sqlite:
            return str(self.file)
        return f"{self.url.username}@{self.server}/{self.url.database}, schema {self.schema}"

    @property
    def server(self) -> str:
        """The server, as ``host:port`` or as the folder of its socket."""
        return server_of(self.url)

    def connect_args(self, application: str = "fissile") -> dict[str, object]:
        """What psycopg is told beside the URL: the component's schema alone is looked into.

        Args:
            application: What the server calls this connection (``application_name``), at most 63 bytes.
        """
        if self.is_sqlite:
            return {}
        return {
            "options": f"-csearch_path={self.schema}",
            "application_name": application,
            "connect_timeout": CONNECTING,
            "tcp_user_timeout": SILENCE * 1000,
            "keepalives_idle": SILENCE,
        }

    def blocking_engine(self, application: str = "fissile") -> Engine:
        """An engine for what is no request, such as a migration: it keeps no connection."""
        return create_engine(
            self.url, poolclass=NullPool, hide_parameters=True, connect_args=self.connect_args(application)
        )
