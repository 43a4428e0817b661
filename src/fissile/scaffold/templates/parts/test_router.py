"""The farewells of greetings, over HTTP."""

from httpx2 import AsyncClient


async def test_nothing_yet(client: AsyncClient) -> None:
    """There are none yet."""
    answer = await client.get("/greetings/farewells")
    assert (200, {"items": []}) == (answer.status_code, answer.json())
