"""What is carried with calls, checked as arguments are: it crosses as a value of its type, in every placement."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ..codec import Codec
from ..context import Carried

_codecs: dict[str, tuple[Carried[object], Codec[object]]] = {}


def carried_codec(name: str) -> Codec[object]:
    """The codec of a carried variable."""
    variable = Carried.declared[name]
    known = _codecs.get(name)
    if known is None or known[0] is not variable:
        known = _codecs[name] = variable, Codec(variable.annotation)
    return known[1]


def checked_carried(carried: Mapping[str, object]) -> Mapping[str, object]:
    """What is carried, in the form in which it would arrive over a link.

    Raises:
        TypeError: A variable was set to what is not of its type.
    """
    found: dict[str, object] = {}
    for name, value in carried.items():
        try:
            found[name] = carried_codec(name).check(value)
        except ValueError as error:
            raise TypeError(f"the carried variable {name!r}: {error}") from None
    return MappingProxyType(found)
