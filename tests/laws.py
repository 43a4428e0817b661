"""What it means that two values are the same, independent of the code that has to keep it."""

import datetime
import struct
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from pydantic import BaseModel

Image: TypeAlias = tuple[object, ...]


def image(value: object) -> Image:
    """All that can be observed of a value, types included: NaN equals itself here, 0.0 differs from -0.0."""
    kind = type(value)
    if isinstance(value, BaseModel):
        fields = [(name, image(getattr(value, name))) for name in kind.__pydantic_fields__]  # type: ignore[attr-defined]  # a model's class
        return kind, tuple(fields), frozenset(value.model_fields_set)
    if isinstance(value, Mapping):
        return kind, tuple((image(key), image(item)) for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return kind, tuple(map(image, value))
    if isinstance(value, (set, frozenset)):
        return kind, tuple(sorted(map(image, value), key=repr))
    if isinstance(value, float):
        return kind, "NaN" if value != value else struct.pack("d", value)
    if isinstance(value, (datetime.datetime, datetime.time)):
        return kind, value.isoformat(), value.fold, repr(value.tzinfo)
    if isinstance(value, uuid.UUID):
        return kind, value.int, value.is_safe
    return kind, repr(value)


def is_lossless(
    check: Callable[[object], object], dump: Callable[[object], bytes], load: Callable[[bytes], object], value: object
) -> bool:
    """Whether a call gives the same for a value in one process as behind a wire."""
    checked = check(value)
    return image(load(dump(checked))) == image(checked)


def mutable_parts(value: object) -> Iterator[int]:
    """The identity of everything inside a value that can be changed."""
    if type(value) in (list, dict, set, bytearray):
        yield id(value)
    if isinstance(value, BaseModel):
        value = tuple(getattr(value, name) for name in type(value).__pydantic_fields__)
    if isinstance(value, Mapping):
        value = (*value.keys(), *value.values())
    if isinstance(value, (list, tuple, set, frozenset)):
        for part in value:
            yield from mutable_parts(part)
