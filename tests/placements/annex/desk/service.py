"""What the desk does."""

import asyncio

from .public import Clock, Desk, DeskClosed, language


class WallClock(Clock):
    """The clock on the wall."""

    async def now(self) -> str:
        """The time."""
        return "late"


class DeskService(Desk):
    """The desk, for everyone who may ask."""

    async def greet(self) -> str:
        """A greeting in the language of whoever asked."""
        return {"de": "Guten Tag", "fr": "Bonjour"}.get(language.get(), "Hello")

    async def measure(self, paper: str) -> int:
        """How long the paper is."""
        return len(paper)

    async def close(self, until: int) -> None:
        """Always refuses."""
        raise DeskClosed(until=until)

    async def fail(self) -> None:
        """Fails in a way that nobody has declared."""
        raise ZeroDivisionError("of the desk")

    async def wait(self) -> None:
        """Never ends."""
        await asyncio.Event().wait()
