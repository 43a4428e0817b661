"""The application, with a route in the wrong place."""

from fissile import App

app = App(__package__)


@app.get("/suppliers/report")
async def report() -> str:
    """Belongs to suppliers."""
    return "report"
