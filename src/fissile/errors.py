"""What Fissile raises.

Exception
├── FissileError
│   ├── Conflict                a repository has something else than was taken for granted (fissile.data)
│   ├── ConfigurationError      the application cannot start as it is written; every fault at once
│   │   ├── DependencyDown      nor would it, written otherwise: what it depends on is down
│   │   └── WrongUsage          what was typed cannot be done; the application may be well
│   └── CallError               a call did not end with a value or a declared error
│       ├── DeadlineExceeded    504   its time was up
│       ├── Unavailable         503   nobody there to answer
│       ├── Overloaded          503   too many calls in flight
│       ├── Incompatible        502   the two sides disagree about the method
│       └── CallFailed          500   the provider failed in a way it had not declared
│           └── MessageTooLong  500   the call or its answer is longer than a link carries; 413 for a request's body
└── ComponentError              declared by a component with @raises (fissile.values)
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Fault:
    """One mistake in an application.

    Attributes:
        what: What is wrong, in one sentence.
        where: The place as ``file:line``, where there is one.
        why: The rule that it breaks.
        fix: What to write or run instead.
    """

    what: str
    where: str = ""
    why: str = ""
    fix: str = ""

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        lines = [f"{place}{self.what}"]
        if self.why:
            lines.append(f"    why: {self.why}")
        if self.fix:
            lines.append(f"    fix: {self.fix}")
        return "\n".join(lines)


def place(thing: type[object] | Callable[..., object]) -> str:
    """Where a class or function is written, as ``file:line``, or its name where there is no source."""
    code = getattr(inspect.unwrap(thing), "__code__", None)
    if isinstance(code, CodeType):
        return shown(Path(code.co_filename), code.co_firstlineno)
    try:
        file = Path(inspect.getsourcefile(thing) or "")
        line = inspect.getsourcelines(thing)[1]
    except (OSError, TypeError):
        return f"{thing.__module__}.{getattr(thing, '__qualname__', thing)}"
    return shown(file, line)


def shown(file: Path, line: int | None = None) -> str:
    """A path as a person in the working directory would write it, as ``file:line`` where the line is known."""
    here = Path.cwd()
    path = file.relative_to(here) if file.is_relative_to(here) else file
    return path.as_posix() if line is None else f"{path.as_posix()}:{line}"


class FissileError(Exception):
    """The base of what Fissile itself raises."""


class ConfigurationError(FissileError):
    """The application cannot start as it is written.

    Attributes:
        faults: Every mistake that was found, in the order of the files.
    """

    def __init__(self, *faults: Fault) -> None:
        super().__init__(*faults)
        self.faults = faults

    def __str__(self) -> str:
        return "\n".join(str(fault) for fault in self.faults)


class DependencyDown(ConfigurationError):
    """The application cannot start now, since something that it depends on is down."""


class WrongUsage(ConfigurationError):
    """What was typed cannot be done, such as a bad name; the application itself may be well."""


def raise_faults(faults: Iterable[Fault]) -> None:
    """Raises one `ConfigurationError` for all of them, each said once, or nothing where there are none."""
    if found := tuple(dict.fromkeys(faults)):
        raise ConfigurationError(*found)


class CallError(FissileError):
    """A call that ended neither with a value nor with an error that the method declares.

    Attributes:
        may_have_run: False only when the method certainly did not run.
        status: The HTTP status of the problem document when it reaches the edge.
        code: The same in one word, for programs.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "call_failed"

    def __init__(self, message: str, *, may_have_run: bool) -> None:
        super().__init__(message)
        self.may_have_run = may_have_run

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), str(self), self.may_have_run)


class DeadlineExceeded(CallError):
    """The time for the call was up."""

    status = 504
    code = "deadline_exceeded"


class Unavailable(CallError):
    """Nobody was there to answer, or the connection was lost before the answer."""

    status = 503
    code = "unavailable"


class Overloaded(CallError):
    """The provider has as many calls in flight as it takes."""

    status = 503
    code = "overloaded"


class Incompatible(CallError):
    """Consumer and provider disagree about the method."""

    status = 502
    code = "incompatible"


class CallFailed(CallError):
    """The provider failed in a way that the method does not declare."""


class MessageTooLong(CallFailed):
    """The call, or its answer, is longer than a message between components may be.

    A call that is too long is not sent, so that it certainly did not run; an answer is only known afterwards.
    """

    code = "message_too_long"


CALL_ERRORS: dict[str, type[CallError]] = {
    error.code: error for error in (DeadlineExceeded, Unavailable, Overloaded, Incompatible, CallFailed, MessageTooLong)
}
"""Every way a call can fail, by its code."""


def _rebuild(kind: type[CallError], message: str, may_have_run: bool) -> CallError:
    return kind(message, may_have_run=may_have_run)
