"""Version v2 of greetings, over HTTP."""

from httpx2 import AsyncClient


async def test_side_by_side(client: AsyncClient) -> None:
    """Its routes are below its own prefix, and those of the version before are where they were."""
    document = (await client.get("/openapi.json")).json()
    paths = [path for path in document["paths"] if path.startswith("/greetings")]
    new = [path for path in paths if f"{path}/".startswith("/greetings/v2/")]
    assert new
    assert len(new) < len(paths)
