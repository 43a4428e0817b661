"""Codecs: a value to JSON and back, and the same check for a value that stays in the process.

The law: `check` gives exactly what `load` would give for the same value dumped, types and all, so that a call means the
same in every placement. Whatever breaks it is refused by `fissile.values.refusals` before the start, or by `check`.
"""

from __future__ import annotations

import typing
from collections.abc import Callable
from typing import Generic, TypeVar

from .check import check_of
from .wire import Wire

__all__ = ["Codec"]

T = TypeVar("T")


class Codec(Generic[T]):
    """Checks, writes and reads the values of one type.

    Attributes:
        annotation: The type: of a parameter, of a result, or a `TypedDict` of these, which are the arguments of a call.
        check: Verifies a value that stays in the process, and returns it as it would arrive over the wire: what is
            mutable is copied, a subclass becomes the declared class. Raises `ValueError`, which says where and why.
    """

    __slots__ = ("_wire", "annotation", "check")

    def __init__(self, annotation: object) -> None:
        """Builds the codec, which takes about a millisecond: once per type.

        Args:
            annotation: A type, resolved, for which `fissile.values.refusals` has no fault.
        """
        self.annotation = annotation
        self.check = typing.cast(Callable[[object], T], check_of(annotation))
        self._wire = Wire(annotation)

    def dump(self, value: T) -> bytes:
        """A value that `check` has returned as JSON.

        Raises:
            ValueError: It is not of the type.
        """
        return self._wire.dump(value)

    def load(self, data: bytes) -> T:
        """The value that was dumped; what the reader does not know is ignored.

        Raises:
            ValueError: The data is no JSON, or not of the type.
        """
        return typing.cast(T, self._wire.load(data))

    def schema(self) -> dict[str, object]:
        """Its shape as JSON Schema, without words, to compare two versions by."""
        return self._wire.schema()
