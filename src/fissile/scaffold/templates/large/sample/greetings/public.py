"""All that other components may use of greetings."""

from typing import Annotated, Protocol

from fissile import Interface, Value, readonly
from pydantic import StringConstraints

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class Hello(Value):
    """What is said to somebody."""

    text: str


class Greetings(Interface, Protocol):
    """What may be asked of greetings."""

    @readonly
    async def greet(self, name: Name = "world") -> Hello:
        """Say hello."""
        ...
