"""Renames what a component of another id had in PostgreSQL before: its schema, and the role that owns it."""

from __future__ import annotations

import psycopg
from psycopg import sql

from ..errors import ConfigurationError, Fault
from .address import Address
from .former import HAS_TABLES, hidden
from .migrations.ledger import LOCK_TABLE
from .migrations.locking import CONTRACTING
from .problems import PROVISION

_SCHEMAS = f"""
SELECT nspname, pg_get_userbyid(nspowner), {HAS_TABLES}
FROM pg_namespace
WHERE nspname IN (%s, %s)
"""

_CONNECTED = """
SELECT DISTINCT coalesce(nullif(application_name, ''), 'process ' || pid)
FROM pg_stat_activity
WHERE usename = %s AND datname = current_database() AND pid <> pg_backend_pid()
"""


def rename(connection: psycopg.Connection, address: Address) -> tuple[str, ...]:
    """Gives what is there under a component's former id the names of today.

    A schema that does not belong to the component's role, former or present, is not its own, and is left alone.

    Args:
        connection: Of an administrator to the component's database, in a transaction.
        address: Where the component's data is to be; it has a former name.

    Returns:
        The names from before: of the schema, and of the role where it was one by that id.

    Raises:
        ConfigurationError: Older code is connected, both roles are there, or an empty new schema hides the former one.
    """
    former = address.former
    role, former_role = address.url.username or "", former.url.username or ""
    rows = connection.execute(_SCHEMAS, [address.schema, former.schema])
    found = {name: (owner, has_tables) for name, owner, has_tables in rows}
    owner, has_tables = found.get(former.schema, ("", False))
    if owner not in (role, former_role):
        return ()
    if address.schema in found:
        if has_tables and not found[address.schema][1]:
            raise ConfigurationError(hidden(address))
        return ()
    _refuse_strangers(connection, address, owner)
    _refuse_older(connection, address, owner)
    _execute(connection, "ALTER SCHEMA {} RENAME TO {}", former.schema, address.schema)
    if owner != role:
        _execute(connection, "ALTER ROLE {} RENAME TO {}", owner, role)
    statement = sql.SQL("COMMENT ON ROLE {} IS {}").format(sql.Identifier(role), sql.Literal(mark_of(address)))
    connection.execute(statement)
    return (former.schema,) if owner == role else (former.schema, owner)


def mark_of(address: Address) -> str:
    """What the comment on a role says whose it is."""
    return f"fissile: schema {address.schema} of {address.url.database}"


def _execute(connection: psycopg.Connection, statement: str, *names: str) -> None:
    connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def _refuse_strangers(connection: psycopg.Connection, address: Address, owner: str) -> None:
    """Refuses what belongs to a role that was not made for the component, or whose new name is taken."""
    query = "SELECT rolname, shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname IN (%s, %s)"
    role = address.url.username or ""
    marks: dict[str, str | None] = dict(connection.execute(query, [owner, role]).fetchall())
    if owner != role and role in marks:
        what = f"the roles {owner} and {role} are both there"
        why = f"{address.component} was formerly {address.formerly}, whose schema belongs to {owner}"
        fix = f'if nobody needs it: DROP OWNED BY "{role}"; DROP ROLE "{role}", and then: {PROVISION}'
        raise ConfigurationError(Fault(what, address.where, why, fix))
    if marks.get(owner) != mark_of(address.former):
        what = f"the role {owner} was not made for the schema {address.formerly}, which belongs to it"
        why = f"roles belong to the whole server, and the comment on this one is not {mark_of(address.former)!r}"
        fix = f"""if it is meant nonetheless: COMMENT ON ROLE "{owner}" IS '{mark_of(address.former)}'"""
        raise ConfigurationError(Fault(what, address.where, why, fix))


def _refuse_older(connection: psycopg.Connection, address: Address, owner: str) -> None:
    """Refuses while code is connected that knows the former name; what starts meanwhile waits for the transaction."""
    is_alone = _is_locked(connection, address.formerly)
    connected = [str(name) for (name,) in connection.execute(_CONNECTED, [owner])]
    if not is_alone or connected:
        what = f"the schema {address.formerly} cannot become {address.schema} while older code uses it"
        why = f"connected is {', '.join(sorted(connected)) or 'code that starts'}"
        raise ConfigurationError(Fault(what, address.where, why, f"end it, and then: {PROVISION}"))


def _is_locked(connection: psycopg.Connection, schema: str) -> bool:
    """Lock out code that starts; return False if some does. Without the table no code has ever started there."""
    if connection.execute("SELECT to_regclass(%s)", [f'"{schema}".{LOCK_TABLE}']).fetchone() == (None,):
        return True
    table = sql.Identifier(schema, LOCK_TABLE)
    try:
        with connection.transaction():
            connection.execute(sql.SQL(f"LOCK TABLE {{}} IN {CONTRACTING} MODE NOWAIT").format(table))
    except psycopg.errors.LockNotAvailable:
        return False
    return True
