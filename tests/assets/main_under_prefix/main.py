"""The application, with a route in the wrong place."""

from fissile import App

app = App(__package__)


@app.get("/orders/report")
async def report() -> str:
    """Belongs to orders."""
    return "report"


@app.get("/orders-report")
async def elsewhere() -> str:
    """Is nobody's but main's."""
    return "report"
