"""The law of codecs: a value means the same in one process and behind a wire."""

import contextlib
import datetime
import decimal
import uuid
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal, NamedTuple, NotRequired

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import (
    AfterValidator,
    AwareDatetime,
    Field,
    StringConstraints,
    TypeAdapter,
    computed_field,
    field_validator,
)
from typing_extensions import TypedDict

from fissile.codec import Codec
from fissile.values import Value, refusals
from tests.laws import image, is_lossless, mutable_parts
from tests.strategies import (
    FOLDED,
    SAFE,
    Circle,
    Cube,
    Day,
    Empty,
    Identity,
    Money,
    Pair,
    Ratio,
    Raw,
    Shape,
    Size,
    Span,
    Square,
    Text,
    Tree,
    UserId,
    arguments,
)

LAW = settings(deadline=None, max_examples=80, suppress_health_check=list(HealthCheck))
AMSTERDAM = datetime.timezone(datetime.timedelta(hours=1))
MIDNIGHT = datetime.datetime(2026, 1, 1, tzinfo=AMSTERDAM)
OWN_VALIDATOR = "is changed by its own validator when it is made again on the other side"


@LAW
@given(arguments())
def test_every_permitted_type_crosses_without_loss(given: tuple[object, object]) -> None:
    """For every permitted type the checked value and the one that crossed the wire are the same, types and all."""
    annotation, value = given
    assert [] == refusals(annotation)
    codec: Codec[object] = Codec(annotation)
    assert is_lossless(codec.check, codec.dump, codec.load, value)


@LAW
@given(arguments())
def test_checking_again_changes_nothing(given: tuple[object, object]) -> None:
    """What was checked passes another check, as on the provider's side, and stays what it is."""
    annotation, value = given
    codec: Codec[object] = Codec(annotation)
    checked = codec.check(value)
    assert image(checked) == image(codec.check(checked))


@LAW
@given(arguments())
def test_nothing_mutable_is_shared(given: tuple[object, object]) -> None:
    """Whoever changes an argument after the call changes nothing for the one who was called."""
    annotation, value = given
    codec: Codec[object] = Codec(annotation)
    assert set() == set(mutable_parts(value)) & set(mutable_parts(codec.check(value)))


@pytest.mark.acceptance
@settings(LAW, max_examples=5_000)
@given(arguments())
def test_many_permitted_types_cross_without_loss(given: tuple[object, object]) -> None:
    """The three laws again, on more types than a quick run can try."""
    annotation, value = given
    codec: Codec[object] = Codec(annotation)
    checked = codec.check(value)
    assert is_lossless(codec.check, codec.dump, codec.load, value)
    assert image(checked) == image(codec.check(checked))
    assert set() == set(mutable_parts(value)) & set(mutable_parts(checked))


class Note(Value):
    text: str
    at: datetime.datetime


LOSSY: list[tuple[Any, object]] = [
    (float, float("nan")),
    (bytes, b"\xff"),
    (datetime.datetime, MIDNIGHT),
    (datetime.time, datetime.time(2, 30, fold=1)),
    (str | datetime.date, datetime.date(2026, 1, 1)),
    (datetime.datetime | decimal.Decimal, decimal.Decimal("20260101")),
    (float, 1),
    (int, True),
    (str, Text("x")),
    (int, Size.SMALL),
    (Square, Cube(side=decimal.Decimal(1))),
]


@pytest.mark.parametrize(("annotation", "value"), LOSSY)
def test_the_law_finds_a_planted_loss(annotation: Any, value: object) -> None:
    """A codec that passes values on locally and uses plain pydantic on the wire breaks the law, so the law can fail."""
    plain = TypeAdapter(annotation)
    try:
        kept = is_lossless(lambda given: given, plain.dump_json, plain.validate_json, value)
    except ValueError:
        kept = False
    assert not kept


@pytest.mark.parametrize(("annotation", "value"), LOSSY)
def test_what_would_be_lost_is_refused_or_settled(annotation: Any, value: object) -> None:
    """What plain pydantic loses is refused at assembly, refused by the check, or brought into one form by it."""
    if refusals(annotation):
        return
    codec: Codec[object] = Codec(annotation)
    if value is True:
        with pytest.raises(ValueError, match="must be an int, not a bool"):
            codec.check(value)
    else:
        assert is_lossless(codec.check, codec.dump, codec.load, value)


class Point(NamedTuple):
    x: int
    y: int


class Numbers(list[int]):
    """A list with a class of its own."""


SETTLED: list[tuple[Any, object, object]] = [
    (float, 1, 1.0),
    (str, Text("x"), "x"),
    (int, Size.SMALL, 1),
    (float, Ratio(0.5), 0.5),
    (decimal.Decimal, Money("1.50"), decimal.Decimal("1.50")),
    (bytes, Raw(b"x"), b"x"),
    (datetime.date, Day(2026, 1, 1), datetime.date(2026, 1, 1)),
    (datetime.datetime, FOLDED, FOLDED.replace(fold=0)),
    (datetime.timedelta, Span(1), datetime.timedelta(1)),
    (uuid.UUID, SAFE, uuid.UUID(int=2)),
    (uuid.UUID, Identity(int=1), uuid.UUID(int=1)),
    (tuple[int, ...], Point(1, 2), (1, 2)),
    (list[int], Numbers([1]), [1]),
    (UserId, 7, 7),
    (Square, Cube(side=decimal.Decimal(1), id=uuid.UUID(int=1)), Square(side=decimal.Decimal(1), id=uuid.UUID(int=1))),
    (Shape, Cube(side=decimal.Decimal(1), id=uuid.UUID(int=1)), Square(side=decimal.Decimal(1), id=uuid.UUID(int=1))),
    (datetime.datetime, MIDNIGHT, datetime.datetime(2025, 12, 31, 23, tzinfo=datetime.UTC)),
    (AwareDatetime, MIDNIGHT, datetime.datetime(2025, 12, 31, 23, tzinfo=datetime.UTC)),
    (datetime.time, datetime.time(2, 30, fold=1), datetime.time(2, 30)),
    (Annotated[str, StringConstraints(strip_whitespace=True)], " x ", "x"),
    (Annotated[str, "a word"], "x", "x"),
    (Annotated[decimal.Decimal, Field(allow_inf_nan=True)], decimal.Decimal("NaN"), decimal.Decimal("NaN")),
]  # fmt: skip


@pytest.mark.parametrize(("annotation", "value", "expected"), SETTLED)
def test_a_value_takes_its_plain_form(annotation: Any, value: object, expected: object) -> None:
    """A subclass becomes the declared class, an instant keeps no zone, an integer for a float becomes one."""
    assert image(expected) == image(Codec[object](annotation).check(value))


@given(st.integers(-86_399, 86_399))
def test_a_zone_crosses_as_utc(seconds: int) -> None:
    """Whatever the offset, both sides see the same instant in UTC."""
    zone = datetime.timezone(datetime.timedelta(seconds=seconds))
    instant = datetime.datetime(2026, 5, 5, 5, 5, tzinfo=zone)
    checked = Codec[datetime.datetime](datetime.datetime).check(instant)
    assert (datetime.UTC, instant) == (checked.tzinfo, checked)


class Trimmed(Value):
    text: str

    @field_validator("text")
    @classmethod
    def strip(cls, text: str) -> str:
        """A validator that leaves its own result as it is."""
        return text.strip()


class Louder(Value):
    text: str

    @field_validator("text")
    @classmethod
    def exclaim(cls, text: str) -> str:
        """A validator that changes its own result."""
        return text + "!"


class Measured(Value):
    width: int

    @computed_field  # type: ignore[prop-decorator]  # as pydantic documents it
    @property
    def area(self) -> int:
        """Not sent, since it follows from the fields."""
        raise AssertionError("a computed field is not computed to be sent")


REFUSED: list[tuple[Any, object, str]] = [
    (str, 1, "must be a str, not an int"),
    (str, None, "must be a str, not None"),
    (str, "\ud800", "must be text that UTF-8 can carry, without lone surrogates"),
    (str, b"x", "must be a str, not a bytes"),
    (int, "1", "must be an int, not a str"),
    (int, 1.0, "must be an int, not a float"),
    (int, True, "must be an int, not a bool"),
    (bool, 1, "must be a bool, not an int"),
    (float, "1", "must be a float, not a str"),
    (float, False, "must be a float, not a bool"),
    (float, 10**400, "must be a number that a float can hold"),
    (decimal.Decimal, 1, "must be a Decimal, not an int"),
    (decimal.Decimal, decimal.Decimal("NaN"), "must be a finite number"),
    (decimal.Decimal, decimal.Decimal("sNaN"), "must be a finite number"),
    (decimal.Decimal, decimal.Decimal("Infinity"), "must be a finite number"),
    (bytes, bytearray(b"x"), "must be a bytes, not a bytearray"),
    (uuid.UUID, "x", "must be a UUID, not a str"),
    (datetime.datetime, datetime.datetime(2026, 1, 1), "must say its offset from UTC: `datetime.now(UTC)`"),
    (datetime.datetime, datetime.datetime(1, 1, 1, tzinfo=AMSTERDAM), "the instant lies outside the years 1 to 9999"),
    (datetime.datetime, datetime.date(2026, 1, 1), "must be a datetime, not a date"),
    (datetime.date, datetime.datetime(2026, 1, 1), "must be a date, not a datetime"),
    (datetime.time, datetime.time(1, tzinfo=AMSTERDAM), "must have no zone: use an aware datetime"),
    (datetime.timedelta, 1, "must be a timedelta, not an int"),
    (Size, 1, "must be a Size, not an int"),
    (Literal["a", 1], True, "must be one of Literal['a', 1]"),
    (Literal["a", 1], "b", "must be one of Literal['a', 1]"),
    (None, 0, "must be None, not an int"),
    (list[int], (1,), "must be list[int], not a tuple"),
    (list[int], [1, "2"], "1: must be an int, not a str"),
    (set[int], {"2"}, "0: must be an int, not a str"),
    (tuple[int, ...], [1], "must be tuple[int, ...], not a list"),
    (tuple[int, str], (1,), "must have 2 items, not 1"),
    (tuple[int, str], (1, 2), "1: must be a str, not an int"),
    (frozenset[int], {1}, "must be frozenset[int], not a set"),
    (dict[str, int], {"a": "b"}, "a: must be an int, not a str"),
    (dict[str, int], {1: 1}, "1: must be a str, not an int"),
    (Mapping[str, Mapping[str, int]], {"a": {"b": None}}, "a.b: must be an int, not None"),
    (int | None, "x", "must be an int, not a str"),
    (int | str, 1.5, "must be int | str, not a float"),
    (Circle, {"radius": 1.0}, "must be a Circle, not a dict"),
    (Circle, Empty(), "must be a Circle, not an Empty"),
    (Shape, Empty(), "must be Circle | Square, not an Empty"),
    (Pair[int], Pair[str](first="a", second=()), "must be Pair[int], not Pair[str]"),
    (Annotated[int, Field(gt=5)], 5, "Input should be greater than 5"),
    (Annotated[str, StringConstraints(max_length=1)], "ab", "String should have at most 1 character"),
    (list[Annotated[int, Field(gt=5)]], [6, 5], "1: Input should be greater than 5"),
    (Louder, Louder(text="a"), OWN_VALIDATOR),
    (Annotated[int, AfterValidator(lambda number: number + 1)], 1, OWN_VALIDATOR),
]  # fmt: skip


@pytest.mark.parametrize(("annotation", "value", "reason"), REFUSED)
def test_what_is_not_of_the_type_is_refused(annotation: Any, value: object, reason: str) -> None:
    """A value that stays in the process is checked as strictly as one that arrives, and the reason says where."""
    with pytest.raises(ValueError) as caught:
        Codec[object](annotation).check(value)
    assert reason == str(caught.value)


def test_a_refusal_can_always_be_told() -> None:
    """Whatever the key of a mapping is, the reason can be written down."""
    for key, told in [(10**4300, "int"), ("\ud800", "?"), (b"x", "bytes"), ("x" * 99, "x" * 60)]:
        with pytest.raises(ValueError) as caught:
            Codec[object](dict[int, int]).check({key: "x"})
        assert str(caught.value).encode().decode().startswith(f"{told}: must ")


@pytest.mark.parametrize("sign", [1, -1])
def test_an_integer_that_json_cannot_carry_is_refused(sign: int) -> None:
    """Parsers of JSON stop at 4,300 digits."""
    with pytest.raises(ValueError, match="must have at most 4,300 digits"):
        Codec[int](int).check(sign * 10**4300)


def test_a_validator_that_keeps_its_own_result_is_permitted() -> None:
    """Validators run again behind the wire; one that is idempotent gives the same there."""
    codec: Codec[Trimmed] = Codec(Trimmed)
    assert Trimmed(text="a") == codec.check(Trimmed(text=" a "))


def test_what_is_kept_beside_the_fields_does_not_cross() -> None:
    """A `cached_property` is no field, and does not make a value differ from the one that arrives."""

    class Shouted(Trimmed):
        @cached_property
        def loud(self) -> str:
            return self.text.upper()

    shouted = Shouted(text="a")
    assert "A" == shouted.loud
    assert shouted == Codec[Shouted](Shouted).check(shouted)


def test_a_computed_field_is_not_sent() -> None:
    """It follows from the fields, and computing it could fail in one placement only."""
    assert b'{"width":1}' == Codec[Measured](Measured).dump(Measured(width=1))

    class Given(TypedDict):
        given: tuple[Measured, ...]

    assert b'{"given":[{"width":1}]}' == Codec[object](Given).dump({"given": (Measured(width=1),)})


class Part(Value):
    name: str = ""
    stamp: uuid.UUID = Field(default_factory=uuid.uuid4)


class Whole(Value):
    part: Part
    parts: tuple[Part, ...] = ()
    by_name: Mapping[str, Part] = Field(default_factory=dict)
    unique: frozenset[Part] = frozenset()
    maybe: Part | None = None
    shape: Shape | None = None


class Wanted(TypedDict):
    whole: Whole


WHOLE = Whole(
    part=Part(), parts=(Part(name=""), Part()), unique=frozenset({Part(name="a")}), maybe=None, shape=Circle(radius=1.0)
)


def test_what_was_set_stays_set() -> None:
    """At every depth, and a default that is made anew each time is the one of the sender."""
    codec: Codec[dict[str, Whole]] = Codec(Wanted)
    arrived = codec.load(codec.dump({"whole": WHOLE}))["whole"]
    assert image(WHOLE) == image(arrived)
    one, other = (whole.model_dump(exclude={"unique"}, exclude_unset=True) for whole in (WHOLE, arrived))
    assert one == other


def test_a_value_with_everything_set_is_written_as_ever() -> None:
    """The names of the fields that were set stand beside them only if others were not."""
    codec: Codec[Part] = Codec(Part)
    stamp = uuid.UUID(int=1)
    assert b'{"name":"a","stamp":"%s"}' % str(stamp).encode() == codec.dump(Part(name="a", stamp=stamp))
    part = Part(name="a")
    assert b'{"name":"a","stamp":"%s","_set":["name"]}' % str(part.stamp).encode() == codec.dump(part)


def test_an_older_version_does_not_know_what_was_set() -> None:
    """It sends all fields and no names, so that all count as set; what it is sent beside them it ignores."""
    part = Part(name="a")
    older = TypeAdapter(Part)
    assert {"name", "stamp"} == Codec[Part](Part).load(older.dump_json(part)).model_fields_set
    assert part == older.validate_json(Codec[Part](Part).dump(part))


@pytest.mark.parametrize(
    ("said", "found"),
    [('["name", "colour"]', {"name"}), ("[]", set()), ("null", {"name", "stamp"}), ('["_set"]', set())],
)
def test_what_another_version_says_is_set(said: str, found: set[str]) -> None:
    """Fields that it has and this version does not are nothing to this version."""
    data = f'{{"name": "a", "stamp": "{uuid.UUID(int=1)}", "_set": {said}}}'
    part = Codec[Part](Part).load(data.encode())
    assert (found, ["name", "stamp"]) == (part.model_fields_set, list(vars(part)))


@pytest.mark.parametrize("said", ["1", '"name"', "[1]", "{}"])
def test_what_is_said_to_be_set_is_read_strictly(said: str) -> None:
    """Anything but names is refused."""
    with pytest.raises(ValueError, match=r"_set(\.0)?: "):
        Codec[Part](Part).load(f'{{"name": "a", "_set": {said}}}'.encode())


def test_a_subclass_is_set_as_the_declared_class() -> None:
    """Its own fields count no more, in one process as on the wire."""
    codec: Codec[Square] = Codec(Square)
    checked = codec.check(Cube(side=decimal.Decimal(1), depth=2))
    assert {"side"} == checked.model_fields_set == codec.load(codec.dump(checked)).model_fields_set


class Loose(Value):
    parts: tuple[int, ...]

    @field_validator("parts")
    @classmethod
    def listed(cls, parts: tuple[int, ...]) -> list[int]:
        """A validator that returns what the field does not declare."""
        return list(parts)


def test_a_validator_may_not_return_another_type() -> None:
    """What is in a value is what its fields declare, or it is refused."""
    with pytest.raises(ValueError, match="Expected `tuple"):
        Codec[Loose](Loose).check(Loose(parts=(1,)))


def chain(levels: int) -> Tree:
    """A tree that is all trunk."""
    tree = Tree(name="top")
    for _ in range(levels):
        tree = Tree(name="x", parent=tree)
    return tree


def test_a_value_that_contains_itself_has_a_depth() -> None:
    """Nesting that JSON parsers refuse is refused before it is sent, and what is permitted crosses."""
    codec: Codec[Tree] = Codec(Tree)
    with pytest.raises(ValueError, match="must not be nested more than 100 levels deep"):
        codec.check(chain(99))
    assert is_lossless(codec.check, codec.dump, codec.load, chain(98))  # type: ignore[arg-type]  # dump takes what check gave


class Arguments(TypedDict):
    supplier_id: int
    tags: NotRequired[Mapping[str, list[float]]]


def test_arguments_are_checked_by_name() -> None:
    """The arguments of a call are a new dict, each of its type; one with a default may be absent."""
    codec: Codec[dict[str, object]] = Codec(Arguments)
    given = {"supplier_id": 1, "tags": {"a": [1, float("nan")]}}
    checked = codec.check(given)
    assert image(codec.load(codec.dump(checked))) == image(checked)
    assert {"supplier_id": 1} == codec.check({"supplier_id": 1})
    assert checked is not given


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({}, "supplier_id: is missing"),
        ({"supplier_id": "1"}, "supplier_id: must be an int, not a str"),
        ({"supplier_id": 1, "colour": "red"}, "colour: is not known"),
        ({"supplier_id": 1, "tags": {"a": [1.0, "b"]}}, "tags.a.1: must be a float, not a str"),
        ([], "must be a dict, not a list"),
    ],
)
def test_wrong_arguments_are_named(given: object, reason: str) -> None:
    """The reason for a refusal begins with the parameter."""
    with pytest.raises(ValueError) as caught:
        Codec[object](Arguments).check(given)
    assert reason == str(caught.value)


def test_a_reader_ignores_what_it_does_not_know() -> None:
    """A newer version may send more arguments and more fields."""
    assert {"supplier_id": 1} == Codec[object](Arguments).load(b'{"supplier_id": 1, "colour": "red"}')
    assert Circle(radius=1.0) == Codec[Circle](Circle).load(b'{"kind": "circle", "radius": 1.0, "colour": "red"}')


@pytest.mark.parametrize(
    ("annotation", "data"),
    [
        (int, b'"1"'),
        (int, b"1.0"),
        (int, b"true"),
        (int, b"1" + b"0" * 4300),
        (str, b"1"),
        (str, b'"\\ud800"'),
        (bool, b"1"),
        (float, b'"1.5"'),
        (float, b"NaN"),
        (Annotated[float, Field(allow_inf_nan=False)], b'"NaN"'),
        (datetime.datetime, b'"2026-01-01T00:00:00"'),
        (datetime.datetime, b'"0001-01-01T00:00:00+01:00"'),
        (datetime.time, b'"12:00:00Z"'),
        (Note, b"[]"),
        (Note, b"{}"),
        (Note, b""),
        (Tree, b'{"name":"x","parent":' * 300),
        (tuple[int, str], b"[1]"),
        (Arguments, b'{"supplier_id": "1"}'),
    ],
)
def test_what_arrives_is_read_strictly(annotation: Any, data: bytes) -> None:
    """What no codec of this type writes is refused, by nothing but a `ValueError`."""
    with pytest.raises(ValueError) as caught:
        Codec[object](annotation).load(data)
    assert (ValueError, False) == (type(caught.value), "pydantic" in str(caught.value))


@settings(max_examples=500)
@given(st.binary(max_size=80) | st.text(max_size=80).map(str.encode))
def test_garbage_is_a_value_error(data: bytes) -> None:
    """Whatever bytes arrive, they are read or refused by a `ValueError`."""
    codec: Codec[Tree] = Codec(Tree)
    with contextlib.suppress(ValueError):
        assert isinstance(codec.load(data), Tree)


def test_a_value_is_not_copied() -> None:
    """A value of exactly the declared class was checked when it was made, and passes as it is."""
    note = Note(text="x", at=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC))
    assert note is Codec[Note](Note).check(note)


def test_the_schema_has_no_words() -> None:
    """Two versions are compared by shape alone, so that a docstring changes nothing, and a field named title stays."""

    class Book(Value):
        """A book."""

        title: str = Field("untitled", description="as on the cover")
        price: decimal.Decimal

    assert {
        "properties": {"title": {"type": "string"}, "price": {"format": "decimal", "type": "string"}},
        "required": ["price"],
        "type": "object",
    } == Codec[Book](Book).schema()
