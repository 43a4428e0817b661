"""Enum types, domains and sequences: PostgreSQL has them beside its tables, and SQLite not at all.

SQLAlchemy makes them with a new table and forgets them elsewhere, so revisions create, extend and drop them by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, MetaData, create_mock_engine, text
from sqlalchemy.dialects.postgresql import CreateDomainType, CreateEnumType, DropDomainType, DropEnumType
from sqlalchemy.schema import (
    AddConstraint,
    CreateIndex,
    CreateSequence,
    CreateTable,
    DropSequence,
    ExecutableDDLElement,
    SetColumnComment,
    SetConstraintComment,
    SetTableComment,
)

from .expressions import dialects, escaped

Labels = tuple[str, ...]


@dataclass(frozen=True)
class Standalone:
    """One of them.

    Attributes:
        kind: ``type``, ``domain`` or ``sequence``.
        name: Its name.
        labels: The values of an enum type.
        create: The statement that creates it.
        drop: The statement that drops it.
    """

    kind: str
    name: str
    labels: Labels = ()
    create: str = field(default="", compare=False)
    drop: str = field(default="", compare=False)


@dataclass(frozen=True)
class Statement:
    """A change of one of them.

    Attributes:
        upgrade: What it executes.
        downgrade: What takes that back; empty if nothing does.
        describes: What it does, for people.
        is_outside: True if it is executed outside a transaction.
    """

    upgrade: str
    downgrade: str
    describes: str
    is_outside: bool = False


def declared(metadata: MetaData) -> tuple[list[Standalone], list[str]]:
    """Return those of the code's tables, and the names of what else creating the tables would execute."""
    emitted: list[object] = []
    engine = create_mock_engine("postgresql+psycopg://", lambda element, *_, **__: emitted.append(element))
    metadata.create_all(engine, checkfirst=False)
    found: dict[tuple[str, str], Standalone] = {}
    others: list[str] = []
    for one in emitted:
        if isinstance(one, CreateEnumType):
            made = _made("type", one, DropEnumType(one.element), labels=tuple(one.element.enums))
        elif isinstance(one, CreateDomainType):
            made = _made("domain", one, DropDomainType(one.element))
        elif isinstance(one, CreateSequence):
            made = _made("sequence", one, DropSequence(one.element))
        else:
            others += _other(one)
            continue
        found[made.kind, made.name] = made
    return list(found.values()), others


def _made(
    kind: str,
    create: CreateEnumType | CreateDomainType | CreateSequence,
    drop: ExecutableDDLElement,
    labels: Labels = (),
) -> Standalone:
    name = str(create.element.name)
    return Standalone(kind, name, labels, _printed(create), _printed(drop))


def _printed(element: ExecutableDDLElement) -> str:
    return escaped(" ".join(str(element.compile(dialect=dialects()[1])).split()))


_OF_TABLES: tuple[type[ExecutableDDLElement], ...] = (
    CreateTable,
    CreateIndex,
    SetTableComment,
    SetColumnComment,
    SetConstraintComment,
    AddConstraint,
)


def _other(element: object) -> Iterator[str]:
    """Yield the name of a statement that is about no table of the metadata, such as one of an event's listener."""
    if not isinstance(element, _OF_TABLES):
        statement = " ".join(str(element).split())
        yield f"what is executed after the tables are made: {statement[:60]}"


_THERE = text("""
SELECT 'type', t.typname, array_agg(e.enumlabel ORDER BY e.enumsortorder)::text[]
FROM pg_type t JOIN pg_enum e ON e.enumtypid = t.oid
WHERE t.typnamespace = current_schema()::regnamespace GROUP BY t.typname
UNION ALL
SELECT 'domain', typname, '{}' FROM pg_type
WHERE typtype = 'd' AND typnamespace = current_schema()::regnamespace
UNION ALL
SELECT 'sequence', relname, '{}' FROM pg_class
WHERE relkind = 'S' AND relnamespace = current_schema()::regnamespace
AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = pg_class.oid AND classid = 'pg_class'::regclass
AND deptype IN ('a', 'i', 'e'))
""")


def there(connection: Connection) -> list[Standalone]:
    """Return those of a database in PostgreSQL."""
    return [Standalone(kind, name, tuple(labels)) for kind, name, labels in connection.execute(_THERE)]


_NAME = r'(?:"?[\w$]+"?\.)?"?(?P<name>[^"\s;(]+)"?'
_STATEMENTS = {
    "create": rf"CREATE (?P<kind>TYPE|DOMAIN|SEQUENCE) (?:IF NOT EXISTS )?{_NAME}(?: AS ENUM ?\((?P<labels>.*?)\))?",
    "drop": rf"DROP (?P<kind>TYPE|DOMAIN|SEQUENCE) (?:IF EXISTS )?{_NAME}",
    "add": rf"ALTER TYPE {_NAME} ADD VALUE (?:IF NOT EXISTS )?'(?P<label>(?:[^']|'')*)'"
    r"(?: (?P<side>BEFORE|AFTER) '(?P<beside>(?:[^']|'')*)')?",
    "value": rf"ALTER TYPE {_NAME} RENAME VALUE '(?P<label>(?:[^']|'')*)' TO '(?P<new>(?:[^']|'')*)'",
    "rename": rf"ALTER (?P<kind>TYPE|DOMAIN|SEQUENCE) {_NAME} RENAME TO \"?(?P<new>[^\"\s;]+)\"?",
}


def printed(sql: str) -> list[Standalone]:
    """Return those that statements leave behind which a revision's history has printed for PostgreSQL."""
    found: dict[str, Standalone] = {}
    statements = sorted(
        (match.start(), what, match)
        for what, pattern in _STATEMENTS.items()
        for match in re.finditer(pattern, " ".join(sql.split()), re.IGNORECASE)
    )
    for _, what, match in statements:
        _apply(found, what, match.groupdict())
    return list(found.values())


def _apply(found: dict[str, Standalone], what: str, given: Mapping[str, str | None]) -> None:
    name = given["name"] or ""
    kind, labels = (given.get("kind") or "type").lower(), found[name].labels if name in found else ()
    label = (given.get("label") or "").replace("''", "'")
    if what == "create":
        found[name] = Standalone(kind, name, tuple(_unquoted(given.get("labels") or "")))
    elif what == "drop":
        found.pop(name, None)
    elif what == "rename" and name in found:
        found[str(given["new"])] = Standalone(kind, str(given["new"]), found.pop(name).labels)
    elif what == "value":
        new = str(given["new"]).replace("''", "'")
        found[name] = Standalone(kind, name, tuple(new if one == label else one for one in labels))
    elif what == "add" and label not in labels:
        beside = (given.get("beside") or "").replace("''", "'")
        at = labels.index(beside) + (given["side"] != "BEFORE") if beside in labels else len(labels)
        found[name] = Standalone(kind, name, (*labels[:at], label, *labels[at:]))


def _unquoted(listed: str) -> Iterator[str]:
    for match in re.finditer(r"'((?:[^']|'')*)'", listed):
        yield match[1].replace("''", "'")


@dataclass
class Changed:
    """The difference between those of the code and those of a database.

    Attributes:
        created: New ones, and new values of types.
        dropped: Those that the code does not have any more.
        unwritable: Changes that no statement makes.
    """

    created: list[Statement] = field(default_factory=list)
    dropped: list[Statement] = field(default_factory=list)
    unwritable: list[str] = field(default_factory=list)


def changed(wanted: Sequence[Standalone], present: Sequence[Standalone]) -> Changed:
    """Compare them by name and, if they are enum types, by their values."""
    result = Changed()
    before = {(one.kind, one.name): one for one in present}
    for one in wanted:
        former = before.pop((one.kind, one.name), None)
        if former is None:
            result.created.append(Statement(one.create, one.drop, f"create the {one.kind} {one.name}"))
        elif former.labels != one.labels:
            _extend(result, former.labels, one)
    for one in before.values():
        drop, create = f"DROP {one.kind.upper()} {_quoted(one.name)}", ""
        if one.kind != "domain":
            values = ", ".join(map(_literal, one.labels))
            create = escaped(f"CREATE {one.kind.upper()} {_quoted(one.name)}{f' AS ENUM ({values})' if values else ''}")
        result.dropped.append(Statement(drop, create, f"drop the {one.kind} {one.name}"))
    return result


def _extend(result: Changed, former: Labels, one: Standalone) -> None:
    if tuple(label for label in one.labels if label in former) != former:
        gone = [label for label in former if label not in one.labels]
        what = f"has no {', '.join(gone)} any more" if gone else "has its values in another order"
        result.unwritable.append(f"the type {one.name} {what}, and PostgreSQL takes no value away")
        return
    for at, label in enumerate(one.labels):
        if label not in former:
            beside = f"AFTER {_literal(one.labels[at - 1])}" if at else f"BEFORE {_literal(former[0])}"
            sql = f"ALTER TYPE {_quoted(one.name)} ADD VALUE IF NOT EXISTS {_literal(label)} {beside}"
            describes = f"add {label!r} to the type {one.name}"
            result.created.append(Statement(escaped(sql), "", describes, is_outside=True))


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _quoted(name: str) -> str:
    return dialects()[1].identifier_preparer.quote(name)
