"""An adopted application as an ASGI application inside the outer one."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, FastAPI, Request, Response, WebSocket
from fastapi.params import Depends
from fastapi.routing import APIRoute, APIWebSocketRoute
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_RECEIVED = "fissile.received"


class Adopted:
    """An application that builds its own URLs, as it did when it stood alone; a mounted one would ask the outer one."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app

    @property
    def routes(self) -> list[BaseRoute]:
        """The routes that `Mount` builds URLs of for the outer application."""
        return self.app.routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request or WebSocket."""
        own = {name: value for name, value in scope.items() if name != "router"}
        own["app_root_path"] = scope["root_path"]
        await self.app(own, receive, send)


class Guarded(Adopted):
    """An adopted application behind the dependencies of the outer one: ``App(dependencies=[...])``.

    FastAPI runs dependencies for its own routes alone, so a route of its own stands before the adopted application for
    each kind of request. It resolves them as for any other route, and hands over what they let through.

    Args:
        app: The adopted application.
        outer: The application that has the dependencies.
        dependencies: The dependencies.
    """

    def __init__(self, app: FastAPI, outer: FastAPI, dependencies: Sequence[Depends]) -> None:
        super().__init__(app)
        gate = APIRouter(dependencies=dependencies, dependency_overrides_provider=outer)
        gate.add_api_route("/", self._answer)
        gate.add_api_websocket_route("/", self._talk)
        self.http, self.websocket = gate.routes
        assert isinstance(self.http, APIRoute)
        assert isinstance(self.websocket, APIWebSocketRoute)
        self._gates: dict[str, ASGIApp] = {"http": self.http.app, "websocket": self.websocket.app}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Resolve the dependencies, then answer."""
        received = scope[_RECEIVED] = _Received(receive)
        await self._gates[scope["type"]](scope, received.receive, send)

    async def _answer(self, request: Request) -> Response:
        return _HandedOver(super().__call__, request.scope[_RECEIVED])

    async def _talk(self, websocket: WebSocket) -> None:
        await super().__call__(websocket.scope, websocket.scope[_RECEIVED].again, websocket.send)


class _Received:
    """Messages of the client, those that a dependency has read included."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._read: list[Message] = []

    async def receive(self) -> Message:
        """Receive the next message and keep it."""
        message = await self._receive()
        self._read.append(message)
        return message

    async def again(self) -> Message:
        """Receive every message from the first on."""
        return self._read.pop(0) if self._read else await self._receive()


class _HandedOver(Response):
    """The response of the adopted application, whatever it is."""

    def __init__(self, app: ASGIApp, received: _Received) -> None:
        super().__init__()
        self._app = app
        self._received = received

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, self._received.again, send)
        if self.background is not None:
            await self.background()
