"""Codecs: a value to JSON and back, and the same check for a value that stays in the process.

The law: `check` gives exactly what `load` would give for the same value dumped, types and all, so that a call means the
same in every placement. Whatever breaks it is refused by `fissile.values.refusals` before the start, or by `check`.
"""

from __future__ import annotations

import typing
from collections.abc import Callable
from typing import TypeVar

from .check import check_of
from .wire import Wire

__all__ = ["Codec"]

T = TypeVar("T")


class Codec(Wire[T]):
    """Checks, writes and reads the values of one type.

    Attributes:
        annotation: The type: of a parameter, of a result, or a `TypedDict` of these, which are the arguments of a call.
        check: Verifies a value that stays in the process, and returns it as it would arrive over the wire: what is
            mutable is copied, a subclass becomes the declared class. Raises `ValueError`, which says where and why.
            Only what it has returned may be dumped.
    """

    __slots__ = ("annotation", "check")

    check: Callable[[object], T]

    def __init__(self, annotation: object) -> None:
        """Builds the codec, which takes about a millisecond: once per type.

        Args:
            annotation: A type, resolved, for which `fissile.values.refusals` has no fault.
        """
        super().__init__(annotation)
        self.annotation = annotation
        self.check = typing.cast(Callable[[object], T], check_of(annotation))
