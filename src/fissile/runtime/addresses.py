"""Where each component's data is, as the environment says it.

``<COMPONENT>__DATABASE_URL`` is the database of one component. ``FISSILE_DATABASE_URL`` is that of all which have none
of their own: in it each has a schema and a role, whose password is ``<COMPONENT>__DATABASE_PASSWORD``, by rights a file
among the secrets. Without either it is a SQLite file in the folder of the state.
"""

from __future__ import annotations

import os
from dataclasses import replace

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from ..component import Database, is_reserved_id
from ..data.address import Address, role_of, without_login
from ..errors import ConfigurationError, Fault, raise_faults
from ..project import URL_FOR_ALL, FoundComponent, Project, state_folder
from ..project.graph import id_faults
from ..project.libraries import install
from .settings import Mode, Variable, collect, mode_from, secrets_directory

_POSTGRES = ("postgresql", "postgres", "postgresql+psycopg")
_LOGIN = {"user", "password", "dbname", "passfile", "passcommand", "sslpassword", "options"}
"""What libpq would read of a URL's query, and would have win."""

_EXAMPLE = "postgresql://db.internal:5432/shop"


def address_of(project: Project, found: FoundComponent, database: Database | None = None) -> Address:
    """Where the data of one component is.

    Args:
        project: The project.
        found: The component.
        database: What it declares, where that is known better than by reading.

    Raises:
        ConfigurationError: What is set is no such place.
    """
    raise_faults(id_faults(found.declared))
    own = _variables(project, found)
    schema = found.declared.id or found.name
    formerly = _formerly(project, found, database)
    password = own["DATABASE_PASSWORD"].value if "DATABASE_PASSWORD" in own else None
    if variable := own.get("DATABASE_URL"):
        url = _url(variable.value, variable.where)
        if url.drivername == "sqlite":
            return Address(found.name, schema, url, variable.where)
    elif written := os.environ.get(URL_FOR_ALL):
        where = f"environment variable {URL_FOR_ALL}"
        url = _for_all(_url(written, where), where)
    else:
        return replace(Address.of_file(found.name, state_folder(project) / f"{schema}.sqlite3"), formerly=formerly)
    where = variable.where if variable else where
    url = url.set(username=url.username or _role(url.database or "", schema, where), password=url.password or password)
    return Address(found.name, schema, url, where, formerly)


def _role(database: str, schema: str, where: str) -> str:
    role = role_of(database, schema)
    if is_reserved_id(role):
        what = f"the role of a component cannot be {role}"
        why = "PostgreSQL keeps names that begin with pg_ for itself, and a role's begins with that of its database"
        raise ConfigurationError(Fault(what, where, why, "give the database another name"))
    return role


def _formerly(project: Project, found: FoundComponent, database: Database | None) -> str:
    """The id from before; the one of today is none.

    Raises:
        ConfigurationError: It is that of another component by now, whose data would be taken.
    """
    formerly = (found.declaration if database is None else database).formerly
    if formerly is None or formerly == found.declared.id:
        return ""
    if other := next((one for one in project.components if one.declared.id == formerly), None):
        what = f"{found.name} was formerly {formerly}, and {other.name} has this id now"
        why = f"what is kept as {formerly} cannot be the data of both"
        fix = f'take formerly="{formerly}" away, if the data of {found.name} has moved everywhere; else change the id'
        raise ConfigurationError(Fault(what, found.where, why, fix))
    return formerly


def _variables(project: Project, found: FoundComponent) -> dict[str, Variable]:
    """Return what is set for a component, by the names without its prefix.

    Raises:
        ConfigurationError: Other users can read a secret, or it cannot be read.
    """
    secrets = secrets_directory(os.environ, state_folder(project) / "secrets")
    env_file = found.env_file if mode_from(os.environ) is Mode.development else None
    # What is wrong with the .env is told with the settings, by components that have some.
    variables, _ = collect(found.name, environment=os.environ, secrets=secrets, env_file=env_file)
    prefix = f"{found.name.upper()}__"
    return {name.removeprefix(prefix): variable for name, variable in variables.items() if variable.value}


def _url(written: str, where: str) -> URL:
    """Reads a URL, of which no message says anything: it may hold a password."""
    try:
        url = make_url(written.strip())
    except (ArgumentError, ValueError):
        raise ConfigurationError(Fault("it is no URL of a database", where, "", f"write {_EXAMPLE}")) from None
    if login := sorted(_LOGIN & url.query.keys()):
        why = "who logs in is said before the host, so that a component's role is its own and nothing of it is printed"
        raise ConfigurationError(Fault(f"the URL has {', '.join(login)} behind the ?", where, why, f"write {_EXAMPLE}"))
    if "@" in (url.host or ""):
        raise ConfigurationError(Fault("the URL has two @", where, "", "write %40 for one in a password"))
    if url.drivername == "sqlite" and url.database not in (None, "", ":memory:"):
        return url
    if url.drivername not in _POSTGRES:
        why = "it is a file in SQLite (sqlite:////path) or a database in PostgreSQL"
        raise ConfigurationError(Fault(f"{url.drivername}: is no database of ours", where, why, f"write {_EXAMPLE}"))
    if not url.database:
        raise ConfigurationError(Fault("the URL names no database", where, "", f"write {_EXAMPLE}"))
    try:
        import psycopg  # noqa: F401  # the import fails without a libpq as well
    except ImportError as error:
        why = f"components with data in PostgreSQL need it: {str(error).splitlines()[0]}"
        raise ConfigurationError(Fault("psycopg cannot be imported", where, why, install("psycopg"))) from None
    return url.set(drivername="postgresql+psycopg")


def _for_all(url: URL, where: str) -> URL:
    if url.drivername == "sqlite":
        why = "each component has a SQLite file of its own"
        raise ConfigurationError(Fault("all components cannot be in one SQLite file", where, why, "set FISSILE_STATE"))
    if url.username is not None or url.password is not None:
        what = "the URL of the database for all components names a role"
        why = f"each component logs in as its own, such as {role_of(url.database or '', 'orders')}"
        fix = "write it without one; fissile db provision --admin-url URL makes the roles"
        raise ConfigurationError(Fault(what, where, why, fix))
    return url


def admin_of(written: str) -> URL:
    """Reads the URL of somebody who may make roles.

    Raises:
        ConfigurationError: It is none of PostgreSQL.
    """
    url = _url(written, "--admin-url")
    if url.drivername == "sqlite":
        raise ConfigurationError(Fault("SQLite has no roles", "--admin-url", "", f"write {_EXAMPLE}"))
    return url


def on_server(project: Project, name: str | None, admin: URL) -> list[Address]:
    """Where the data of components is, or is to be, on the server that an administrator is on.

    Args:
        project: The project.
        name: One component; all that have data without it.
        admin: How the administrator logs in. What has no URL yet gets a database named after the project.

    Raises:
        ConfigurationError: There is no such component, or its data is in SQLite by its own URL.
    """
    chosen = [project.component(name)] if name else [one for one in project.components if one.declaration.database]
    return [_on_server(project, found, admin) for found in chosen]


def _on_server(project: Project, found: FoundComponent, admin: URL) -> Address:
    if not found.declaration.database:
        why = "roles and schemas are for tables"
        raise ConfigurationError(Fault(f"{found.name} has no database", found.where, why, "write database=Database()"))
    address = address_of(project, found)
    if not address.is_sqlite:
        return address
    if address.where:
        raise ConfigurationError(
            Fault(f"{found.name} has its data in SQLite", address.where, "", "write a URL of PostgreSQL there")
        )
    url = without_login(admin, project.name, _role(project.name, address.schema, ""))
    if kept := _variables(project, found).get("DATABASE_PASSWORD"):
        url = url.set(password=kept.value)
    return Address(found.name, address.schema, url, formerly=address.formerly)
