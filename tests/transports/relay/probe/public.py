"""What others may ask of probe."""

import datetime
import uuid
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from typing import Annotated, Literal, Protocol

from pydantic import Field

from fissile import Carried, ComponentError, Interface, Value, idempotent, raises, readonly

tenant = Carried[str]("tenant", default="")


class Colour(Enum):
    """An enumeration."""

    RED = "red"
    BLUE = "blue"


class Circle(Value):
    """One shape."""

    kind: Literal["circle"] = "circle"
    radius: float


class Square(Value):
    """Another shape."""

    kind: Literal["square"] = "square"
    side: Decimal


class Everything(Value):
    """A field of every permitted type."""

    text: str
    whole: int
    real: float
    truth: bool
    exact: Decimal
    raw: bytes
    identity: uuid.UUID
    instant: datetime.datetime
    day: datetime.date
    time: datetime.time
    span: datetime.timedelta
    colour: Colour
    choice: Literal["a", "b"]
    nested: Circle
    several: tuple[int, ...]
    pair: tuple[int, str]
    unique: frozenset[str]
    table: Mapping[str, int]
    shape: Annotated[Circle | Square, Field(discriminator="kind")]
    maybe: str | None = None


class Node(Value):
    """A value that contains its like."""

    name: str
    children: "tuple[Node, ...]" = ()


class Thing(Value):
    """The class that a method declares."""

    name: str


class Special(Thing):
    """A subclass, which arrives as the declared class."""

    extra: str = "hidden"


class Draft(Value):
    """A value whose fields need not be set, one of which has a default that is made anew each time."""

    name: str = "untitled"
    stamp: uuid.UUID = Field(default_factory=uuid.uuid4)
    note: str | None = None
    parts: "tuple[Draft, ...]" = ()
    named: "Mapping[str, Draft]" = Field(default_factory=dict)
    shape: Annotated[Circle | Square, Field(discriminator="kind")] | None = None


class LongDraft(Draft):
    """A subclass, which arrives as the declared class."""

    pages: int = 1


class Refused(ComponentError):
    """The probe was asked to refuse."""

    status = 409
    reason: str
    shape: Node


class AlsoRefused(Refused):
    """A subclass, which arrives as the declared class."""

    more: int


class Undeclared(ComponentError):
    """An error that no method declares."""

    status = 418


class Seen(Value):
    """What a method saw of its context."""

    tenant: str
    principal: str | None
    idempotency_key: str | None
    traceparent: str | None
    remaining: float
    leaked: str


class Probe(Interface, Protocol):
    """Does whatever a method can do."""

    @readonly
    async def echo(self, text: str) -> str:
        """The same text."""
        ...

    @readonly
    async def everything(self, value: Everything) -> Everything:
        """The same value."""
        ...

    @readonly
    async def node(self, node: Node) -> Node:
        """The same tree."""
        ...

    @readonly
    async def drafts(self, drafts: list[Draft], one: Draft | None = None) -> tuple[tuple[str, ...], tuple[Draft, ...]]:
        """The fields of each draft that arrived as set, then all drafts."""
        ...

    @readonly
    async def optional(self, first: int, second: int = 2, *, third: int | None = None) -> tuple[int, int, int | None]:
        """What arrived."""
        ...

    async def mutate(self, items: list[int], table: dict[str, list[int]]) -> list[int]:
        """Changes its arguments, and returns one of them."""
        ...

    async def keep(self) -> list[int]:
        """A list that the provider keeps."""
        ...

    async def special(self, thing: Thing) -> Thing:
        """A subclass of what is declared, for whatever was given."""
        ...

    async def kind(self, thing: Thing) -> str:
        """The name of the class that arrived."""
        ...

    async def nothing(self) -> None:
        """Nothing."""
        ...

    @raises(Refused)
    async def refuse(self, reason: str, depth: int = 0) -> None:
        """The declared error, with a nested value."""
        ...

    @raises(Refused)
    async def refuse_more(self) -> None:
        """A subclass of the declared error."""
        ...

    async def undeclared(self) -> None:
        """A component's error that the method does not declare."""
        ...

    async def broken(self, how: str) -> str:
        """Raises what the name says, or returns what it may not."""
        ...

    async def hang(self, key: str) -> None:
        """Waits until it is cancelled, and notes that it was."""
        ...

    async def swallow(self, key: str, seconds: float) -> str:
        """Swallows its cancellation, and returns after some seconds."""
        ...

    async def block(self, seconds: float) -> None:
        """Blocks the loop."""
        ...

    async def cancel_itself(self) -> None:
        """Raises a cancellation that nobody asked for."""
        ...

    async def leak(self, value: str) -> None:
        """Sets a context variable of the user's, and a carried one."""
        ...

    @readonly
    async def seen(self) -> Seen:
        """What crossed."""
        ...

    async def wait_for(self, gate: str) -> str:
        """Waits until a gate is opened."""
        ...

    async def open_gate(self, gate: str) -> int:
        """Opens a gate; how many waited."""
        ...

    @readonly
    async def noted(self, key: str) -> tuple[str, ...]:
        """What was noted under a key."""
        ...

    async def big(self, size: int) -> str:
        """A text of so many characters."""
        ...

    @idempotent
    async def once(self, key: str) -> int:
        """Counts its runs."""
        ...

    async def many(self, key: str) -> int:
        """Counts its runs, and may not be repeated."""
        ...

    async def write(self, text: str, then: str = "") -> int:
        """Writes a row, then does what it is told: nothing, refuse, hang, fail the commit."""
        ...

    @readonly
    async def rows(self) -> tuple[str, ...]:
        """The rows."""
        ...

    async def die(self, when: str) -> str:
        """Ends its process at once."""
        ...

    async def finish_after_signal(self, key: str) -> str:
        """Finishes once its process has been asked to end."""
        ...
