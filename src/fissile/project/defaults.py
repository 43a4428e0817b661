"""What every call and link starts from: the ``[defaults]`` of a package's ``placements.toml``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fissile.errors import Fault

from .graph import nearest

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0}
_BYTES = {"B": 1, "KiB": 1024, "MiB": 1024 * 1024}


@dataclass(frozen=True)
class Defaults:
    """What every call and link starts from.

    Attributes:
        deadline: Seconds that a call may take; written ``"5s"``, ``"300ms"`` or ``"1m"``.
        in_flight: Calls that a component runs at once.
        message: Bytes of the longest message over a link; written ``"1MiB"`` or ``"512KiB"``.
        connections: Connections to PostgreSQL that a process has open at once, shared by its components; None for a
            share of those that the server gives.
        answer: Seconds in which the answer to an HTTP request has to begin; None for any time.
    """

    deadline: float = 5.0
    in_flight: int = 1_000
    message: int = 1024 * 1024
    connections: int | None = None
    answer: float | None = None


def read_defaults(written: object, at: Callable[..., str]) -> tuple[Defaults, list[Fault]]:
    """Reads the table.

    Args:
        written: What the file has as ``defaults``.
        at: Gives the place of the table, or of a key in it.

    Returns:
        The defaults, where nothing is written or it cannot be read those of `Defaults`; and what is wrong.
    """
    if not isinstance(written, Mapping):
        return Defaults(), [
            Fault(
                "[defaults] is no table", at(), "it holds several settings", "write `[defaults]` on a line of its own"
            )
        ]
    given: dict[str, float | int] = {}
    faults: list[Fault] = []
    for key, value in written.items():
        if key not in _READERS:
            close = nearest(key, _READERS)
            why = f"there are {', '.join(_READERS)}"
            fix = f"did you mean {close}?" if close else "remove it"
            faults.append(Fault(f"[defaults] has no {key!r}", at(key), why, fix))
            continue
        read, example, why = _READERS[key]
        amount = read(value)
        if amount is None:
            faults.append(Fault(f"{key} = {value!r} is no {key}", at(key), why, f"write `{key} = {example}`"))
        else:
            given[key] = amount
    return Defaults(**given), faults  # type: ignore[arg-type]  # each reader gives what its field takes


def _seconds(value: object) -> float | None:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m)", value) if isinstance(value, str) else None
    return float(found[1]) * _SECONDS[found[2]] if found and float(found[1]) else None


def _bytes(value: object) -> int | None:
    found = re.fullmatch(r"(\d+)(B|KiB|MiB)", value) if isinstance(value, str) else None
    return int(found[1]) * _BYTES[found[2]] if found and int(found[1]) else None


def count(value: object) -> int | None:
    """Return a whole number above 0, and None for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


_READERS: Mapping[str, tuple[Callable[[object], float | int | None], str, str]] = {
    "deadline": (_seconds, '"5s"', "it is a time with its unit: ms, s or m"),
    "in_flight": (count, "1000", "it is a whole number above 0"),
    "message": (_bytes, '"1MiB"', "it is a size with its unit: B, KiB or MiB"),
    "answer": (_seconds, '"30s"', "it is a time with its unit: ms, s or m"),
    "connections": (count, "20", "it is a whole number above 0"),
}
