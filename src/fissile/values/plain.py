"""The plain form of everything a value is made of: what comes out of JSON, so what a value holds from the start."""

from __future__ import annotations

import datetime
import decimal
import uuid
from typing import NoReturn, TypeVar

Key = TypeVar("Key")
Item = TypeVar("Item")

LONGEST_INTEGER = 10**4300
"""The first positive integer past 4,300 digits, Python's own limit (`sys.int_info.default_max_str_digits`)."""


class FrozenMapping(dict[Key, Item]):
    """A mapping that cannot be changed; what a `Mapping` in a value or an argument becomes."""

    def _refuse(self, *_arguments: object, **_named: object) -> NoReturn:
        raise TypeError("a mapping in a value cannot be changed: make a new one, `{**old, key: item}`")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __hash__(self) -> int:  # type: ignore[override]  # a dict is not hashable because it changes; this does not
        return hash(frozenset(self.items()))

    def __reduce__(self) -> tuple[object, ...]:
        return FrozenMapping, (dict(self),)


def plain_instant(instant: datetime.datetime) -> datetime.datetime:
    """The same instant in UTC, as a plain `datetime`.

    Raises:
        ValueError: It is naive, or UTC has no such year.
    """
    if instant.tzinfo is datetime.UTC and type(instant) is datetime.datetime and not instant.fold:
        return instant
    if instant.utcoffset() is None:
        raise ValueError("must say its offset from UTC: `datetime.now(UTC)`")
    try:
        at = instant.astimezone(datetime.UTC)
    except OverflowError:
        raise ValueError("the instant lies outside the years 1 to 9999") from None
    return datetime.datetime(
        at.year, at.month, at.day, at.hour, at.minute, at.second, at.microsecond, tzinfo=datetime.UTC
    )


def plain_date(day: datetime.date) -> datetime.date:
    """The same day as a plain `date`."""
    return day if type(day) is datetime.date else datetime.date(day.year, day.month, day.day)


def plain_time(time: datetime.time) -> datetime.time:
    """The same time of day as a plain `time`.

    Raises:
        ValueError: It has a zone, which means nothing without a day.
    """
    if time.tzinfo is not None:
        raise ValueError("must have no zone: use an aware datetime")
    if type(time) is datetime.time and not time.fold:
        return time
    return datetime.time(time.hour, time.minute, time.second, time.microsecond)


def plain_duration(duration: datetime.timedelta) -> datetime.timedelta:
    """The same duration as a plain `timedelta`."""
    if type(duration) is datetime.timedelta:
        return duration
    return datetime.timedelta(duration.days, duration.seconds, duration.microseconds)


def plain_uuid(identifier: uuid.UUID) -> uuid.UUID:
    """The same 128 bits, without the note how safely they were made (`UUID.is_safe`), which does not cross."""
    if type(identifier) is uuid.UUID and identifier.is_safe is uuid.SafeUUID.unknown:
        return identifier
    return uuid.UUID(int=identifier.int)


def plain_decimal(number: decimal.Decimal) -> decimal.Decimal:
    """The same number as a plain `Decimal`.

    Raises:
        ValueError: It is a signalling NaN, which raises where it is compared.
    """
    if number.is_snan():
        raise ValueError("must not be a signalling NaN")
    return number if type(number) is decimal.Decimal else decimal.Decimal(number)


def plain_bytes(data: bytes) -> bytes:
    """The same bytes as plain `bytes`."""
    return data if type(data) is bytes else bytes(memoryview(data))


def plain_integer(number: int) -> int:
    """The same number as a plain `int`.

    Raises:
        ValueError: It has more than 4,300 digits.
    """
    if not -LONGEST_INTEGER < number < LONGEST_INTEGER:
        raise ValueError("must have at most 4,300 digits")
    return number if type(number) is int else int.__pos__(number)
