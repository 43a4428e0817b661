"""One type to JSON and back, through pydantic's Rust."""

from __future__ import annotations

import collections.abc
import types
import typing
from collections.abc import Callable
from typing import Annotated, Generic, NotRequired, Required, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import PydanticSerializationError, SchemaValidator, core_schema
from typing_extensions import TypedDict, is_typeddict

from ..values.canonical import Canonical, Frozen
from ..values.permitted import is_union, unaliased
from ..values.presence import MARK, reader, writer

T = TypeVar("T")

CORE_CONFIG = core_schema.CoreConfig(
    ser_json_inf_nan="strings", ser_json_bytes="base64", val_json_bytes="base64", hide_input_in_errors=True
)


class Wire(Generic[T]):
    """Writes and reads what a type permits.

    Args:
        annotation: A permitted type, or a `TypedDict` of permitted types.
    """

    __slots__ = ("_adapter", "_read", "_read_marked", "_validator", "_write")

    _read: Callable[..., T]
    _write: Callable[..., bytes]

    def __init__(self, annotation: object) -> None:
        self._adapter = _adapter(annotation)
        self._adapter.rebuild()  # values are built late
        # Built once more with the configuration: a typed dict does not hand its own on to its entries.
        self._validator = SchemaValidator(self._adapter.core_schema, CORE_CONFIG)
        self._read = self._validator.validate_json
        self._read_marked: Callable[..., T] | None = None
        self._write = writer(self._adapter.core_schema, CORE_CONFIG).to_json

    def dump(self, value: T) -> bytes:
        """A checked value as JSON (RFC 8259).

        Raises:
            ValueError: JSON cannot carry it.
        """
        try:
            return self._write(value)
        except PydanticSerializationError as error:
            raise ValueError(str(error)) from None

    def load(self, data: bytes) -> T:
        """The value that was dumped; what the reader does not know is ignored.

        Raises:
            ValueError: The data is no JSON, or not of the type.
        """
        try:
            return (self._read if MARK not in data else self._marked())(data, strict=True)
        except ValidationError as error:
            raise ValueError(reasons(error)) from None

    def _marked(self) -> Callable[..., T]:
        """Return what reads values of which some fields were not set."""
        if self._read_marked is None:
            self._read_marked = reader(self._adapter.core_schema, CORE_CONFIG).validate_json
        return self._read_marked

    def trip(self, value: object) -> T:
        """What would arrive of a value that may not be of the type.

        Raises:
            ValueError: It is not of the type.
        """
        try:
            return self.load(self._write(value, warnings="error"))
        except PydanticSerializationError as error:
            raise ValueError(str(error)) from None

    def validate(self, value: object) -> object:
        """A value of the type in its plain form, the user's constraints included.

        Raises:
            ValueError: It is not of the type.
        """
        try:
            return self._validator.validate_python(value, strict=True)
        except ValidationError as error:
            raise ValueError(reasons(error)) from None

    def schema(self) -> dict[str, object]:
        """Its shape as JSON Schema, without words, to compare two versions by."""
        shape = self._adapter.json_schema(schema_generator=_Shape, mode="validation")
        return typing.cast(dict[str, object], _without_words(shape))


def reasons(error: ValidationError) -> str:
    """What pydantic found, in one line and without the values."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(": ".join(filter(None, (".".join(map(str, item["loc"])), item["msg"]))) for item in found)


def _adapter(annotation: object) -> TypeAdapter[object]:
    if is_typeddict(annotation):
        return TypeAdapter(_arguments(typing.cast(type[object], annotation)))
    return TypeAdapter(typing.cast(type[object], Annotated[_marked(annotation), Canonical()]))


def _arguments(annotation: type[object]) -> type[object]:
    """The same typed dict with every entry marked."""
    entries: dict[str, object] = {}
    for name, hint in entry_hints(annotation).items():
        entry: object = Annotated[_marked(hint), Canonical()]
        entries[name] = (Required if name in required(annotation) else NotRequired).__getitem__(entry)
    make = typing.cast(Callable[[str, dict[str, object]], type[object]], TypedDict)
    return make(annotation.__name__, entries)


def required(annotation: type[object]) -> frozenset[str]:
    """The entries of a typed dict that may not be absent."""
    return typing.cast(frozenset[str], vars(annotation)["__required_keys__"])


def entry_hints(annotation: type[object]) -> dict[str, object]:
    """The types of the entries of a typed dict, by name."""
    return {name: _entry(hint) for name, hint in typing.get_type_hints(annotation, include_extras=True).items()}


def _entry(hint: object) -> object:
    while typing.get_origin(hint) in (Required, NotRequired):
        (hint,) = typing.get_args(hint)
    return hint


def _marked(annotation: object) -> object:
    """The same type in which a `Mapping` is frozen and a `dict` is not: pydantic makes a dict of both."""
    annotation = unaliased(annotation)
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        return Annotated[(_marked(arguments[0]), *arguments[1:])]
    if is_union(annotation):
        return typing.Union[tuple(_marked(argument) for argument in arguments)]  # noqa: UP007  # made at run time
    if origin not in (list, set, dict, tuple, frozenset, collections.abc.Mapping):
        return annotation
    inner = tuple(argument if argument is ... else _marked(argument) for argument in arguments)
    rebuilt = types.GenericAlias(typing.cast(type[object], origin), inner)
    return Annotated[rebuilt, Frozen()] if origin is collections.abc.Mapping else rebuilt


class _Shape(GenerateJsonSchema):
    """JSON Schema in which types that differ look different."""

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        return {"type": "string", "format": "decimal"}


WORDS = frozenset({"title", "description", "default", "examples"})


def _without_words(schema: object, *, names: bool = False) -> object:
    if isinstance(schema, list):
        return [_without_words(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _without_words(item, names=key in ("properties", "$defs") and not names)
        for key, item in schema.items()
        if names or key not in WORDS
    }
