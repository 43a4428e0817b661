"""Greetings, over HTTP and by calls."""

from fissile import Provided
from httpx2 import AsyncClient

from sample.greetings.public import Greetings, Hello


async def test_over_http(client: AsyncClient) -> None:
    """Whoever asks is greeted, by name if it is given."""
    answers = [await client.get("/greetings"), await client.get("/greetings", params={"name": "Ada"})]
    assert [{"text": "Hello, world!"}, {"text": "Hello, Ada!"}] == [answer.json() for answer in answers]


async def test_no_name(client: AsyncClient) -> None:
    """A name that is empty is refused, and the problem says where."""
    answer = await client.get("/greetings", params={"name": " "})
    assert (422, ["query", "name"]) == (answer.status_code, answer.json()["errors"][0]["loc"])


async def test_a_call(greeter: Provided[Greetings]) -> None:
    """Other components get the greeting as a value."""
    assert Hello(text="Hello, Ada!") == await greeter.greet("Ada")
