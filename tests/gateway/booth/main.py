"""The application, whose own route answers whatever no component claims."""

from fastapi import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from fissile import App


class Guard:
    """Middleware that refuses requests with the header ``x-deny``, unread."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        denied = any(name == b"x-deny" for name, _ in scope.get("headers", ()))
        await (PlainTextResponse("no", 401) if denied else self.app)(scope, receive, send)


async def unclaimed(request: Request) -> dict[str, str]:
    """Says what was asked of nobody in particular."""
    return {"by": "main", "method": request.method, "path": request.scope["path"]}


def application() -> App:
    """One more of it, as another process would have it."""
    app = App(__package__)
    app.add_middleware(Guard)
    methods = ["GET", "HEAD", "POST", "PUT", "OPTIONS", "TRACE"]
    app.add_api_route("/{rest:path}", unclaimed, methods=methods, include_in_schema=False)
    return app


app = application()
