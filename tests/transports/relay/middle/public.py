"""What others may ask of middle."""

from typing import Protocol

from fissile import Interface, readonly


class Middle(Interface, Protocol):
    """Asks probe."""

    async def hang(self, key: str) -> None:
        """Hangs in probe; notes how that ended."""
        ...

    async def ask_twice(self, gate: str) -> str:
        """Asks probe to wait at a gate, and something else once that is open."""
        ...

    async def undeclared(self) -> None:
        """Lets probe's undeclared error pass."""
        ...

    async def refuse(self) -> None:
        """Lets an error pass that only probe declares."""
        ...

    async def remember(self, key: str) -> tuple[str, ...]:
        """How the call of probe ended."""
        ...

    @readonly
    async def remaining(self) -> float:
        """The seconds that were left when probe was reached."""
        ...
