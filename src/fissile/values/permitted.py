"""Which types may cross a boundary, and every reason why one may not.

The law behind the list: what a value looks like must survive JSON exactly, and two types that look the same in JSON may
not stand beside each other in a union.
"""

from __future__ import annotations

import collections.abc
import datetime
import decimal
import enum
import re
import types
import typing
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Literal, TypeVar

import annotated_types
import pydantic
import typing_extensions
from pydantic.errors import PydanticUndefinedAnnotation, PydanticUserError
from pydantic.fields import FieldInfo
from typing_inspection.typing_objects import is_typealiastype

from ..errors import Fault, place
from .value import Event, Value

Kinds = frozenset[str]

LEAVES: dict[object, Kinds] = {
    None: frozenset({"null"}),
    types.NoneType: frozenset({"null"}),
    str: frozenset({"string"}),
    int: frozenset({"number"}),
    bool: frozenset({"boolean"}),
    float: frozenset({"number", "string"}),  # NaN and the infinities are strings
    decimal.Decimal: frozenset({"number", "string"}),
    bytes: frozenset({"string"}),
    uuid.UUID: frozenset({"string"}),
    datetime.datetime: frozenset({"string"}),
    pydantic.AwareDatetime: frozenset({"string"}),
    datetime.date: frozenset({"string"}),
    datetime.time: frozenset({"string"}),
    datetime.timedelta: frozenset({"string"}),
}
"""The types without parts, and the kinds of JSON that they take."""

KEYS = frozenset({str, int, uuid.UUID, datetime.date, datetime.datetime, pydantic.AwareDatetime, decimal.Decimal})
"""What may be a key besides enums and literal strings: what is hashable and has one form as a string."""

MUTABLE: dict[object, str] = {list: "tuple[{}, ...]", set: "frozenset[{}]", dict: "Mapping[{}]"}
VALIDATORS = (pydantic.AfterValidator, pydantic.BeforeValidator, pydantic.PlainValidator, pydantic.WrapValidator)
CONSTRAINTS = (FieldInfo, annotated_types.BaseMetadata, annotated_types.GroupedMetadata)
"""What may stand in an annotation and only narrows what a type takes."""

CONFIGURABLE = frozenset(
    {
        *("title", "model_title_generator", "field_title_generator", "json_schema_extra", "use_attribute_docstrings"),
        *("str_strip_whitespace", "str_to_lower", "str_to_upper", "str_min_length", "str_max_length", "allow_inf_nan"),
        *("from_attributes", "strict", "hide_input_in_errors", "protected_namespaces", "regex_engine", "cache_strings"),
        *("validation_error_cause", "defer_build", "json_schema_serialization_defaults_required", "ignored_types"),
    }
)
"""What a value may say in its `model_config`: nothing that changes how it looks in JSON."""

NOT_IMMUTABLE = "a value cannot be changed, so that nothing is shared by accident"
SAME_NAME = "a field has one name, in Python and on the wire"
NOT_LOSSLESS = "only a type whose trip through JSON loses nothing may cross"
NO_UTF8 = "lone surrogates have no form in UTF-8"
ONE_KIND = "JSON could not tell which of them was meant"
PERMITTED = (
    "use str, int, bool, float, Decimal, bytes, UUID, datetime, date, time, timedelta, an Enum, a Literal, "
    "a Value, or tuple, frozenset and Mapping of these"
)


@dataclass(frozen=True, slots=True)
class Traits:
    """What a codec has to know of a type beyond its shape.

    Attributes:
        validating: Validators of the user's own run where it is made.
        recursive: It may contain itself, to any depth.
    """

    validating: bool = False
    recursive: bool = False


def refusals(annotation: object, *, where: str = "", mutable: bool = True) -> list[Fault]:
    """Every reason why a type may not cross a boundary.

    Args:
        annotation: The resolved annotation of a parameter or a result (`typing.get_type_hints` with its extras).
        where: The place to report, as ``file:line``; the fields of a value are reported where the value is written.
        mutable: Whether `list`, `dict` and `set` are permitted, since they are copied.

    Returns:
        The faults, none when the type is permitted.
    """
    walk = _Walk()
    walk.visit(annotation, _Place(where, "", mutable))
    return list(dict.fromkeys(walk.faults))


def traits(annotation: object) -> Traits:
    """What a codec has to know of a permitted type."""
    walk = _Walk()
    walk.visit(annotation, _Place("", "", True))
    return Traits(walk.validating, walk.recursive)


def unaliased(annotation: object) -> object:
    """The type behind a `NewType` or a type alias."""
    while True:
        if isinstance(annotation, typing.NewType):
            annotation = annotation.__supertype__
        elif is_typealiastype(annotation):
            annotation = annotation.__value__
        else:
            return annotation


def is_union(annotation: object) -> bool:
    """Whether it is written ``X | Y``, ``Union[X, Y]`` or ``Optional[X]``."""
    return typing.get_origin(annotation) in (typing.Union, types.UnionType)


def discriminator(metadata: typing.Iterable[object]) -> str | None:
    """The name of the field that tells the members of a union apart, if the annotation names one."""
    for item in metadata:
        found = item.discriminator if isinstance(item, (FieldInfo, pydantic.Discriminator)) else None
        if isinstance(found, str):
            return found
    return None


def shown(annotation: object) -> str:
    """An annotation as one would write it, without the names of modules."""
    if isinstance(annotation, type) and not typing.get_args(annotation):
        return annotation.__name__
    return re.sub(r"\b(?:[A-Za-z_]\w*\.)+(?=[A-Za-z_])", "", repr(annotation)).replace("NoneType", "None")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an annotation stands: the file, the name of the field, and whether what is there may be mutable."""

    where: str
    title: str
    mutable: bool
    owner: type[Value] | None = None

    def fault(self, what: str, why: str, fix: str) -> Fault:
        where = place(_written(self.owner)) if self.owner else self.where
        return Fault(f"{self.title}: {what}" if self.title else what, where, why, fix)


@dataclass(slots=True)
class _Walk:
    """One walk over a type and all that it is made of."""

    faults: list[Fault] = field(default_factory=list)
    validating: bool = False
    recursive: bool = False
    seen: set[object] = field(default_factory=set)
    above: list[object] = field(default_factory=list)

    def refuse(self, at: _Place, what: str, why: str, fix: str) -> Kinds:
        self.faults.append(at.fault(what, why, fix))
        return frozenset()

    def visit(self, annotation: object, at: _Place, union_by: str | None = None) -> Kinds:
        """Walks one annotation and returns the kinds of JSON that it takes."""
        if is_typealiastype(annotation):
            return self._alias(annotation, at)
        annotation = unaliased(annotation)
        origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
        if _hashable(annotation) and annotation in LEAVES:
            return LEAVES[annotation]
        if origin is Annotated:
            self._metadata(arguments[1:], at)
            return self.visit(arguments[0], at, discriminator(arguments[1:]))
        if origin is Literal:
            return self._literal(arguments, at)
        if is_union(annotation):
            return self._union(annotation, arguments, at, union_by)
        if origin in (tuple, frozenset, collections.abc.Mapping, list, dict, set):
            return self._container(annotation, origin, arguments, at)
        if isinstance(annotation, type) and issubclass(annotation, Value):
            return self._value(annotation, at)
        if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
            return self._enum(annotation, at)
        return self.refuse(at, *_reason(annotation))

    def _alias(self, alias: typing_extensions.TypeAliasType, at: _Place) -> Kinds:
        if alias in self.above:
            fix = "make it a Value whose field refers to it"
            return self.refuse(at, f"{alias.__name__} refers to itself", "an alias has no name on the wire", fix)
        self.above.append(alias)
        kinds = self.visit(alias.__value__, at)
        self.above.pop()
        return kinds

    def _metadata(self, metadata: typing.Iterable[object], at: _Place) -> None:
        for item in metadata:
            if isinstance(item, FieldInfo):
                self._metadata(item.metadata, at)
            elif isinstance(item, VALIDATORS):
                self.validating = True
            elif isinstance(item, pydantic.Discriminator):
                if not isinstance(item.discriminator, str):
                    fix = 'name a Literal field: Field(discriminator="kind")'
                    self.refuse(at, "a function tells the members of the union apart", ONE_KIND, fix)
            elif not isinstance(item, CONSTRAINTS) and hasattr(item, "__get_pydantic_core_schema__"):
                what = f"{type(item).__name__} changes how it is written or read"
                self.refuse(at, what, NOT_LOSSLESS, "remove it; a validator may check, and convert once")

    def _literal(self, values: tuple[object, ...], at: _Place) -> Kinds:
        kinds = {str: "string", int: "number", bool: "boolean", types.NoneType: "null"}
        if odd := [value for value in values if type(value) not in kinds]:
            fix = "write the string or number itself, or use the Enum as the type"
            return self.refuse(at, f"Literal[{odd[0]!r}]", "a literal is a str, an int, a bool or None", fix)
        if lost := [value for value in values if _is_lost(value)]:
            return self.refuse(at, f"Literal[{lost[0]!r}]", NO_UTF8, "remove it")
        return frozenset(kinds[type(value)] for value in values)

    def _union(self, annotation: object, members: tuple[object, ...], at: _Place, by: str | None) -> Kinds:
        if by is not None:
            return self._tagged(members, at, by)
        taken: set[str] = set()
        for member in members:
            kinds = self.visit(member, at)
            if taken & kinds:
                fix = "give each member a Value with its own Literal field and name it by Field(discriminator=...)"
                return self.refuse(at, f"the members of {shown(annotation)} look the same in JSON", ONE_KIND, fix)
            taken |= kinds
        return frozenset(taken)

    def _tagged(self, members: tuple[object, ...], at: _Place, by: str) -> Kinds:
        tags: set[object] = set()
        for member in members:
            if member is types.NoneType:
                continue
            if not (isinstance(member, type) and issubclass(member, Value)):
                why = "a discriminator is a field of every member"
                return self.refuse(at, f"{shown(member)} is no Value", why, "make it one, or drop the discriminator")
            self.visit(member, at)
            own = member.__pydantic_fields__.get(by)
            values = typing.get_args(own.annotation) if own and typing.get_origin(own.annotation) is Literal else ()
            if not values or any(type(value) is not str for value in values):
                fix = f'write `{by}: Literal["{member.__name__.lower()}"] = "{member.__name__.lower()}"` in it'
                self.refuse(at, f"{member.__name__}.{by} is no literal string", "it tells the members apart", fix)
            elif tags & set(values):
                what = f"two members have {by} = {min(map(str, tags & set(values)))!r}"
                self.refuse(at, what, ONE_KIND, "give each its own")
            tags |= set(values)
        return frozenset({"object", "null"} if types.NoneType in members else {"object"})

    def _container(self, annotation: object, origin: object, arguments: tuple[object, ...], at: _Place) -> Kinds:
        if origin in MUTABLE and not at.mutable:
            inner = ", ".join(shown(argument) for argument in arguments)
            fix = f"write {MUTABLE[typing.cast(type[object], origin)].format(inner)}"
            self.refuse(at, f"{shown(annotation)} can be changed", NOT_IMMUTABLE, fix)
        # What is inside something hashable has to be hashable.
        inside = _Place(at.where, at.title, at.mutable and origin in MUTABLE and origin is not set, at.owner)
        if origin in (collections.abc.Mapping, dict):
            self._key(arguments[0], inside)
            self.visit(arguments[1], inside)
            return frozenset({"object"})
        for argument in arguments:
            if argument is not ...:
                self.visit(argument, inside)
        return frozenset({"array"})

    def _key(self, annotation: object, at: _Place) -> None:
        plain = unaliased(annotation)
        while typing.get_origin(plain) is Annotated:
            self._metadata(typing.get_args(plain)[1:], at)
            plain = unaliased(typing.get_args(plain)[0])
        if typing.get_origin(plain) is Literal and all(type(value) is str for value in typing.get_args(plain)):
            return
        if isinstance(plain, type) and issubclass(plain, enum.Enum):
            if "number" in self._enum(plain, at) and not issubclass(plain, int):
                self.refuse(at, f"a key of type {plain.__name__}", "a key of JSON is a string", "make it an IntEnum")
        elif not _hashable(plain) or plain not in KEYS:
            fix = "use str, int, UUID, date, datetime, Decimal, an Enum or a Literal of strings as the key"
            self.refuse(at, f"a key of type {shown(plain)}", "a key of JSON is a string", fix)

    def _enum(self, members: type[enum.Enum], at: _Place) -> Kinds:
        if issubclass(members, enum.Flag):
            fix = "use a frozenset of an Enum"
            return self.refuse(at, f"{members.__name__} is a Flag", "its combinations have no names", fix)
        found = {type(member.value) for member in members}
        if found not in ({str}, {int}):
            why = "a member is written as its value"
            return self.refuse(at, f"the values of {members.__name__} are not all str or all int", why, "make them so")
        if lost := [member.value for member in members if _is_lost(member.value)]:
            return self.refuse(at, f"{members.__name__} has the value {lost[0]!r}", NO_UTF8, "use another")
        if found == {int} and any(not -(2**63) <= member.value < 2**63 for member in members):
            fix = "use smaller numbers, or strings"
            return self.refuse(
                at, f"{members.__name__} has a value of more than 64 bits", "pydantic reads no such", fix
            )
        return frozenset({"string"} if found == {str} else {"number"})

    def _value(self, value: type[Value], at: _Place) -> Kinds:
        if value in self.above:
            self.recursive = True
        elif value in (Value, Event):
            fix = "name the class that has the fields"
            return self.refuse(at, f"{value.__name__} itself", "a subclass arrives as the declared class", fix)
        elif value not in self.seen:
            self.seen.add(value)
            self.above.append(value)
            self._fields(value)
            self.above.pop()
        return frozenset({"object"})

    def _fields(self, value: type[Value]) -> None:
        at = _Place("", value.__name__, False, value)
        if not self._resolve(value, at):
            return
        before = len(self.faults)
        self._class(value, at)
        for name, info in value.__pydantic_fields__.items():
            inside = _Place("", f"{value.__name__}.{name}", False, value)
            self._field(info, inside)
            self.visit(info.annotation, inside, discriminator([info]))
        if len(self.faults) == before:
            try:
                value.model_rebuild()
            except (PydanticUserError, PydanticUndefinedAnnotation) as error:
                self.refuse(at, str(error).splitlines()[0], "pydantic cannot read it", "see the message")

    def _resolve(self, value: type[Value], at: _Place) -> bool:
        """Resolves what refers forward; whatever else is wrong is found in the fields."""
        if value.__pydantic_fields_complete__:
            return True
        try:
            value.model_rebuild()
        except PydanticUndefinedAnnotation as error:
            if not value.__pydantic_fields_complete__:
                fix = "import it in the module, or define it before the application is assembled"
                self.refuse(at, f"the name {error.name!r} is not defined", "the fields have to be known", fix)
        return value.__pydantic_fields_complete__

    def _class(self, value: type[Value], at: _Place) -> None:
        if value.__pydantic_generic_metadata__["parameters"]:
            fix = f"name it: {value.__name__}[...]"
            self.refuse(at, "it leaves its type variable open", "both sides have to know the type", fix)
        for name in sorted(value.__private_attributes__):
            self.refuse(at, f"{name} is private", "a private attribute does not cross", "make it a field or remove it")
        decorators = value.__pydantic_decorators__
        for name in sorted({*decorators.field_serializers, *decorators.model_serializers}):
            self.refuse(at, f"{name} is a serializer", NOT_LOSSLESS, "remove it: the field itself is written")
        for name in _configured(value):
            self.refuse(at, f"model_config sets {name}", "it changes what a value is on the wire", "remove it")
        own = {*decorators.validators, *decorators.field_validators}
        own |= {*decorators.root_validators, *decorators.model_validators}
        overridden = value.__init__ is not Value.__init__ or value.model_post_init is not Value.model_post_init
        self.validating = self.validating or bool(own) or overridden

    def _field(self, info: FieldInfo, at: _Place) -> None:
        if info.alias or info.validation_alias or info.serialization_alias:
            self.refuse(at, "it has an alias", SAME_NAME, "rename the field, or rename it in the schema of the route")
        if info.exclude or info.exclude_if:
            self.refuse(at, "it is excluded", "what is left out does not arrive", "remove exclude, or the field")
        self._metadata(info.metadata, at)


def _hashable(annotation: object) -> bool:
    try:
        hash(annotation)
    except TypeError:  # Annotated with a field
        return False
    return True


def _written(value: type[Value]) -> type[object]:
    """The class whose statement stands in the source: for ``Page[Order]`` that of ``Page``."""
    return value.__pydantic_generic_metadata__["origin"] or value


def _is_lost(value: object) -> bool:
    return isinstance(value, str) and any("\ud800" <= character <= "\udfff" for character in value)


def _configured(value: type[Value]) -> Iterator[str]:
    own, base = value.model_config, Value.model_config
    for name in sorted({*own, *base} - CONFIGURABLE):
        if own.get(name) != base.get(name):
            yield name


def _reason(annotation: object) -> tuple[str, str, str]:
    """Why a type is on none of the lists: what, why, fix."""
    name = shown(annotation)
    if annotation in (tuple, frozenset, list, dict, set, collections.abc.Mapping):
        return f"{name} does not say of what", "both sides have to know the type", f"write {name}[...]"
    if isinstance(annotation, TypeVar):
        return f"the type variable {name} is open", "both sides have to know the type", "name the type"
    if isinstance(annotation, (str, typing.ForwardRef)):
        return f"the name {name} is not resolved", "both sides have to know the type", "import or define it"
    if hasattr(annotation, "type_ref"):  # what pydantic puts where a generic model refers to itself
        fix = "write the class without type variables"
        return "a generic value refers to itself", "its type is not known until it is known", fix
    if annotation in (typing.Any, object):
        return f"{name} says nothing", "both sides check every value", PERMITTED
    if isinstance(annotation, type) and (issubclass(annotation, pydantic.BaseModel) or _is_record(annotation)):
        return f"{name} is no Value", "it can be changed, or is written in its own way", f"write `class {name}(Value)`"
    if typing.get_origin(annotation) in (collections.abc.Sequence, collections.abc.Iterable, collections.abc.Set):
        return f"{name} leaves the kind open", NOT_LOSSLESS, "use tuple[..., ...] or frozenset[...]"
    return f"{name} cannot cross", NOT_LOSSLESS, PERMITTED


def _is_record(annotation: type[object]) -> bool:
    """A dataclass, a typed dict or a named tuple."""
    return any(
        hasattr(annotation, name)
        for name in ("__dataclass_fields__", "__required_keys__", "_fields", "__attrs_attrs__")
    )
