"""Everything that must pass the gateway as it is."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator

from fastapi import APIRouter, HTTPException, Request, Response, UploadFile, WebSocket, WebSocketDisconnect
from fastapi.responses import PlainTextResponse, RedirectResponse, StreamingResponse
from starlette.types import Receive, Scope, Send

router = APIRouter()
runs: Counter[str] = Counter()
steps: asyncio.Queue[str] = asyncio.Queue()
"""What the events are made of: a test makes each one when it has seen the one before."""


class Echo(Response):
    """Sends each part of the request back when it has come."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        await send({"type": "http.response.start", "status": 200, "headers": []})
        more = True
        while more:
            message = await receive()
            more = message.get("more_body", False)
            await send({"type": "http.response.body", "body": message.get("body", b""), "more_body": more})


@router.api_route("/echo/{rest:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
async def echo(request: Request) -> dict[str, object]:
    """Everything that arrived."""
    return {
        "method": request.method,
        "path": request.scope["path"],
        "raw_path": request.scope["raw_path"].decode("latin-1"),
        "query": request.scope["query_string"].decode("latin-1"),
        "headers": [[name.decode("latin-1"), value.decode("latin-1")] for name, value in request.headers.raw],
        "client": request.client.host if request.client else None,
        "server": request.scope["server"],
        "url": str(request.url),
        "version": request.scope["http_version"],
        "body": hashlib.sha256(await request.body()).hexdigest(),
    }


@router.get("/cookies")
async def cookies(response: Response) -> None:
    """Several headers of one name."""
    response.set_cookie("one", "1")
    response.set_cookie("two", "2; with a semicolon")


@router.get("/redirect")
async def redirect(request: Request) -> Response:
    """Elsewhere, by the name of a route."""
    return RedirectResponse(request.url_for("cookies"))


@router.get("/items/")
async def items() -> list[int]:
    """With a slash at its end, to which FastAPI redirects."""
    return [1]


@router.get("/status/{status}")
async def status(status: int) -> Response:
    """Any status."""
    return Response(None if status in (204, 304) else b"body", status, headers={"x-status": str(status)})


@router.get("/refused")
async def refused() -> None:
    """An error of the user's own, with its header."""
    raise HTTPException(503, "closed", {"Retry-After": "7"})


@router.post("/reflect/{status}")
async def reflect(status: int, name: str, value: str, run: str = "") -> Response:
    """Any status with any header; the body says how many times a run was asked, if it has a name."""
    runs[run] += 1
    return Response(str(runs[run]) if run else "", status, headers={name: value})


@router.get("/headers/{size}")
async def headers(size: int) -> Response:
    """So many bytes of headers."""
    half = "x" * (size // 2)
    return PlainTextResponse("ok", headers={"X-Large": half, "X-Larger": half, "Via": "1.1 booth"})


@router.get("/large/{size}")
async def large(size: int) -> Response:
    """A body of so many bytes."""
    return Response(b"x" * size)


@router.get("/stream/{count}")
async def stream(count: int) -> Response:
    """A body of unknown length."""

    async def parts() -> AsyncIterator[bytes]:
        for number in range(count):
            yield b"%d\n" % number

    return StreamingResponse(parts(), media_type="text/plain")


@router.post("/steps/{step}")
async def take(step: str) -> None:
    """Makes the next event."""
    await steps.put(step)


@router.get("/events")
async def events() -> Response:
    """One event for each step, until the step ``end``."""

    async def parts() -> AsyncIterator[str]:
        while (step := await steps.get()) != "end":
            yield f"data: {step}\n\n"

    return StreamingResponse(parts(), media_type="text/event-stream")


@router.get("/broken")
async def broken() -> Response:
    """Ends in the middle of its body."""

    async def parts() -> AsyncIterator[bytes]:
        yield b"begun"
        raise ConnectionAbortedError

    return StreamingResponse(parts())


@router.post("/upload")
async def upload(request: Request) -> dict[str, object]:
    """Reads a body part by part, and says what came."""
    digest, size = hashlib.sha256(), 0
    async for part in request.stream():
        digest.update(part)
        size += len(part)
    return {"size": size, "sha256": digest.hexdigest(), "type": request.headers.get("content-type")}


@router.post("/talk")
async def talk() -> Response:
    """Answers while it is asked."""
    return Echo()


@router.post("/unwanted")
async def unwanted() -> Response:
    """Refuses without reading the body."""
    return Response("no", 403)


@router.post("/limited", max_body_size=1000)
async def limited(request: Request) -> int:
    """Reads no more than 1,000 bytes."""
    return len(await request.body())


@router.post("/form")
async def form(note: UploadFile) -> dict[str, object]:
    """A file of a form."""
    return {"name": note.filename, "size": len(await note.read()), "type": note.content_type}


@router.websocket("/socket")
async def socket(websocket: WebSocket) -> None:
    """Says back what it is told; ``close`` closes."""
    asked = websocket.scope["subprotocols"]
    await websocket.accept(subprotocol=asked[-1] if asked else None, headers=[(b"x-accepted", b"yes")])
    try:
        while True:
            said = await websocket.receive()
            if said["type"] == "websocket.disconnect":
                return
            if said.get("text") == "close":
                await websocket.close(4001, "as asked")
                return
            if said.get("text") == "who":
                assert websocket.client is not None
                await websocket.send_text(f"{websocket.client.host} {websocket.url}")
            elif said.get("text") is not None:
                await websocket.send_text(said["text"])
            else:
                await websocket.send_bytes(said["bytes"])
    except WebSocketDisconnect:
        return


@router.websocket("/closed")
async def closed(websocket: WebSocket) -> None:
    """Lets nobody in."""
    await websocket.close(1008)
