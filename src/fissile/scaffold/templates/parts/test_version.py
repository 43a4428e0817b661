"""Version v2 of greetings, over HTTP."""

from httpx2 import AsyncClient


async def test_side_by_side(client: AsyncClient) -> None:
    """It answers below its own prefix, as the version before does where it was."""
    paths = (await client.get("/openapi.json")).json()["paths"]
    new = [path for path in paths if f"{path}/".startswith("/greetings/v2/")]
    before = {path: f"/greetings/v1{path.removeprefix('/greetings/v2')}" for path in new}
    assert any(path in paths for path in before.values())
    for path, old in before.items():
        is_stream = "text/event-stream" in str(paths[path])
        if old in paths and "get" in paths[path] and "{" not in path and not is_stream:
            expected, answer = await client.get(old), await client.get(path)
            assert expected.status_code == answer.status_code
