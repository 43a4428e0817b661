"""The whole application; routes, middleware and everything else as in FastAPI."""

from fissile import App

app = App(title="Sample")


@app.get("/")
async def hello() -> dict[str, str]:
    """Say hello."""
    return {"hello": "world"}
