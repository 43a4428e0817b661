"""The application, whose own route answers whatever no component claims."""

from fastapi import Request

from fissile import App


async def unclaimed(request: Request) -> dict[str, str]:
    """Says what was asked of nobody in particular."""
    return {"by": "main", "method": request.method, "path": request.scope["path"]}


def application() -> App:
    """One more of it, as another process would have it."""
    app = App(__package__)
    methods = ["GET", "HEAD", "POST", "PUT", "OPTIONS", "TRACE"]
    app.add_api_route("/{rest:path}", unclaimed, methods=methods, include_in_schema=False)
    return app


app = application()
