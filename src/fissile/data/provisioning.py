"""Makes what each component has of its own in PostgreSQL: a role to log in as, and a schema that belongs to it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL

from ..errors import ConfigurationError, DependencyDown, Fault
from ..project.secrets import create_secret, read_secret
from .address import CONNECTING, Address, libpq
from .renaming import mark_of, rename

TOKEN = 32
"""Random bytes of a password."""


@dataclass(frozen=True)
class Provisioned:
    """What one component has got.

    Attributes:
        address: Where its data is.
        secret: The file that holds its password; None where its URL does.
        is_new: Whether it was written now.
        renamed: What was renamed for it: nothing, its schema, or its schema and its role, by the names from before.
    """

    address: Address
    secret: Path | None
    is_new: bool
    renamed: tuple[str, ...] = ()


def provision(
    admin: URL, addresses: Sequence[Address], folder: Path, *, new_passwords: bool = False
) -> list[Provisioned]:
    """Makes roles and schemas, in databases that are made where they are missing; what is there is kept.

    Where there are those of a component's former id instead, they are renamed, when no older code is connected.

    Nobody else gets into the databases, and no component into the schema of another. A database that has been in use
    before is not closed to others, but refused while it is open.

    Args:
        admin: Who may make roles, on the server of the addresses.
        addresses: Where each component's data is to be.
        folder: The directory of secrets, where a password is written before the server learns of it.
        new_passwords: Whether a role that is there gets a new password where the secrets have none.

    Raises:
        DependencyDown: The server does not answer.
        ConfigurationError: It refuses, a role or a schema is somebody else's, a password is not among the secrets, a
            database is open to every role, or what would be renamed is in use.
    """
    made: list[Provisioned] = []
    databases = dict.fromkeys(address.url.database or "" for address in addresses)
    for database in databases:
        with _connected(admin) as connection:
            is_new = _make_database(connection, database)
        with _connected(admin.set(database=database)) as connection, connection.transaction():
            here = [address for address in addresses if address.url.database == database]
            _lock(connection, database)
            if is_new or _is_unused(connection):
                _close_to_others(connection, database)
            else:
                _refuse_open(connection, here[0])
            made += [_make(connection, address, folder, new_passwords=new_passwords) for address in here]
    return made


@contextmanager
def _connected(url: URL) -> Iterator[psycopg.Connection]:
    try:
        connection = psycopg.connect(libpq(url), autocommit=True, connect_timeout=CONNECTING)
    except psycopg.Error as error:
        what = f"cannot connect as {url.username or 'the administrator'} to {url.host or 'localhost'}"
        why = str(error).rpartition("failed: ")[2].strip().splitlines()[0]
        kind = ConfigurationError if "FATAL" in str(error) else DependencyDown
        raise kind(
            Fault(what, "--admin-url", why, "correct the URL, with its password or PGPASSWORD, or start the server")
        ) from None
    with connection:
        try:
            yield connection
        except psycopg.errors.InsufficientPrivilege as error:
            what = f"{connection.info.user} may not make roles and schemas"
            why = str(error).splitlines()[0]
            fix = "say an --admin-url whose role has CREATEROLE and owns the database, or is a superuser"
            raise ConfigurationError(Fault(what, "--admin-url", why, fix)) from None


def _make_database(connection: psycopg.Connection, database: str) -> bool:
    """Makes a database; whether it was not there."""
    if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone():
        return False
    try:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
    except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):  # somebody else was quicker
        return False
    return True


def _lock(connection: psycopg.Connection, database: str) -> None:
    """Let one process at a time provision a database, by a lock that only the database's owner can hold.

    A comment on a database locks it until the end of the transaction; this one is the comment that it has.
    """
    query = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()"
    (comment,) = connection.execute(query).fetchone() or (None,)
    statement = sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(database), sql.Literal(comment))
    connection.execute(statement)


_UNUSED = r"""
SELECT current_database() NOT IN ('postgres', 'template0', 'template1')
AND NOT EXISTS (
    SELECT 1 FROM pg_namespace LEFT JOIN pg_class ON relnamespace = pg_namespace.oid
    WHERE nspname NOT LIKE 'pg\_%' AND nspname <> 'information_schema'
    AND (nspname <> 'public' OR relname IS NOT NULL)
) AND NOT EXISTS (
    SELECT 1 FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND usename <> current_user
)
"""

_OPEN = """
SELECT privilege_type || ' on the database'
FROM pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba)))
WHERE datname = current_database() AND grantee = 0
UNION ALL
SELECT privilege_type || ' on the schema public'
FROM pg_namespace, aclexplode(coalesce(nspacl, acldefault('n', nspowner)))
WHERE nspname = 'public' AND grantee = 0 AND privilege_type = 'CREATE'
"""


def _is_unused(connection: psycopg.Connection) -> bool:
    """Return True if a database has no tables and no schemas, and nobody else is connected to it."""
    return connection.execute(_UNUSED).fetchone() == (True,)


def _refuse_open(connection: psycopg.Connection, address: Address) -> None:
    """Refuse a database that every role of the server gets into; other applications may do so.

    Raises:
        ConfigurationError: It is one.
    """
    if found := [str(privilege) for (privilege,) in connection.execute(_OPEN)]:
        database = address.url.database
        what = f"every role of the server has {' and '.join(found)} in the database {database}"
        why = (
            "a component's database is closed to others, and this one has been in use before: closing it may stop them"
        )
        close = f'REVOKE ALL ON DATABASE "{database}" FROM PUBLIC; REVOKE CREATE ON SCHEMA public FROM PUBLIC'
        fix = f"as its owner: {close}; before it, GRANT CONNECT to each role of another application that needs it"
        raise ConfigurationError(Fault(what, address.where, why, fix))


def _close_to_others(connection: psycopg.Connection, database: str) -> None:
    """What everybody may do in a new database, nobody may any more who is not let in by name."""
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(database)))
    connection.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")


def _make(connection: psycopg.Connection, address: Address, folder: Path, *, new_passwords: bool) -> Provisioned:
    role, schema = address.url.username or "", address.schema
    names = {"role": sql.Identifier(role), "schema": sql.Identifier(schema)}
    names["database"] = sql.Identifier(address.url.database or "")
    renamed = rename(connection, address) if address.formerly else ()
    is_there = _is_there(connection, address, new_passwords=new_passwords or len(renamed) > 1)
    secret, password, is_new = _password(address, folder)
    hashed = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
    literals = {"password": sql.Literal(hashed.decode()), "mark": sql.Literal(mark_of(address))}
    for statement in (
        "ALTER ROLE {role} LOGIN PASSWORD {password}" if is_there else "CREATE ROLE {role} LOGIN PASSWORD {password}",
        "COMMENT ON ROLE {role} IS {mark}",
        *_MEMBER[_is_superuser(connection)],
        "GRANT CONNECT ON DATABASE {database} TO {role}",
        "CREATE SCHEMA IF NOT EXISTS {schema} AUTHORIZATION {role}",
        "ALTER ROLE {role} IN DATABASE {database} SET search_path = {schema}",
    ):
        connection.execute(sql.SQL(statement).format(**names, **literals))
    query = "SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = %s"
    owner = (connection.execute(query, [schema]).fetchone() or ("nobody",))[0]
    if owner != role:
        what = f"the schema {schema} of {address.component} belongs to {owner} in {address.url.database}"
        why = f"a component's role owns its schema, and the role is {role}"
        fix = f'ALTER SCHEMA "{schema}" OWNER TO "{role}", if the schema is what {address.component} is to have'
        raise ConfigurationError(Fault(what, address.where, why, fix))
    return Provisioned(address, secret, is_new, renamed)


def _is_there(connection: psycopg.Connection, address: Address, *, new_passwords: bool) -> bool:
    """Whether the role is there, and is this component's.

    Raises:
        ConfigurationError: It is somebody else's, or its password is not among the secrets.
    """
    query = "SELECT shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = %s"
    role = address.url.username or ""
    found = connection.execute(query, [role]).fetchone()
    if found is None:
        return False
    if found[0] != mark_of(address):
        what = f"the role {role} is there, and was not made for {address.component}"
        why = f"roles belong to the whole server, and the comment on this one is not {mark_of(address)!r}"
        fix = f"""if it is meant nonetheless: COMMENT ON ROLE "{role}" IS '{mark_of(address)}'"""
        raise ConfigurationError(Fault(what, address.where, why, fix))
    if address.url.password is None and not new_passwords:
        what = f"the role {role} is there, and its password is not among the secrets"
        why = "a new one would shut out whoever has the old one"
        fix = "bring the secrets here from where it was made, or say --new-passwords"
        raise ConfigurationError(Fault(what, address.where, why, fix))
    return True


_MEMBER = {True: [], False: ["GRANT {role} TO CURRENT_USER"]}
"""Who is no superuser gives schemas only to roles whose member it is."""


def _is_superuser(connection: psycopg.Connection) -> bool:
    return connection.execute("SELECT 1 FROM pg_roles WHERE rolname = CURRENT_USER AND rolsuper").fetchone() is not None


def _password(address: Address, folder: Path) -> tuple[Path | None, str, bool]:
    """The password: that of the URL, else of the file, else a new one, which is in the file first."""
    if address.url.password is not None:
        file = folder / f"{address.component}__database_password"
        return (file if file.is_file() else None), address.url.password, False
    file = folder / f"{address.component}__database_password"
    password = secrets.token_urlsafe(TOKEN)
    try:
        create_secret(file, password)
    except FileExistsError:
        what = f"the secret file {file} is empty" if not read_secret(file) else f"{file} appeared meanwhile"
        raise ConfigurationError(Fault(what, str(file), "it holds a password", "remove it, and try again")) from None
    return file, password, True
