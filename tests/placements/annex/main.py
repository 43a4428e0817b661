"""An application with everything that `main.py` may have; it takes the place of the shop's own."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI, Request, Response, WebSocket
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse

from fissile import App, Provided
from shop.suppliers.public import Supplier, Suppliers

from .desk.public import Clock, language
from .terms import Torn, pid, refuse_strangers, till


@asynccontextmanager
async def opened(app: FastAPI) -> AsyncIterator[dict[str, str]]:
    """Opens the shop."""
    app.state.motto += " and open"
    yield {"opened": "by main.py"}


async def torn(request: Request, error: Torn) -> JSONResponse:
    """Answers for paper that is torn, wherever it was."""
    return JSONResponse({"torn": str(error), "at": request.url.path}, 418)


class StoppedClock(Clock):
    """A clock in the place of the desk's."""

    async def now(self) -> str:
        """The time."""
        return "twelve, as main.py says"


app = App(
    __package__,
    needs=[Suppliers],
    title="Shop",
    dependencies=[Depends(refuse_strangers)],
    exception_handlers={Torn: torn},
    lifespan=opened,
    max_body_size=200_000,
)
app.state.motto = "fair"
app.dependency_overrides[till] = lambda: "the till of main.py"
app.dependency_overrides[Clock] = StoppedClock


@app.middleware("http")
async def stamp(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Says on each answer what it answers, and to each call which language is wanted."""
    language.set(request.headers.get("accept-language", ""))
    response = await call_next(request)
    response.headers["x-stamp"] = f"{request.method} {request.url.path} {response.status_code}"
    return response


app.add_middleware(CORSMiddleware, allow_origins=["https://a.example"], allow_methods=["GET", "PUT"])


@app.get("/")
async def home(request: Request) -> dict[str, str]:
    """What the application remembers."""
    return {"motto": request.app.state.motto, "opened": request.state.opened}


@app.get("/where/{place}")
async def where(request: Request, place: int) -> list[str]:
    """URLs of its own."""
    return [str(request.url), str(request.base_url), str(request.url_for("where", place=place + 1))]


@app.get("/first")
async def first(suppliers: Provided[Suppliers]) -> Supplier:
    """A call from `main.py`."""
    return await suppliers.get(1)


@app.get("/torn")
async def tear() -> None:
    """Raises what is handled here."""
    raise Torn("in main.py")


@app.get("/broken")
async def broken() -> None:
    """Fails."""
    raise RuntimeError("of main.py")


@app.websocket("/socket")
async def socket(websocket: WebSocket) -> None:
    """Says once what it was told."""
    await websocket.accept()
    await websocket.send_text((await websocket.receive_text()).upper())
    await websocket.close(1000, "enough")


app.add_api_route("/pid", pid, include_in_schema=False)
