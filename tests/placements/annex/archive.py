"""The archive: an application that was there before, adopted as it is."""

from collections.abc import Awaitable, Callable

from fastapi import FastAPI, HTTPException, Request, Response, WebSocket
from fastapi.responses import PlainTextResponse

from fissile import Component

from .terms import Torn, pid

application = FastAPI(title="Archive")


@application.middleware("http")
async def age(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Its own middleware, inside that of `main.py`."""
    response = await call_next(request)
    response.headers["x-age"] = "old"
    return response


@application.exception_handler(LookupError)
async def lost(request: Request, error: LookupError) -> Response:
    """Its own handler."""
    return PlainTextResponse("lost", 410)


@application.get("/boxes/{number}")
async def box(number: int, request: Request) -> dict[str, object]:
    """A box, and where it is."""
    if number > 9:
        raise HTTPException(404, f"no box {number}")
    return {"number": number, "url": str(request.url_for("box", number=number)), "root": request.scope["root_path"]}


@application.get("/lost")
async def lose() -> None:
    """Raises what it handles itself."""
    raise KeyError("box")


@application.get("/torn")
async def tear() -> None:
    """Raises what only `main.py` handles."""
    raise Torn("in the archive")


@application.websocket("/socket")
async def socket(websocket: WebSocket) -> None:
    """Says something."""
    await websocket.accept()
    await websocket.send_text("dust")
    await websocket.close()


application.add_api_route("/pid", pid, include_in_schema=False)

component = Component(api=application)
