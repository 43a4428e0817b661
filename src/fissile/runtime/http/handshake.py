"""The state of a WebSocket's handshake, for handlers of errors, which may get a fresh `WebSocket` for an open one."""

from __future__ import annotations

from starlette.types import Message, Scope, Send
from starlette.websockets import WebSocket, WebSocketState

_HANDSHAKE = "fissile.handshake"


class Handshake:
    """A record of what the application has sent on one WebSocket.

    Args:
        send: Sends to the client.
    """

    def __init__(self, send: Send) -> None:
        self.state = WebSocketState.CONNECTING
        self._send = send

    async def send(self, message: Message) -> None:
        """Send a message, and remember how it left the WebSocket."""
        kind = message["type"]
        if kind == "websocket.accept":
            self.state = WebSocketState.CONNECTED
        elif kind != "websocket.send":
            self.state = WebSocketState.DISCONNECTED
        await self._send(message)


def watched(scope: Scope, send: Send) -> Send:
    """Note in the scope what is sent on a WebSocket."""
    handshake = scope[_HANDSHAKE] = Handshake(send)
    return handshake.send


def state_of(websocket: WebSocket) -> WebSocketState:
    """The state that the application has brought a WebSocket into."""
    handshake: Handshake | None = websocket.scope.get(_HANDSHAKE)
    return websocket.application_state if handshake is None else handshake.state
