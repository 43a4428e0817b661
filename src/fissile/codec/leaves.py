"""Checks of the types without parts, and why a value is refused."""

from __future__ import annotations

import datetime
import decimal
import types
import uuid
from collections.abc import Callable
from typing import TypeVar

import pydantic

from ..values.permitted import shown
from ..values.plain import (
    plain_bytes,
    plain_date,
    plain_decimal,
    plain_duration,
    plain_instant,
    plain_integer,
    plain_time,
    plain_uuid,
)

Leaf = TypeVar("Leaf")
Check = Callable[[object], object]
"""Takes what was given and returns it in its plain form, or raises `Refused`."""


class Refused(ValueError):
    """A value is not of its type.

    Attributes:
        path: Where in the value, from the outside.
    """

    def __init__(self, reason: str, path: tuple[object, ...] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.path = path

    def __str__(self) -> str:
        return f"{'.'.join(map(_step, self.path))}: {self.reason}" if self.path else self.reason


def _step(part: object) -> str:
    """One step of a path, whatever the key of a mapping is."""
    if isinstance(part, str):
        return part.encode(errors="replace").decode()[:60]
    return str(part) if isinstance(part, int) and -(2**63) < part < 2**63 else type(part).__name__


def wrong(expected: object, value: object) -> Refused:
    """Says which type was expected and which one came, but not the value, which may be secret."""
    return Refused(f"must be {_article(shown(expected))}, not {_article(type(value).__name__)}")


def _article(name: str) -> str:
    if name in ("None", "NoneType"):
        return "None"
    return name if "[" in name or "|" in name else f"{'an' if name[0] in 'aeiouAEIO' else 'a'} {name}"


def _none(value: object) -> object:
    if value is None:
        return value
    raise wrong(None, value)


def _bool(value: object) -> object:
    if type(value) is bool:
        return value
    raise wrong(bool, value)


def _str(value: object) -> object:
    if not isinstance(value, str):
        raise wrong(str, value)
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise Refused("must be text that UTF-8 can carry, without lone surrogates") from None
    return value if type(value) is str else str.__str__(value)


def _int(value: object) -> object:
    if type(value) is int and -(2**63) < value < 2**63:
        return value
    if not isinstance(value, int) or isinstance(value, bool):
        raise wrong(int, value)
    return _plain(plain_integer, value)


def _float(value: object) -> object:
    if type(value) is float:
        return value
    if isinstance(value, float):
        return float.__pos__(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise wrong(float, value)
    try:
        return float(value)
    except OverflowError:
        raise Refused("must be a number that a float can hold") from None


def _decimal(value: object) -> object:
    if isinstance(value, decimal.Decimal) and not value.is_finite():
        raise Refused("must be a finite number")
    return any_decimal(value)


def _date(value: object) -> object:
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return plain_date(value)
    raise wrong(datetime.date, value)


def _leaf(kind: type[Leaf], plain: Callable[[Leaf], object]) -> Check:
    """The check of a type whose plain form a function makes."""

    def check(value: object) -> object:
        if not isinstance(value, kind):
            raise wrong(kind, value)
        return _plain(plain, value)

    return check


def _plain(plain: Callable[[Leaf], object], value: Leaf) -> object:
    try:
        return plain(value)
    except ValueError as error:
        raise Refused(str(error)) from None


def exact(kind: type[object]) -> Check:
    """The check of a class without subclasses: an enum."""

    def check(value: object) -> object:
        if type(value) is kind:
            return value
        raise wrong(kind, value)

    return check


any_decimal = _leaf(decimal.Decimal, plain_decimal)
_instant = _leaf(datetime.datetime, plain_instant)
LEAVES: dict[object, Check] = {
    None: _none,
    types.NoneType: _none,
    str: _str,
    int: _int,
    bool: _bool,
    float: _float,
    decimal.Decimal: _decimal,
    bytes: _leaf(bytes, plain_bytes),
    uuid.UUID: _leaf(uuid.UUID, plain_uuid),
    datetime.datetime: _instant,
    pydantic.AwareDatetime: _instant,
    datetime.date: _date,
    datetime.time: _leaf(datetime.time, plain_time),
    datetime.timedelta: _leaf(datetime.timedelta, plain_duration),
}


def literal(annotation: object, values: tuple[object, ...]) -> Check:
    """The check of a `Literal`, which tells 1 from True."""
    known = {(type(value), value): value for value in values}

    def check(value: object) -> object:
        if isinstance(value, str) and type(value) is not str:
            value = str.__str__(value)
        if (type(value), value) in known:
            return value
        raise Refused(f"must be one of {shown(annotation)}")

    return check
