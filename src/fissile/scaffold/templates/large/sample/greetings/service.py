"""What can be done with greetings: between the words that others use and those of the domain."""

from . import domain
from .public import Greetings, Hello


class GreetingsService(Greetings):
    """The greetings, for everyone who may ask."""

    async def greet(self, name: str = "world") -> Hello:
        """Say hello."""
        return Hello(text=domain.hello(name))
