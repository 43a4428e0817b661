"""Every permitted type, and values of each: what the laws of calls are tried on."""

import datetime
import decimal
import enum
import itertools
import types
import uuid
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Generic, Literal, NewType, TypeVar, Union, cast

from hypothesis import strategies as st
from pydantic import AwareDatetime, Field, StringConstraints, create_model

from fissile.values import Value

T = TypeVar("T")
UserId = NewType("UserId", int)


class Colour(enum.Enum):
    """An enum of strings."""

    RED = "red"
    NONE = ""


class Size(enum.IntEnum):
    """An enum of integers, which are integers."""

    SMALL = 1
    LARGE = -(2**63)


class Weekday(enum.Enum):
    """An enum of integers, which are not integers."""

    MONDAY = 0
    TUESDAY = 1


class Unit(enum.StrEnum):
    """An enum of strings, which are strings."""

    METRE = "m"


class Text(str):
    """A string with a class of its own."""

    __slots__ = ()


class Money(decimal.Decimal):
    """A decimal with a class of its own."""


class Ratio(float):
    """A float with a class of its own."""


class Raw(bytes):
    """Bytes with a class of their own."""


class Day(datetime.date):
    """A date with a class of its own."""


class Span(datetime.timedelta):
    """A duration with a class of its own."""


class Identity(uuid.UUID):
    """An identifier with a class of its own."""


class Moment(datetime.datetime):
    """An instant with a class of its own."""


class Empty(Value):
    """A value without fields."""


class Circle(Value):
    """A member of a discriminated union."""

    kind: Literal["circle"] = "circle"
    radius: float


class Square(Value):
    """Another one, with a default that is made anew each time."""

    kind: Literal["square", "rectangle"] = "square"
    side: decimal.Decimal
    id: uuid.UUID = Field(default_factory=uuid.uuid4)


class Cube(Square):
    """One that arrives as a Square."""

    depth: int = 0


class Tree(Value):
    """A value that contains itself."""

    name: str
    branches: "tuple[Tree, ...]" = ()
    by_name: "Mapping[str, Tree]" = Field(default_factory=dict)
    parent: "Tree | None" = None


class Pair(Value, Generic[T]):
    """A generic value."""

    first: T
    second: tuple[T, ...]


Shape = Annotated[Circle | Square, Field(discriminator="kind")]


@dataclass(frozen=True)
class Kind:
    """A permitted type with a strategy for what may be given for it.

    Attributes:
        annotation: The type.
        values: What may be given.
        forms: The kinds of JSON that it takes.
        hashable: Whether it may be an item of a frozenset.
        key: Whether it may be the key of a mapping.
    """

    annotation: object
    values: st.SearchStrategy[object]
    forms: frozenset[str]
    hashable: bool = True
    key: bool = False


def _kind(annotation: object, values: st.SearchStrategy[object], *forms: str, key: bool = False) -> Kind:
    return Kind(annotation, values, frozenset(forms), key=key)


ZONES = st.one_of(
    st.just(datetime.UTC),
    st.timezones(),
    st.just(zoneinfo.ZoneInfo("Europe/Amsterdam")),
    st.integers(-86_399, 86_399).map(lambda seconds: datetime.timezone(datetime.timedelta(seconds=seconds))),
)
INSTANTS: st.SearchStrategy[object] = st.datetimes(
    min_value=datetime.datetime(2, 1, 1), max_value=datetime.datetime(9998, 12, 31), timezones=ZONES
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
BIG = 10**4299
SAFE = uuid.UUID(int=2, is_safe=uuid.SafeUUID.safe)
FOLDED = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC, fold=1)

LEAVES = [
    _kind(str, TEXT | TEXT.map(Text) | st.just(Unit.METRE), "string", key=True),
    _kind(int, st.integers() | st.sampled_from([BIG, -BIG, Size.LARGE, 2**63]), "number", key=True),
    _kind(UserId, st.integers(), "number", key=True),
    _kind(bool, st.booleans(), "boolean"),
    _kind(float, st.floats() | st.integers(-(2**70), 2**70) | st.sampled_from([-0.0, Ratio(0.5)]), "number", "string"),
    _kind(
        decimal.Decimal,
        st.decimals(allow_nan=False, allow_infinity=False) | st.sampled_from([Money("1.50"), decimal.Decimal("-0E+3")]),
        *("number", "string"),
        key=True,
    ),
    _kind(bytes, st.binary(max_size=12) | st.just(Raw(b"\xff")), "string"),
    _kind(uuid.UUID, st.uuids() | st.sampled_from([uuid.uuid1(), SAFE, Identity(int=1)]), "string", key=True),
    _kind(datetime.datetime, INSTANTS | st.sampled_from([Moment.now(datetime.UTC), FOLDED]), "string", key=True),
    _kind(AwareDatetime, INSTANTS, "string", key=True),
    _kind(datetime.date, st.dates() | st.just(Day(2026, 1, 1)), "string", key=True),
    _kind(datetime.time, st.times() | st.just(datetime.time(2, 30, fold=1)), "string"),
    _kind(datetime.timedelta, st.timedeltas() | st.sampled_from([datetime.timedelta.min, Span(1)]), "string"),
    _kind(Colour, st.sampled_from(Colour), "string", key=True),
    _kind(Weekday, st.sampled_from(Weekday), "number"),
    _kind(Size, st.sampled_from(Size), "number", key=True),
    _kind(Unit, st.sampled_from(Unit), "string", key=True),
    _kind(Literal["a", "b"], st.sampled_from(["a", "b", Text("a")]), "string", key=True),
    _kind(Literal[1, True, "a", None], st.sampled_from([1, True, "a", None]), "number", "boolean", "string", "null"),
    _kind(Annotated[int, Field(ge=0, lt=9)], st.integers(0, 8), "number", key=True),
    _kind(Annotated[str, StringConstraints(min_length=1)], TEXT.filter(bool), "string", key=True),
    _kind(None, st.none(), "null"),
    _kind(Empty, st.builds(Empty), "object"),
    _kind(Shape, st.builds(Circle, radius=st.floats()) | st.builds(Cube, side=st.just(decimal.Decimal(1))), "object"),
]  # fmt: skip


def trees() -> st.SearchStrategy[Tree]:
    """Values that contain themselves, a few levels deep."""
    return st.recursive(
        st.builds(Tree, name=TEXT),
        lambda inner: st.builds(
            Tree,
            name=TEXT,
            branches=st.lists(inner, max_size=2).map(tuple),
            by_name=st.dictionaries(TEXT, inner, max_size=2),
            parent=st.none() | inner,
        ),
        max_leaves=6,
    )


_names = itertools.count()


@st.composite
def _values(draw: st.DrawFn, inner: st.SearchStrategy[Kind]) -> Kind:
    """A new class of values. Some of its fields have a default that is made anew each time."""
    definitions: dict[str, object] = {}
    needed: dict[str, st.SearchStrategy[object]] = {}
    optional: dict[str, st.SearchStrategy[object]] = {}
    for index, kind in enumerate(draw(st.lists(inner, max_size=3))):
        name, default = f"field_{index}", draw(st.none() | st.tuples(kind.values, kind.values).map(itertools.cycle))
        definitions[name] = kind.annotation, ... if default is None else Field(default_factory=default.__next__)
        (needed if default is None else optional)[name] = kind.values
    value = create_model(f"Value{next(_names)}", __base__=Value, **definitions)  # type: ignore[call-overload]  # fields known at run time only
    values = st.fixed_dictionaries(needed, optional=optional)
    return Kind(value, values.map(lambda given: value(**given)), frozenset({"object"}))


def _tuple(kinds: list[Kind]) -> Kind:
    hashable = all(kind.hashable for kind in kinds)
    annotation = types.GenericAlias(tuple, tuple(kind.annotation for kind in kinds))
    return Kind(annotation, st.tuples(*(kind.values for kind in kinds)), frozenset({"array"}), hashable)


def _repeated(kind: Kind) -> Kind:
    values = st.lists(kind.values, max_size=3).map(tuple)
    return Kind(types.GenericAlias(tuple, (kind.annotation, ...)), values, frozenset({"array"}), kind.hashable)


def _frozenset(kind: Kind) -> Kind:
    values = st.frozensets(kind.values, max_size=3)
    return Kind(types.GenericAlias(frozenset, (kind.annotation,)), values, frozenset({"array"}))


def _mapping(key: Kind, item: Kind) -> Kind:
    annotation = types.GenericAlias(Mapping, (key.annotation, item.annotation))
    values = st.dictionaries(key.values, item.values, max_size=3)
    return Kind(annotation, values, frozenset({"object"}), hashable=False)


def _pair(kind: Kind) -> Kind:
    value = cast(type[Pair[object]], Pair.__class_getitem__(kind.annotation))  # type: ignore[arg-type]  # at run time
    values = st.tuples(kind.values, st.lists(kind.values, max_size=2).map(tuple))
    return Kind(value, values.map(lambda both: value(first=both[0], second=both[1])), frozenset({"object"}))


def _union_of(*annotations: object) -> object:
    return Union.__getitem__(annotations)


def _union(kinds: list[Kind]) -> Kind:
    taken: list[Kind] = []
    for kind in kinds:
        if not any(kind.forms & other.forms for other in taken):
            taken.append(kind)
    annotation = _union_of(*(kind.annotation for kind in taken))
    forms = frozenset(form for kind in taken for form in kind.forms)
    return Kind(annotation, st.one_of(*(kind.values for kind in taken)), forms, all(kind.hashable for kind in taken))


def _optional(kind: Kind) -> Kind:
    if "null" in kind.forms:
        return kind
    annotation = _union_of(kind.annotation, None)
    return Kind(annotation, st.none() | kind.values, kind.forms | {"null"}, kind.hashable)


def _extended(inner: st.SearchStrategy[Kind]) -> st.SearchStrategy[Kind]:
    keys = st.sampled_from([kind for kind in LEAVES if kind.key])
    return st.one_of(
        _values(inner),
        st.lists(inner, max_size=3).map(_tuple),
        inner.map(_repeated),
        inner.filter(lambda kind: kind.hashable).map(_frozenset),
        st.builds(_mapping, keys, inner),
        inner.map(_pair),
        st.lists(inner, min_size=1, max_size=4).map(_union),
        inner.map(_optional),
    )


def _copied(kind: Kind) -> Kind:
    """A list of what is permitted, as an argument may have it."""
    return Kind(
        types.GenericAlias(list, (kind.annotation,)),
        st.lists(kind.values, max_size=3),
        frozenset({"array"}),
        hashable=False,
    )


def _named(kind: Kind) -> Kind:
    values = st.dictionaries(TEXT, kind.values, max_size=3)
    return Kind(types.GenericAlias(dict, (str, kind.annotation)), values, frozenset({"object"}), hashable=False)


def _set(kind: Kind) -> Kind:
    return Kind(
        types.GenericAlias(set, (kind.annotation,)),
        st.sets(kind.values, max_size=3),
        frozenset({"array"}),
        hashable=False,
    )


IMMUTABLE: st.SearchStrategy[Kind] = st.recursive(
    st.sampled_from(LEAVES) | st.builds(lambda: _kind(Tree, trees(), "object")), _extended, max_leaves=4
)
"""Every type that may be a field of a value."""

PERMITTED: st.SearchStrategy[Kind] = st.one_of(
    IMMUTABLE,
    IMMUTABLE.map(_copied),
    IMMUTABLE.map(_named),
    IMMUTABLE.filter(lambda kind: kind.hashable).map(_set),
    IMMUTABLE.map(_named).map(_copied),
)
"""Every type that may be an argument or a result."""


@st.composite
def arguments(draw: st.DrawFn) -> tuple[object, object]:
    """A permitted type and something that may be given for it."""
    kind = draw(PERMITTED)
    return kind.annotation, draw(kind.values)
