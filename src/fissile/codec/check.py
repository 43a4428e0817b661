"""Checks a value that stays in the process, and gives it the form that it would have behind the wire.

A check is built once per type, out of closures. A value whose class has checked it already costs one comparison.
"""

from __future__ import annotations

import collections.abc
import decimal
import enum
import types
import typing
from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

import pydantic
from typing_extensions import is_typeddict

from ..values.permitted import CONSTRAINTS, discriminator, is_union, traits, unaliased
from ..values.plain import FrozenMapping
from ..values.value import Value
from .leaves import LEAVES, Check, Refused, any_decimal, exact, literal, wrong
from .wire import Wire, entry_hints, reasons, required

DEEPEST = 100
"""How many levels a value that contains itself may have: JSON parsers stop at about 200 brackets."""


def check_of(annotation: object) -> Check:
    """Builds the check of a permitted type, or of a typed dict of these."""
    annotation = unaliased(annotation)
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if is_typeddict(annotation):
        return _arguments(typing.cast(type[object], annotation))
    if origin is Annotated:
        return _annotated(annotation, arguments)
    if origin is Literal:
        return literal(annotation, arguments)
    if is_union(annotation):
        return _union(annotation, arguments)
    if origin is tuple:
        return _tuple(annotation, arguments)
    if origin in (list, set, frozenset):
        return _collection(annotation, typing.cast(type[list[object]], origin), check_of(arguments[0]))
    if origin in (dict, collections.abc.Mapping):
        return _mapping(annotation, origin is dict, check_of(arguments[0]), check_of(arguments[1]))
    if isinstance(annotation, type) and issubclass(annotation, Value):
        return _value(annotation)
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return exact(annotation)
    return LEAVES[annotation]


# --- what has parts ---


def _inside(check: Check, items: Iterable[tuple[object, object]]) -> Refused:
    """Finds which of the items was refused, after the fact, so that finding costs nothing where none is."""
    for key, item in items:
        try:
            check(item)
        except Refused as refused:
            return Refused(refused.reason, (key, *refused.path))
    raise AssertionError("none of them is refused")


def _collection(annotation: object, kind: type[list[object]], item: Check) -> Check:
    def check(value: object) -> object:
        if not isinstance(value, kind):
            raise wrong(annotation, value)
        try:
            return kind([item(one) for one in value])
        except Refused:
            raise _inside(item, enumerate(value)) from None

    return check


def _tuple(annotation: object, arguments: tuple[object, ...]) -> Check:
    if arguments[1:] != (...,):
        return _fixed_tuple(annotation, [check_of(argument) for argument in arguments if argument != ()])
    item = check_of(arguments[0])

    def check(value: object) -> object:
        if not isinstance(value, tuple):
            raise wrong(annotation, value)
        try:
            return tuple([item(one) for one in value])
        except Refused:
            raise _inside(item, enumerate(value)) from None

    return check


def _fixed_tuple(annotation: object, items: list[Check]) -> Check:
    def check(value: object) -> object:
        if not isinstance(value, tuple):
            raise wrong(annotation, value)
        if len(value) != len(items):
            raise Refused(f"must have {len(items)} items, not {len(value)}")
        found = []
        for index, (item, one) in enumerate(zip(items, value, strict=True)):
            try:
                found.append(item(one))
            except Refused as refused:
                raise Refused(refused.reason, (index, *refused.path)) from None
        return tuple(found)

    return check


def _mapping(annotation: object, mutable: bool, key: Check, item: Check) -> Check:
    kind, accepted = (dict, dict) if mutable else (FrozenMapping, Mapping)

    def check(value: object) -> object:
        if not isinstance(value, accepted):
            raise wrong(annotation, value)
        try:
            return kind({key(name): item(one) for name, one in value.items()})
        except Refused:
            failing = [name for name in value if _fails(key, name)]
            raise (
                _inside(key, zip(failing, failing, strict=True)) if failing else _inside(item, value.items())
            ) from None

    return check


def _fails(check: Check, value: object) -> bool:
    try:
        check(value)
    except Refused:
        return True
    return False


def _arguments(annotation: type[object]) -> Check:
    """The arguments of a call: a new dict of them, each checked."""
    checks = {name: check_of(hint) for name, hint in entry_hints(annotation).items()}
    needed = required(annotation)

    def check(value: object) -> object:
        if not isinstance(value, dict):
            raise wrong(dict, value)
        found = {}
        for name, one in value.items():
            try:
                found[name] = checks[name](one)
            except Refused as refused:
                raise Refused(refused.reason, (name, *refused.path)) from None
            except KeyError:
                raise Refused("is not known", (name,)) from None
        if not needed <= found.keys():
            raise Refused("is missing", (min(needed - found.keys()),))
        return found

    return check


# --- unions, constraints and values ---


def _union(annotation: object, members: tuple[object, ...]) -> Check:
    checks = [check_of(member) for member in members if member is not types.NoneType]
    optional = types.NoneType in members

    def check(value: object) -> object:
        if optional and value is None:
            return None
        deepest: Refused | None = None
        for one in checks:
            try:
                return one(value)
            except Refused as refused:
                deepest = refused if len(checks) == 1 or refused.path else deepest
        raise deepest or wrong(annotation, value)

    return check


def _annotated(annotation: object, arguments: tuple[object, ...]) -> Check:
    inner, metadata = arguments[0], arguments[1:]
    if is_union(inner) and discriminator(metadata):
        return _tagged(inner)
    # Whether a Decimal may be NaN is one of the constraints.
    check = any_decimal if inner is decimal.Decimal else check_of(inner)
    if traits(annotation).validating:
        return _tripped(annotation, check)
    if not any(isinstance(item, CONSTRAINTS) for item in metadata):
        return check_of(inner)
    wire: Wire[object] = Wire(annotation)

    def constrained(value: object) -> object:
        try:
            return wire.validate(check(value))
        except Refused:
            raise
        except ValueError as error:
            raise Refused(str(error)) from None

    return constrained


def _tagged(union: object) -> Check:
    members = typing.get_args(union)
    checks = {member: check_of(member) for member in members}

    def check(value: object) -> object:
        for kind in type(value).__mro__:
            if kind in checks:
                return checks[kind](value)
        raise wrong(union, value)

    return check


def _value(kind: type[Value]) -> Check:
    found = traits(kind)
    check = _tripped(kind, _narrowed(kind)) if found.validating else _narrowed(kind)
    return _bounded(check) if found.recursive else check


def _narrowed(kind: type[Value]) -> Check:
    def check(value: object) -> object:
        if type(value) is kind:
            return value
        if not isinstance(value, kind):
            raise wrong(kind, value)
        try:
            return kind.model_validate(value, strict=True)
        except pydantic.ValidationError as error:
            raise Refused(reasons(error)) from None

    return check


def _bounded(check: Check) -> Check:
    """For what may contain itself."""

    def bounded(value: object) -> object:
        if _deeper_than(DEEPEST, value):
            raise Refused(f"must not be nested more than {DEEPEST} levels deep")
        return check(value)

    return bounded


def _deeper_than(levels: int, value: object) -> bool:
    if isinstance(value, Value):
        parts: Iterable[object] = _fields(value).values()
    elif isinstance(value, Mapping):
        parts = value.values()
    elif isinstance(value, (tuple, frozenset)):
        parts = value
    else:
        return False
    return levels == 0 or any(_deeper_than(levels - 1, part) for part in parts)


def _fields(value: Value) -> dict[str, object]:
    """The fields alone: what a `cached_property` keeps beside them does not cross."""
    return {name: value.__dict__[name] for name in type(value).__pydantic_fields__}


def _tripped(annotation: object, check: Check) -> Check:
    """For what validators of the user's own run on: they run again behind the wire, so they run again here."""
    wire: Wire[object] = Wire(annotation)

    def tripped(value: object) -> object:
        value = check(value)
        try:
            arrived = wire.trip(value)
        except ValueError as error:
            raise Refused(str(error)) from None
        if not same(value, arrived):
            raise Refused("is changed by its own validator when it is made again on the other side")
        return arrived

    return tripped


def same(one: object, other: object) -> bool:
    """Whether two plain values are the same, types and all: NaN is itself, 0.0 is not -0.0."""
    if type(one) is not type(other):
        return False
    if isinstance(one, Value) and isinstance(other, Value):
        return one.model_fields_set == other.model_fields_set and same(_fields(one), _fields(other))
    if isinstance(one, dict) and isinstance(other, dict):
        return len(one) == len(other) and all(
            same(pair, twin) for pair, twin in zip(one.items(), other.items(), strict=True)
        )
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, (set, frozenset)) and isinstance(other, (set, frozenset)):
        return len(one) == len(other) and all(any(same(item, twin) for twin in other) for item in one)
    return one == other and repr(one) == repr(other) if one == one else repr(one) == repr(other)
