"""Values: immutable, checked however they are made, and of permitted types only."""

import collections.abc
import contextlib
import copy
import dataclasses
import datetime
import decimal
import enum
import inspect
import json
import pickle
import sys
import uuid
from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, Generic, Literal, NamedTuple, NewType, Self, TypeVar

import pytest
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    PlainSerializer,
    PrivateAttr,
    SecretStr,
    TypeAdapter,
    ValidationError,
    WrapSerializer,
    computed_field,
    field_serializer,
    field_validator,
    model_validator,
)
from typing_extensions import TypeAliasType, TypedDict

from fissile.errors import Fault
from fissile.values import ComponentError, Event, Traits, Value, refusals, traits
from tests.laws import image
from tests.strategies import (
    FOLDED,
    SAFE,
    Circle,
    Colour,
    Cube,
    Day,
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
    Weekday,
)

T = TypeVar("T")
UserId = NewType("UserId", int)
Name = TypeAliasType("Name", str)
Nested = TypeAliasType("Nested", "str | tuple[Nested, ...]")
ZONE = datetime.timezone(datetime.timedelta(hours=1))
MIDNIGHT = datetime.datetime(2026, 1, 1, tzinfo=ZONE)


class Item(Value):
    name: str
    price: decimal.Decimal = decimal.Decimal(0)


class Discounted(Item):
    percent: int = 10


class Draft(Value):
    name: str = ""
    stamp: uuid.UUID = Field(default_factory=uuid.uuid4)


class Order(Value):
    id: int
    items: tuple[Item, ...] = ()
    notes: Mapping[str, Mapping[str, int]] = Field(default_factory=dict)
    placed: datetime.datetime = datetime.datetime(2026, 1, 1, tzinfo=ZONE)


# --- immutable, and always checked ---


def test_a_value_cannot_be_changed() -> None:
    """Neither its fields nor what is inside them can be set."""
    order = Order(id=1, notes={"a": {"b": 1}})
    with pytest.raises(ValidationError):
        order.id = 2  # type: ignore[misc]  # what is tested
    for mapping in (order.notes, order.notes["a"]):
        assert isinstance(mapping, dict)
        changes: list[Callable[[dict[str, Any]], object]] = [
            lambda given: given.__setitem__("x", 1),
            lambda given: given.__delitem__("a"),
            lambda given: given.__ior__({"x": 1}),
            lambda given: given.update(x=1),
            lambda given: given.setdefault("x", 1),
            lambda given: given.pop("a"),
            lambda given: given.popitem(),
            lambda given: given.clear(),
        ]
        for change in changes:
            with pytest.raises(TypeError, match="a mapping in a value cannot be changed"):
                change(mapping)


def test_a_value_keeps_nothing_of_what_it_was_made_from() -> None:
    """Whoever changes a dict after having made a value from it changes nothing."""
    notes = {"a": {"b": 1}}
    order = Order(id=1, notes=notes)
    notes["a"]["b"] = 2
    assert {"a": {"b": 1}} == order.notes


def test_a_default_is_frozen_too() -> None:
    """A default is checked and brought into its plain form like what is given."""
    order = Order(id=1)
    assert (datetime.UTC, "FrozenMapping") == (order.placed.tzinfo, type(order.notes).__name__)


def test_equal_values_have_one_hash() -> None:
    """Values are hashable with everything they are made of, mappings included."""
    one, other = (Order(id=1, items=(Item(name="bolt"),), notes={"a": {"b": 1}}) for _ in range(2))
    assert {one} == {other}


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda given: pickle.loads(pickle.dumps(given))])
def test_a_copy_is_the_same_value(copied: Any) -> None:
    """Copying and pickling keep every field, and the copy is as frozen as the original."""
    order = Order(id=1, items=(Item(name="bolt"),), notes={"a": {"b": 1}})
    assert image(order) == image(copied(order))


def test_a_changed_copy_is_checked() -> None:
    """A copy with changes is checked as a whole, and an unknown name is an error rather than ignored."""
    order = Order(id=1)
    assert Order(id=2) == order.model_copy(update={"id": 2})
    with pytest.raises(ValidationError):
        order.model_copy(update={"id": "x"})
    with pytest.raises(TypeError, match="Order has no field colour"):
        order.model_copy(update={"colour": "red"})


def test_there_is_no_unchecked_value() -> None:
    """The ways around the check that pydantic offers are closed."""
    with pytest.raises(ValidationError):
        Order.model_construct(id="x")  # type: ignore[arg-type]  # what is tested
    with pytest.raises(TypeError, match="a value is copied by model_copy"):
        Order(id=1).copy(update={"id": "x"})
    assert Order(id=1) == Order.model_construct(id=1)


def test_a_default_is_not_set() -> None:
    """A field that was left out has its default and counts as unset, as in any pydantic model."""
    order = Order(id=1, items=())
    assert ({"id", "items"}, {"id": 1, "items": ()}) == (order.model_fields_set, order.model_dump(exclude_unset=True))


def test_a_changed_copy_sets_what_it_changes() -> None:
    """What was set stays set, what is changed becomes set, and the rest keeps its value without being set."""
    one = Draft()
    other = one.model_copy(update={"name": "a"})
    assert ({"name"}, one.stamp) == (other.model_fields_set, other.stamp)
    assert image(one) == image(one.model_copy())


def test_a_constructed_value_says_what_is_set() -> None:
    """`model_construct` checks its fields and counts those as set that pydantic would."""
    assert {"name"} == Draft.model_construct(name="a").model_fields_set
    assert (set(), "a") == ((made := Draft.model_construct(set(), name="a")).model_fields_set, made.name)
    with pytest.raises(ValidationError):
        Draft.model_construct({"name"}, name=1)  # type: ignore[arg-type]  # what is tested


def test_a_validator_sees_what_is_set() -> None:
    """A validator that looks at the fields that were set sees the same in a copy."""

    class Choice(Value):
        one: str = ""
        other: str = ""

        @model_validator(mode="after")
        def single(self) -> Self:
            assert len(self.model_fields_set) == 1
            return self

    assert {"one"} == Choice(one="a").model_copy(update={"one": "b"}).model_fields_set
    with pytest.raises(ValidationError):
        Choice(one="a").model_copy(update={"other": "b"})


def test_a_subclass_keeps_what_is_set() -> None:
    """A value that becomes the declared class has those fields set that both have."""

    class Holder(Value):
        item: Item

    held = Holder(item=Discounted(name="bolt", percent=3)).item
    assert (Item, {"name"}) == (type(held), held.model_fields_set)


def test_a_subclass_becomes_the_declared_class() -> None:
    """Inside a value there is exactly what the field declares, as it would be behind the wire."""
    order = Order(id=1, items=(Discounted(name="bolt"),))
    assert (Item, Item(name="bolt")) == (type(order.items[0]), order.items[0])


def test_what_is_unknown_is_ignored() -> None:
    """A newer version may have more fields."""
    assert Item(name="bolt") == Item.model_validate_json('{"name": "bolt", "colour": "red"}')


PLAIN: list[tuple[Any, object, object]] = [
    (datetime.datetime, MIDNIGHT, datetime.datetime(2025, 12, 31, 23, tzinfo=datetime.UTC)),
    (datetime.datetime, FOLDED, FOLDED.replace(fold=0)),
    (datetime.time, datetime.time(2, 30, fold=1), datetime.time(2, 30)),
    (datetime.date, Day(2026, 1, 1), datetime.date(2026, 1, 1)),
    (datetime.timedelta, Span(1), datetime.timedelta(1)),
    (uuid.UUID, SAFE, uuid.UUID(int=2)),
    (uuid.UUID, Identity(int=1), uuid.UUID(int=1)),
    (bytes, Raw(b"x"), b"x"),
    (float, Ratio(0.5), 0.5),
    (decimal.Decimal, Money("1.50"), decimal.Decimal("1.50")),
    (str, Text("x"), "x"),
    (int, Size.SMALL, 1),
    (float, 1, 1.0),
    (tuple[int, ...], [1], (1,)),
    (uuid.UUID, "00000000-0000-0000-0000-000000000001", uuid.UUID(int=1)),
    (bytes, "_w==", b"\xff"),
]  # fmt: skip


@pytest.mark.parametrize(("annotation", "value", "expected"), PLAIN)
def test_a_field_takes_its_plain_form(annotation: Any, value: object, expected: object) -> None:
    """Whatever JSON would change is settled when the value is made."""

    class Holder(Value):
        field: annotation

    assert image(expected) == image(Holder(field=value).field)


NOT_CARRIED: list[tuple[Any, object]] = [
    (str, "\ud800"),
    (tuple[str, ...], ("\ud800",)),
    (Mapping[str, int], {"\ud800": 1}),
    (datetime.datetime, datetime.datetime(2026, 1, 1)),
    (datetime.datetime, datetime.datetime(1, 1, 1, tzinfo=ZONE)),
    (datetime.time, datetime.time(1, tzinfo=ZONE)),
    (decimal.Decimal, decimal.Decimal("sNaN")),
    (decimal.Decimal, decimal.Decimal("NaN")),
    (Annotated[decimal.Decimal, Field(allow_inf_nan=True)], decimal.Decimal("sNaN")),
]


@pytest.mark.parametrize(("annotation", "value"), NOT_CARRIED)
def test_what_json_cannot_carry_is_refused(annotation: Any, value: object) -> None:
    """A value that could not cross is not made."""

    class Holder(Value):
        field: annotation

    with pytest.raises(ValidationError):
        Holder(field=value)


def test_an_integer_that_json_cannot_carry_is_refused() -> None:
    """Parsers of JSON stop at 4,300 digits; the longest one that they take is kept."""

    class Holder(Value):
        field: int

    with pytest.raises(ValidationError, match="must have at most 4,300 digits"):
        Holder(field=10**4300)
    assert 10**4300 - 1 == Holder(field=10**4300 - 1).field


def test_a_field_may_have_any_name() -> None:
    """Names that mean something to pydantic's schemas are names like others."""

    class Odd(Value):
        type: str
        schema_: int = 0
        fields: float = float("nan")

    assert "\ud7ff" == Odd(type="\ud7ff").type
    with pytest.raises(ValidationError):
        Odd(type="\ud800")


def test_a_plain_pydantic_model_may_hold_values() -> None:
    """At the HTTP edge values stand inside the schemas of routes, and follow their own rules there."""

    class Page(BaseModel):
        items: list[Order]

    page = Page.model_validate({"items": [{"id": 1, "placed": "2026-01-01T00:00:00+01:00"}]})
    assert Order(id=1) == page.items[0]
    assert {"id", "placed"} == page.items[0].model_fields_set
    assert {"price": "0", "name": "bolt"} == TypeAdapter(list[Item]).dump_python([Item(name="bolt")], mode="json")[0]


def test_the_description_of_a_float_stays_a_number() -> None:
    """That NaN travels as a string is no concern of OpenAPI."""
    described = TypeAdapter(Circle).json_schema()["properties"]["radius"]
    assert {"title": "Radius", "type": "number"} == described


# --- which types are permitted ---


class Mutable(BaseModel):
    """A model that is no value."""


@dataclasses.dataclass
class Record:
    """A dataclass."""

    number: int = 1


class Point(NamedTuple):
    """A named tuple."""

    x: int


class Options(TypedDict):
    """A typed dict."""

    x: int


class Right(enum.Flag):
    READ = 1
    WRITE = 2


class Mixed(enum.Enum):
    ONE = 1
    TWO = "two"


class Huge(enum.Enum):
    ONE = 2**63


class Half(enum.Enum):
    """Half of a pair that UTF-16 needs."""

    ONE = "\ud800"


class Nothing(enum.Enum):
    """An enum without members."""


class Untagged(Value):
    side: int


class SameTag(Value):
    kind: Literal["circle"] = "circle"


class Linked(Value, Generic[T]):
    item: T
    next: "Linked[T] | None" = None


PERMITTED: list[Any] = [
    *(str, int, bool, float, decimal.Decimal, bytes, uuid.UUID, datetime.datetime, datetime.date, datetime.time),
    *(datetime.timedelta, None, Colour, Size, Weekday, UserId, Name, Order, Tree, Pair[int], Shape, Cube),
    *(Literal["a", 1, True, None], int | None, int | str, Order | None, int | str | None, tuple[()]),
    *(tuple[int, str], tuple[Item, ...], frozenset[int], Mapping[str, Item], Mapping[uuid.UUID, int]),
    *(Mapping[Literal["a"], int], Mapping[Colour, int], Mapping[datetime.date, int], Mapping[UserId, int]),
    *(Mapping[Annotated[int, Field(gt=1)], int], Annotated[Circle | Square | None, Field(discriminator="kind")]),
    *(list[int], dict[str, Item], set[int], list[dict[str, set[int]]], tuple[int, ...] | str),
    *(Annotated[int, Field(gt=1)], Annotated[int, AfterValidator(abs)]),
]  # fmt: skip


@pytest.mark.parametrize("annotation", PERMITTED)
def test_a_permitted_type_has_no_fault(annotation: Any) -> None:
    """Everything on the list of the design may cross."""
    assert [] == refusals(annotation)


IMMUTABLE = "a value cannot be changed, so that nothing is shared by accident"
NOT_LOSSLESS = "only a type whose trip through JSON loses nothing may cross"
ONE_KIND = "JSON could not tell which of them was meant"
REFUSED: list[tuple[Any, str]] = [
    (Any, "Any says nothing"),
    (object, "object says nothing"),
    (complex, "complex cannot cross"),
    (SecretStr, "SecretStr cannot cross"),
    (Mutable, "Mutable is no Value"),
    (Record, "Record is no Value"),
    (Point, "Point is no Value"),
    (Options, "Options is no Value"),
    (Value, "Value itself"),
    (Event, "Event itself"),
    (T, "the type variable ~T is open"),
    ("Order", "the name 'Order' is not resolved"),
    (list, "list does not say of what"),
    (tuple, "tuple does not say of what"),
    (Mapping, "Mapping does not say of what"),
    (list[Any], "Any says nothing"),
    (tuple[list[int], ...], "list[int] can be changed"),
    (Mapping[str, dict[str, int]], "dict[str, int] can be changed"),
    (set[list[int]], "list[int] can be changed"),
    (set[frozenset[object]], "object says nothing"),
    (collections.abc.Sequence[int], "Sequence[int] leaves the kind open"),
    (collections.abc.AsyncIterator[int], "AsyncIterator[int] cannot cross"),
    (collections.abc.Callable[[int], int], "Callable[[int], int] cannot cross"),
    (type[int], "type[int] cannot cross"),
    (str | datetime.date, "the members of str | date look the same in JSON"),
    (datetime.datetime | decimal.Decimal, "the members of datetime | Decimal look the same in JSON"),
    (int | float, "the members of int | float look the same in JSON"),
    (float | str, "the members of float | str look the same in JSON"),
    (Circle | Square, "the members of Circle | Square look the same in JSON"),
    (Item | Mapping[str, int], "the members of Item | Mapping[str, int] look the same in JSON"),
    (tuple[int, ...] | frozenset[int], "the members of tuple[int, ...] | frozenset[int] look the same in JSON"),
    (str | Literal["a"], "the members of Union[str, Literal['a']] look the same in JSON"),
    (Annotated[Circle | Untagged, Field(discriminator="kind")], "Untagged.kind is no literal string"),
    (Annotated[Circle | SameTag, Field(discriminator="kind")], "two members have kind = 'circle'"),
    (Annotated[Circle | int, Field(discriminator="kind")], "int is no Value"),
    (Annotated[Circle | Square, Discriminator(repr)], "a function tells the members of the union apart"),
    (Annotated[int, PlainSerializer(str)], "PlainSerializer changes how it is written or read"),
    (Annotated[int, WrapSerializer(divmod)], "WrapSerializer changes how it is written or read"),
    (Literal[Colour.RED], "Literal[<Colour.RED: 'red'>]"),
    (Literal[b"a"], "Literal[b'a']"),
    (Right, "Right is a Flag"),
    (Mixed, "the values of Mixed are not all str or all int"),
    (Nothing, "the values of Nothing are not all str or all int"),
    (Huge, "Huge has a value of more than 64 bits"),
    (Mapping[float, int], "a key of type float"),
    (Mapping[bool, int], "a key of type bool"),
    (Mapping[tuple[int, int], int], "a key of type tuple[int, int]"),
    (Mapping[Literal[1], int], "a key of type Literal[1]"),
    (Mapping[Weekday, int], "a key of type Weekday"),
    (dict[Item, int], "a key of type Item"),
    (Name | Nested, "the name 'str | tuple[Nested, ...]' is not resolved"),
    (Pair[list[int]], "Pair[list[int]].first: list[int] can be changed"),
    (Linked[int], "Linked[int].next: a generic value refers to itself"),
    (Pair, "Pair: it leaves its type variable open"),
]  # fmt: skip


@pytest.mark.parametrize(("annotation", "what"), REFUSED)
def test_a_type_that_would_lose_something_is_refused(annotation: Any, what: str) -> None:
    """Each refusal says what, where, why and how to mend it."""
    faults = refusals(annotation, where="here:1")
    assert what in [fault.what for fault in faults]
    assert all(fault.where and fault.why and fault.fix for fault in faults)


@pytest.mark.parametrize("annotation", [annotation for annotation, _ in REFUSED if annotation != "Order"])
def test_a_class_with_a_refused_field_can_be_written(annotation: Any) -> None:
    """What is wrong is told at assembly, with everything else, and not by an exception where the class is written."""

    class Holder(Value):
        field: annotation

    assert [] != refusals(Holder)


def test_an_enum_or_a_literal_that_json_cannot_carry_is_refused() -> None:
    """A lone surrogate has no form in UTF-8."""
    found = [fault.what for annotation in (Half, Literal["\ud800"]) for fault in refusals(annotation)]
    assert [r"Half has the value '\ud800'", r"Literal['\ud800']"] == found


@pytest.mark.skipif(sys.version_info < (3, 12), reason="only a `type` statement can refer to itself")
def test_an_alias_that_refers_to_itself_is_refused() -> None:
    """It has no name on the wire."""
    names: dict[str, Any] = {}
    exec("type Nested = str | tuple[Nested, ...]", names)
    assert ["Nested refers to itself"] == [fault.what for fault in refusals(names["Nested"])]


def test_lists_are_refused_where_they_would_be_shared() -> None:
    """As an argument a list is copied; inside a value it is not."""
    assert [] == refusals(list[int])
    expected = Fault("list[int] can be changed", "here:1", IMMUTABLE, "write tuple[int, ...]")
    assert [expected] == refusals(list[int], where="here:1", mutable=False)


def line_of(value: type[object]) -> str:
    """The line that its class statement stands on."""
    return f"tests/test_values.py:{inspect.getsourcelines(value)[1]}"


def test_all_faults_of_a_value_are_told_at_once() -> None:
    """A class that breaks every rule can be written; each fault is told, with its field, when it is asked for."""

    class Inner(Value):
        anything: Any

    class Bad(Value):
        model_config = ConfigDict(extra="allow", title="Bad")
        tags: list[str]
        names: dict[str, int]
        aliased: int = Field(alias="Aliased")
        hidden: int = Field(0, exclude=True)
        inner: Inner
        again: tuple[Inner, ...]
        _private: int = PrivateAttr(0)

        @field_serializer("tags")
        def joined(self, tags: list[str]) -> str:
            return ",".join(tags)

    bad, inner = line_of(Bad), line_of(Inner)
    assert {
        ("Bad: _private is private", bad),
        ("Bad: joined is a serializer", bad),
        ("Bad: model_config sets extra", bad),
        ("Bad.tags: list[str] can be changed", bad),
        ("Bad.names: dict[str, int] can be changed", bad),
        ("Bad.aliased: it has an alias", bad),
        ("Bad.hidden: it is excluded", bad),
        ("Inner.anything: Any says nothing", inner),
    } == {(fault.what, fault.where) for fault in refusals(Bad)}


def test_a_name_that_is_missing_is_a_fault() -> None:
    """A forward reference that leads nowhere is told with the others instead of raising."""

    class Lost(Value):
        other: "Nowhere"  # type: ignore[name-defined]  # noqa: F821  # what is tested

    expected = [("Lost: the name 'Nowhere' is not defined", line_of(Lost)), ("Any says nothing", "here:1")]
    assert expected == [(fault.what, fault.where) for fault in refusals(tuple[Lost, Any], where="here:1")]


def test_what_pydantic_cannot_read_is_a_fault() -> None:
    """A type of the user's own raises neither where the class is written nor where it is asked about."""

    class Thing:
        pass

    class Holder(Value):
        thing: Thing

    assert ["Holder.thing: Thing cannot cross"] == [fault.what for fault in refusals(Holder)]


def test_a_generic_value_is_found_where_it_is_written() -> None:
    """The place of a fault is that of the class statement, whatever fills the type variable."""
    assert {line_of(Linked)} == {fault.where for fault in refusals(Linked[Any], where="here:1")}


class Parent(Value):
    children: "tuple[Child, ...]" = ()


class Child(Value):
    parent: Parent | None = None


def test_classes_may_refer_to_each_other() -> None:
    """Forward references are resolved when the application is assembled."""
    assert [] == refusals(Parent) == refusals(Child)
    assert Traits(recursive=True) == traits(Parent)


def test_traits_say_what_costs_a_check() -> None:
    """Validators of the user's own are found wherever they are."""

    class Checked(Value):
        text: str

        @field_validator("text")
        @classmethod
        def strip(cls, text: str) -> str:
            return text.strip()

    class Made(Value):
        text: str

        def __init__(self, **given: Any) -> None:
            super().__init__(**given)

    class Finished(Value):
        text: str

        def model_post_init(self, context: object, /) -> None:
            assert self.text

    class Computed(Value):
        colours: ClassVar[list[str]] = []
        width: int

        @computed_field  # type: ignore[prop-decorator]  # as pydantic documents it
        @property
        def double(self) -> int:
            return 2 * self.width

    assert Traits(validating=True) == traits(Made) == traits(Finished)
    assert Traits(validating=True) == traits(tuple[Checked, ...]) == traits(Annotated[int, AfterValidator(abs)])
    assert Traits() == traits(Order) == traits(Mapping[str, Computed])
    assert [] == refusals(Checked) + refusals(Computed)


# --- errors of components ---


class NoSuchOrder(ComponentError):
    """No order has this id.

    The rest is for the reader of the code.
    """

    status = 404
    order_id: int
    items: tuple[Item, ...] = ()


class NoSuchURLOrder(NoSuchOrder):
    code = "no_such_order_at_url"
    url: str


class Closed(ComponentError):
    pass


def test_an_error_reads_well() -> None:
    """It says what happened in one sentence, and its fields."""
    error = NoSuchOrder(order_id=7)
    assert ("No order has this id. (order_id=7, items=())", "NoSuchOrder(order_id=7, items=())") == (
        str(error),
        repr(error),
    )
    assert (404, "no_such_order", "No order has this id.") == (error.status, error.code, error.message)
    assert ("Closed.", "closed", 400) == (str(Closed()), Closed.code, Closed.status)
    assert ("no_such_order_at_url", 404) == (NoSuchURLOrder.code, NoSuchURLOrder.status)


def test_an_error_is_made_again_from_its_fields() -> None:
    """It reaches the caller whole, and pickles."""
    error = NoSuchURLOrder(order_id=7, items=(Item(name="bolt"),), url="/")
    kind: type[ComponentError] = type(error)
    assert error == kind(**error.fields()) == pickle.loads(pickle.dumps(error))
    assert {error} == {copy.copy(error)}
    assert error != NoSuchOrder(order_id=7)
    assert ["order_id", "items", "url"] == list(error.fields())


def test_the_fields_of_an_error_are_checked() -> None:
    """They are values, so what is wrong is refused where the error is raised."""
    assert (Item(name="bolt"),) == NoSuchOrder(order_id=7, items=[Discounted(name="bolt")]).items  # type: ignore[arg-type]  # what is tested
    with pytest.raises(TypeError, match="NoSuchOrder needs order_id"):
        NoSuchOrder()  # type: ignore[call-arg]  # what is tested
    with pytest.raises(TypeError, match="NoSuchOrder has no field colour"):
        NoSuchOrder(order_id=7, colour="red")  # type: ignore[call-arg]  # what is tested
    with pytest.raises(ValueError, match="NoSuchOrder: order_id: Input should be a valid integer"):
        NoSuchOrder(order_id=object())  # type: ignore[arg-type]  # what is tested


def test_an_error_can_be_raised_and_caught() -> None:
    """It is an exception like others: it chains, takes notes and passes through context managers."""
    with pytest.raises(NoSuchOrder) as caught, contextlib.ExitStack():
        try:
            raise KeyError(7)
        except KeyError as error:
            raise NoSuchOrder(order_id=7) from error
    assert isinstance(caught.value.__cause__, KeyError)


def test_the_type_of_the_fields() -> None:
    """A field with a default may be absent, so that an older version can be read."""
    kind = NoSuchOrder.fields_type()
    assert ({"order_id"}, {"items"}) == (set(kind.__required_keys__), set(kind.__optional_keys__))  # type: ignore[attr-defined]  # a typed dict


def test_the_faults_of_an_error_are_told_at_once() -> None:
    """Fields that cannot cross, names that are taken and a status that is none."""

    class Bad(ComponentError):
        status = 200
        code: str  # type: ignore[misc]  # what is tested
        message: str
        tags: list[str]
        anything: Any

    class Annotated(ComponentError):
        status: int = 404  # type: ignore[misc]  # what is tested

    class Lost(ComponentError):
        other: "Nowhere"  # type: ignore[name-defined]  # noqa: F821  # what is tested

    assert [] == NoSuchURLOrder.refusals() == Closed.refusals()
    assert [
        "Bad.code: the name is taken",
        "Bad.message: the name is taken",
        "Bad.status is 200",
        "Bad.tags: list[str] can be changed",
        "Bad.anything: Any says nothing",
    ] == [fault.what for fault in Bad.refusals()]
    assert {line_of(Bad)} == {fault.where for fault in Bad.refusals()}
    (fault,) = Annotated.refusals()
    assert ("Annotated.status: the name is taken", "write `status = ...` without annotation") == (fault.what, fault.fix)
    assert ["Lost: name 'Nowhere' is not defined"] == [fault.what for fault in Lost.refusals()]


def test_json_dumps_a_frozen_mapping() -> None:
    """A frozen mapping is still a dict for whoever only reads."""
    assert '{"a": {"b": 1}}' == json.dumps(Order(id=1, notes={"a": {"b": 1}}).notes)
