"""HTTP in all of its forms."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

from fastapi import (
    APIRouter,
    BackgroundTasks,
    Cookie,
    Depends,
    Form,
    HTTPException,
    Request,
    Response,
    UploadFile,
    WebSocket,
    WebSocketDisconnect,
)
from fastapi.responses import FileResponse, RedirectResponse, StreamingResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, Field

from fissile import Provided

from ..terms import Torn, pid, till
from .public import Clock, Desk, DeskClosed

router = APIRouter(tags=["desk"])
notes: list[str] = []
noted = asyncio.Condition()


class Letter(BaseModel):
    """A letter."""

    to: str
    pages: int = Field(gt=0)


@router.api_route("/mirror", methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
async def mirror(request: Request) -> dict[str, object]:
    """Everything that arrived, and what the application remembers."""
    # `connection` is between neighbours (RFC 9110, section 7.6.1): no gateway passes it on.
    headers = [(name, value) for name, value in request.headers.items() if name != "connection"]
    return {
        "method": request.method,
        "url": str(request.url),
        "headers": headers,
        "client": request.client.host if request.client else None,
        "body": (await request.body()).decode(),
        "motto": request.app.state.motto,
        "opened": request.state.opened,
    }


@router.get("/greeting")
async def greeting(desk: Provided[Desk]) -> str:
    """A call to itself."""
    return await desk.greet()


@router.get("/till")
async def show_till(where: Annotated[str, Depends(till)]) -> str:
    """What `main.py` has overridden."""
    return where


@router.get("/clock")
async def read_clock(clock: Provided[Clock]) -> str:
    """A call to itself, which `main.py` has overridden."""
    return await clock.now()


# ---------------------------------------------------------------------------------------------- redirects


@router.get("/drawers/")
async def drawers() -> list[str]:
    """Has a slash at its end, to which FastAPI redirects."""
    return ["top"]


@router.get("/moved")
async def moved(request: Request) -> RedirectResponse:
    """Elsewhere, by the name of a route."""
    return RedirectResponse(request.url_for("drawers"), 303)


# ------------------------------------------------------------------------------------------------- bodies


@router.post("/letters", status_code=201)
async def write_letter(letter: Letter) -> Letter:
    """A body of JSON."""
    return letter


@router.post("/form")
async def fill_form(name: Annotated[str, Form()], age: Annotated[int, Form()] = 0) -> list[object]:
    """A form."""
    return [name, age]


@router.post("/parcel")
async def take_parcel(label: Annotated[str, Form()], things: list[UploadFile]) -> list[object]:
    """A form with files."""
    return [label, [[thing.filename, thing.content_type, (await thing.read()).decode()] for thing in things]]


@router.put("/freight")
async def take_freight(request: Request) -> dict[str, object]:
    """A body that is read part by part."""
    digest, size = hashlib.sha256(), 0
    async for part in request.stream():
        digest.update(part)
        size += len(part)
    return {"size": size, "sha256": digest.hexdigest(), "type": request.headers.get("content-type")}


@router.post("/small", max_body_size=5)
async def take_little(request: Request) -> int:
    """A small body at most."""
    return len(await request.body())


# ------------------------------------------------------------------------------------------------ answers


@router.get("/cookies")
async def cookies(response: Response, one: Annotated[str | None, Cookie()] = None) -> str | None:
    """The cookie that came, and two to take along."""
    response.set_cookie("one", "1", httponly=True, samesite="strict")
    response.set_cookie("two", "2; with a semicolon")
    return one


@router.get("/file")
async def file() -> FileResponse:
    """A file, by whose version a client may ask."""
    return FileResponse(Path(__file__).parents[1] / "placements.toml", filename="plän.toml")


@router.get("/lines")
async def lines() -> StreamingResponse:
    """Some lines, one after the other."""

    async def parts() -> AsyncIterator[str]:
        for number in range(3):
            await asyncio.sleep(0)
            yield f"line {number}\n"

    return StreamingResponse(parts(), media_type="text/plain")


@router.get("/events", response_class=EventSourceResponse)
async def events() -> AsyncIterator[ServerSentEvent]:
    """Some events, with all that an event may have."""
    for number in range(3):
        yield ServerSentEvent(data={"number": number}, event="tick", id=str(number), retry=100)


@router.post("/notes", status_code=202)
async def take_note(note: str, tasks: BackgroundTasks) -> str:
    """Writes it down when it has answered."""
    tasks.add_task(write_down, note)
    return "later"


async def write_down(note: str) -> None:
    """Writes a note down."""
    async with noted:
        notes.append(note)
        noted.notify_all()


@router.get("/notes/{count}")
async def read_notes(count: int) -> list[str]:
    """So many notes, once there are so many."""
    async with noted:
        await noted.wait_for(lambda: len(notes) >= count)
    return sorted(notes[:count])


# ------------------------------------------------------------------------------------------------- errors


@router.get("/closed")
async def closed() -> None:
    """An error of the desk's own."""
    raise DeskClosed(until=9)


@router.get("/torn")
async def tear() -> None:
    """Raises what `main.py` handles."""
    raise Torn("at the desk")


@router.get("/broken")
async def broken() -> None:
    """Fails."""
    raise RuntimeError("of the desk")


@router.get("/wrong", response_model=Letter)
async def wrong() -> object:
    """Answers what it did not promise."""
    return {"to": 1}


@router.get("/refused")
async def refused() -> None:
    """An error of FastAPI, with a header and parts."""
    raise HTTPException(429, [{"queue": 7}], {"Retry-After": "7"})


@router.get("/status/{status}")
async def status(status: int) -> Response:
    """Any status."""
    return Response(None if status in (204, 304) else b"body", status, {"x-status": str(status)})


# ------------------------------------------------------------------------------------------------ sockets


@router.websocket("/socket")
async def socket(websocket: WebSocket) -> None:
    """Says back what it is told, and closes when it is told so."""
    await websocket.accept(headers=[(b"x-accepted", b"yes")])
    try:
        while (said := await websocket.receive_text()) != "close":
            await websocket.send_text(f"{said}, {websocket.app.state.motto}")
            await websocket.send_bytes(said.encode())
        await websocket.close(4001, "as asked")
    except WebSocketDisconnect:
        return


@router.websocket("/locked")
async def locked(websocket: WebSocket) -> None:
    """Lets nobody in."""
    await websocket.close(1008)


@router.websocket("/numbered/{number}")
async def numbered(websocket: WebSocket, number: int) -> None:
    """Says its number."""
    await websocket.accept()
    await websocket.send_json(number)
    await websocket.close()


router.add_api_route("/pid", pid, include_in_schema=False)
