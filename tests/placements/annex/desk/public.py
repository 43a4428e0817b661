"""What others may ask of the desk."""

from typing import Protocol

from fissile import Carried, ComponentError, Interface, idempotent, raises, readonly

language = Carried[str]("language", default="")
"""What the client reads."""


class DeskClosed(ComponentError):
    """The desk is closed."""

    status = 409
    until: int


class Clock(Interface, Protocol):
    """What time it is, unless `main.py` says otherwise."""

    @readonly
    async def now(self) -> str:
        """The time."""
        ...


class Desk(Interface, Protocol):
    """Calls that end in every way."""

    @readonly
    async def greet(self) -> str:
        """A greeting in the language of whoever asked."""
        ...

    @idempotent
    async def measure(self, paper: str) -> int:
        """How long the paper is."""
        ...

    @raises(DeskClosed)
    async def close(self, until: int) -> None:
        """Always refuses."""
        ...

    async def fail(self) -> None:
        """Fails in a way that nobody has declared."""
        ...

    async def wait(self) -> None:
        """Never ends."""
        ...
