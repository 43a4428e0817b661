"""Reads ``Order: item=str quantity=int price=Decimal``: an entity, and what each of its fields is in every layer."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import Fault, WrongUsage
from ..project import nearest
from .names import snake

_EXAMPLE = 'such as --entity "Order: item=str quantity=int price=Decimal"'


@dataclass(frozen=True)
class Kind:
    """What a type is in every layer.

    Attributes:
        value: Its name in `public`.
        alias: What defines that name there, where it is ours.
        domain: Its name in the domain.
        column: Its column.
        migrated: The same in a migration.
        sample: One of it, in Python.
        other: Another one.
        module: Where the name in the domain comes from.
        imported: What `db` imports for the column, as module and name.
    """

    value: str
    alias: str
    domain: str
    column: str
    migrated: str
    sample: str
    other: str
    module: str = ""
    imported: tuple[str, str] = ("", "")


_AMOUNT = '''

def _cents(amount: Decimal) -> Decimal:
    """The amount as it is kept: with two digits after the point."""
    return amount.quantize(Decimal("0.01")) + 0


Amount = Annotated[Decimal, Field(max_digits=12, decimal_places=2), AfterValidator(_cents)]'''
"""An amount of money, which is answered as it is read later."""

KINDS = {
    "str": Kind(
        "Text",
        "Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, "
        r'pattern=r"^[^\x00]*$")]',
        "str",
        "String(200)",
        "sa.String(length=200)",
        '"some text"',
        '"another text"',
        imported=("sqlalchemy", "String"),
    ),
    "int": Kind(
        "Whole",
        "Whole = Annotated[int, Field(ge=-(2**63), lt=2**63)]",
        "int",
        "BigInteger",
        "sa.BigInteger()",
        "3",
        "4",
        imported=("sqlalchemy", "BigInteger"),
    ),
    "float": Kind(
        "Number",
        "Number = Annotated[float, Field(allow_inf_nan=False)]",
        "float",
        "Float",
        "sa.Float()",
        "1.5",
        "2.25",
        imported=("sqlalchemy", "Float"),
    ),
    "bool": Kind("bool", "", "bool", "Boolean", "sa.Boolean()", "True", "False", imported=("sqlalchemy", "Boolean")),
    "Decimal": Kind(
        "Amount",
        _AMOUNT,
        "Decimal",
        "Exact(12, 2)",
        "fissile.data.types.Exact(precision=12, scale=2)",
        'Decimal("9.9")',
        'Decimal("19.00")',
        "decimal",
        ("fissile.data", "Exact"),
    ),
    "date": Kind(
        "date",
        "",
        "date",
        "Date",
        "sa.Date()",
        "date(2026, 1, 31)",
        "date(2026, 2, 1)",
        "datetime",
        ("sqlalchemy", "Date"),
    ),
    "datetime": Kind(
        "datetime",
        "",
        "datetime",
        "Instant",
        "fissile.data.types.Instant()",
        "datetime(2026, 1, 31, 12, tzinfo=UTC)",
        "datetime(2026, 2, 1, 12, tzinfo=UTC)",
        "datetime",
        ("fissile.data", "Instant"),
    ),
    "UUID": Kind(
        "UUID",
        "",
        "UUID",
        "Uuid",
        "sa.Uuid()",
        'UUID("0198c1f0-6d1e-7a52-9d8c-3c2f5b1a7e40")',
        'UUID("0198c1f0-6d1e-7a52-9d8c-3c2f5b1a7e41")',
        "uuid",
        ("sqlalchemy", "Uuid"),
    ),
}
"""The types that a field can have."""

_NOT_FIELDS = {
    *("id", "copy", "dict", "json", "schema", "construct", "validate", "registry", "metadata", "self", "new"),
    *("from_orm", "parse_file", "parse_obj", "parse_raw", "schema_json", "update_forward_refs"),
    *("tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"),
}
"""What a value, a mapped class, a method or a table of PostgreSQL has under these names already."""

NOT_ENTITIES = {
    *("Annotated", "AsyncClient", "APIRouter", "BigInteger", "Boolean", "Column", "Component", "ComponentError"),
    *("Cursor", "Database", "Date", "Exact", "Field", "Float", "Instant", "Integer", "Interface", "Limit", "MetaData"),
    *("Amount", "Number", "Text", "Whole", "Page", "Protocol", "Provided", "SqlRepository", "String"),
    *("StringConstraints", "Table", "Uuid", "Value", "Decimal", "None", "True", "False"),
    *("Domain", "New", "Self", "Sql"),
}
"""What the files of a component import or define already, as these names or by those that are made of them."""


@dataclass(frozen=True)
class Entity:
    """What a component keeps.

    Attributes:
        name: Its class.
        fields: The kind of each field, by name.
    """

    name: str
    fields: dict[str, Kind]

    @property
    def kinds(self) -> list[Kind]:
        """The kinds of its fields, each once."""
        return list(dict.fromkeys(self.fields.values()))


def read_entity(written: str) -> Entity:
    """Reads an entity.

    Args:
        written: Its name, a colon, and its fields with their types.

    Raises:
        WrongUsage: It cannot be read; every fault at once.
    """
    name, colon, rest = written.partition(":")
    name, words = name.strip(), rest.split()
    faults = list(_name_faults(name))
    if not colon or not words:
        faults.append(_fault(f"{written!r} has no fields", "an entity is a name and its fields"))
    for number, word in enumerate(words):
        faults += _field_faults(word, {other.partition("=")[0] for other in words[:number]})
    if faults:
        raise WrongUsage(*faults)
    pairs = [word.partition("=") for word in words]
    return Entity(name, {field: KINDS[kind] for field, _, kind in pairs})


def _fault(what: str, why: str, fix: str = _EXAMPLE) -> Fault:
    return Fault(what, "--entity", why, fix)


def _name_faults(name: str) -> Iterator[Fault]:
    if why := _not_a_name(name):
        better = next(candidate for candidate in _near(name) if not _not_a_name(candidate))
        yield _fault(f"{name!r} cannot be the name of an entity", why, f"take {better}")


def _not_a_name(name: str) -> str | None:
    if not re.fullmatch(r"[A-Z][A-Za-z0-9]{1,30}", name) or name.isupper():
        return "it is a class, named in CamelCase"
    if name in NOT_ENTITIES or keyword.iskeyword(snake(name)):
        return "the code of a component uses it"
    return None


def _near(name: str) -> Iterator[str]:
    """Names that whoever typed this one could take instead, the nearest first."""
    words = re.findall(r"[A-Za-z0-9]+", name)
    better = "".join(f"{word[:1].upper()}{word[1:]}" for word in words).lstrip("0123456789")
    better = f"{better[:1].upper()}{better[1:25]}"
    yield from (better, f"{better}Record") if better else ()
    yield "Order"


def _field_faults(word: str, before: set[str]) -> Iterator[Fault]:
    name, equals, kind = word.partition("=")
    why, fix = _not_a_field(name)
    example = "item" if why else name
    if not equals and ":" in word:
        yield _fault(f"{word!r} is no field", "a field is a name, = and a type", f"write {word.replace(':', '=', 1)}")
        return
    if not equals or not kind:
        yield _fault(f"{word!r} is no field", "a field is a name, = and a type", f"write {example}=str")
        return
    if why:
        yield _fault(f"{name!r} cannot be the name of a field", why, fix)
    elif name in before:
        yield _fault(f"{name} is there twice", "a field has one type", "leave one of them out")
    if kind not in KINDS:
        close = nearest(kind, KINDS) or nearest(kind.lower(), KINDS)
        fix = f"did you mean {example}={close}?" if close else f"write {example}=str"
        yield _fault(f"there is no type {kind!r}", f"the types of fields are {', '.join(KINDS)}", fix)


def _not_a_field(name: str) -> tuple[str, str]:
    """Why a field cannot be called so, and what to do about it; twice nothing where it can."""
    if keyword.iskeyword(name):
        return f"{name} is a keyword of Python", f"take another, such as {name}_name"
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,30}", name):
        return "it is an attribute and a column: up to 31 of a-z, 0-9 and _", _EXAMPLE
    if name in _NOT_FIELDS or name in KINDS or name.startswith("model_"):
        why = "every entity has an id" if name == "id" else "something else is called so already"
        return why, f"take another, or leave {name} out"
    return "", ""
