"""A client that asks, watches and talks."""

from __future__ import annotations

import socket
from contextlib import closing, suppress
from dataclasses import dataclass
from http.client import HTTPResponse

from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.protocol import Event
from websockets.sync.client import ClientConnection, connect

from tests.dropin.exchanges import Exchange, get
from tests.gateway.stand import PATIENCE, Answer, send


@dataclass(frozen=True)
class Watch:
    """A stream of events is watched, and something is asked when the first one has come.

    Attributes:
        path: Where the stream is.
        meanwhile: What is asked.
    """

    path: str
    meanwhile: Exchange

    @property
    def name(self) -> str:
        """What is tried."""
        return f"WATCH {self.path} during {self.meanwhile.name}"

    def answer(self, port: int) -> Answer:
        """The stream, whole."""
        with closing(socket.create_connection(("127.0.0.1", port), PATIENCE)) as connection:
            connection.sendall(get(self.path).sends)
            with closing(HTTPResponse(connection)) as response:
                response.begin()
                first = b"".join(iter(response.readline, b"\n"))
                send(port, self.meanwhile.sends)
                return Answer(response.status, _lowered(response.getheaders()), first + b"\n" + response.read())


class Session(ClientConnection):
    """A WebSocket that ends its side of the connection when it was closed: Envoy leaves it a second for that."""

    def process_event(self, event: Event) -> None:
        """Called for everything that is heard, once it was answered."""
        super().process_event(event)
        if self.protocol.close_rcvd is not None:
            with suppress(OSError):  # the other side was faster
                self.socket.shutdown(socket.SHUT_WR)


@dataclass(frozen=True)
class Talk:
    """Something is said over a WebSocket, until the other side closes it.

    Attributes:
        path: Where.
        texts: What is said.
    """

    path: str
    texts: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What is tried."""
        return f"TALK {self.path} {self.texts}"

    def answer(self, port: int) -> Answer:
        """The handshake; its body is what was heard, and how it was closed."""
        try:
            url = f"ws://127.0.0.1:{port}{self.path}"
            session = connect(url, proxy=None, open_timeout=PATIENCE, create_connection=Session)
        except InvalidStatus as refused:
            return _handshake(refused.response.status_code, refused.response.headers, refused.response.body or b"")
        heard: list[object] = []
        with session:
            try:
                for text in self.texts:
                    session.send(text)
                while True:
                    heard.append(session.recv(PATIENCE))
            except ConnectionClosed:
                heard += [session.protocol.close_code, session.protocol.close_reason]
        assert session.response is not None
        return _handshake(session.response.status_code, session.response.headers, repr(heard).encode())


def _handshake(status: int, headers: Headers, body: bytes | bytearray) -> Answer:
    return Answer(status, _lowered(list(headers.raw_items())), bytes(body))


def _lowered(headers: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name.lower(), value) for name, value in headers)


def answer(port: int, said: Said) -> Answer:
    """What is answered on a port of this machine."""
    return send(port, said.sends) if isinstance(said, Exchange) else said.answer(port)


Said = Exchange | Watch | Talk
