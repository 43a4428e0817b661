"""What is said to a server, byte for byte, and how its answer is taken down."""

import json
import socket
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 10  # seconds: what takes longer has hung


@dataclass(frozen=True)
class Exchange:
    """One connection.

    Attributes:
        name: What is tried.
        sends: What is sent first.
        replies: What is sent when the answer has come to contain the bytes before it.
    """

    name: str
    sends: bytes
    replies: tuple[tuple[bytes, bytes], ...] = ()


def request(
    method: str, path: str, body: bytes = b"", *, headers: Iterable[tuple[str, str]] = (), host: str = "dropin.test"
) -> Exchange:
    """A well-formed request on a connection of its own."""
    lines = [f"{method} {path} HTTP/1.1", f"host: {host}", "connection: close"]
    lines += [f"{name}: {value}" for name, value in headers]
    if body or method in {"POST", "PUT", "PATCH"}:
        lines.append(f"content-length: {len(body)}")
    shown = ",".join(f"{name}={value}" for name, value in headers)
    return Exchange(
        f"{method} {host}{path} {shown} {body[:40]!r}", "\r\n".join([*lines, "", ""]).encode("latin-1") + body
    )


def get(path: str, **headers: str) -> Exchange:
    """A GET; underscores in the names of headers are hyphens."""
    return request("GET", path, headers=[(name.replace("_", "-"), value) for name, value in headers.items()])


def post(path: str, content: object, *, method: str = "POST", kind: str = "application/json") -> Exchange:
    """A body of JSON."""
    return request(method, path, json.dumps(content).encode(), headers=[("content-type", kind)])


def form(path: str, fields: str) -> Exchange:
    """A form as a browser sends it."""
    return request("POST", path, fields.encode(), headers=[("content-type", "application/x-www-form-urlencoded")])


def upload(path: str, *parts: tuple[str, str, bytes]) -> Exchange:
    """A multipart form of (name, file name, content); a part without a file name is a field."""
    body = b""
    for name, file, content in parts:
        disposition = f'form-data; name="{name}"' + (f'; filename="{file}"' if file else "")
        body += b"--edge\r\ncontent-disposition: " + disposition.encode() + b"\r\n"
        body += (b"content-type: text/plain\r\n" if file else b"") + b"\r\n" + content + b"\r\n"
    body += b"--edge--\r\n"
    return request("POST", path, body, headers=[("content-type", "multipart/form-data; boundary=edge")])


def websocket(path: str, *texts: str, subprotocol: str = "", until: bytes = b"\x88") -> Exchange:
    """A handshake (RFC 6455), text frames, and a close frame once the answer contains some bytes.

    By default these are those of the server's own close frame, which waits to be answered.
    """
    lines = [f"GET {path} HTTP/1.1", "host: dropin.test", "connection: Upgrade", "upgrade: websocket"]
    lines += ["sec-websocket-version: 13", "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ=="]
    if subprotocol:
        lines.append(f"sec-websocket-protocol: {subprotocol}")
    frames = b"".join(_frame(0x1, text.encode()) for text in texts)
    close = _frame(0x8, (1000).to_bytes(2, "big"))
    handshake = "\r\n".join([*lines, "", ""]).encode()
    return Exchange(f"websocket {path} {texts}", handshake, ((b"\r\n\r\n", frames), (until, close)))


def _frame(opcode: int, payload: bytes) -> bytes:
    mask = b"\x01\x02\x03\x04"
    masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
    return bytes([0x80 | opcode, 0x80 | len(payload)]) + mask + masked


def raw(name: str, sends: bytes, *replies: tuple[bytes, bytes]) -> Exchange:
    """Whatever is sent, well-formed or not; the server has to end the connection."""
    return Exchange(name, sends, replies)


def converse(path: Path, exchange: Exchange) -> bytes:
    """Holds the exchange over a Unix socket and gives every byte that came back."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(PATIENCE)
        connection.connect(str(path))
        connection.sendall(exchange.sends)
        answer, replies = b"", list(exchange.replies)
        while received := _received(connection):
            answer += received
            while replies and replies[0][0] in answer:
                # A server that refused has closed already; what it said is still there to be read.
                with suppress(BrokenPipeError):
                    connection.sendall(replies.pop(0)[1])
    return answer


def _received(connection: socket.socket) -> bytes:
    try:
        return connection.recv(65536)
    except ConnectionResetError:
        return b""


ITEM = {"name": "bolt", "price": "1.50", "tags": ["a"]}
EVERYTHING: list[Exchange] = [
    get("/"),
    get("/?q=1"),
    request("HEAD", "/"),
    request("OPTIONS", "/"),
    request("DELETE", "/"),
    request("BREW", "/"),
    get("/nothing"),
    get("/docs"),
    get("/redoc"),
    get("/docs/oauth2-redirect"),
    get("/openapi.json"),
    get("/openapi.json", accept_encoding="identity"),
    # parameters
    get("/paths/small/7?q=x&short=on"),
    get("/paths/huge/x?short=maybe"),
    get("/query?q=a&q=b&num=2.5"),
    get("/query?num=-1"),
    get("/query?q=%C3%A9&q=%00"),
    get("/headers", user_agent="me", cookie="session=s; other=o"),
    request("GET", "/headers", headers=[("x-many", "1"), ("x-many", "2")]),
    get("/shelf/items?limit=5&order=desc&tags=a&tags=b"),
    get("/shelf/items?limit=500&unknown=1"),
    # bodies
    post("/shelf/items", ITEM),
    post("/shelf/items", {"name": 1, "price": -1}),
    post("/shelf/items", ITEM, kind="text/plain"),
    request("POST", "/shelf/items", b"{not json", headers=[("content-type", "application/json")]),
    request("POST", "/shelf/items", b"", headers=[("content-type", "application/json")]),
    request("POST", "/shelf/items", b'{"name": "no type"}'),
    get("/shelf/items/1"),
    get("/shelf/items/2"),
    post("/shelf/items/3", {"item": ITEM, "importance": 2}, method="PUT"),
    post("/shelf/items/3", ITEM, method="PUT"),
    request("DELETE", "/shelf/items/1"),
    request("PATCH", "/shelf/items/1", b"{}"),
    request("HEAD", "/shelf/items/1"),
    get("/shelf/both"),
    request("POST", "/shelf/both"),
    request("PUT", "/shelf/both"),
    get("/shelf/under/deep/text/a/b%20c"),
    get("/shelf/under/deep/where"),
    get("/shelf/raw/word"),
    request("DELETE", "/shelf/raw/word"),
    get("/shelf/files/note.txt"),
    get("/shelf/files/none.txt"),
    post("/union", {"kind": "cat", "lives": 9}),
    post("/union", {"kind": "dog", "barks": True}),
    post("/union", {"kind": "fish"}),
    post("/handled", {}),
    request("POST", "/raw?a=1", b"\x00\xff" * 100, headers=[("content-type", "application/octet-stream")]),
    post("/partial", {"name": "x", "price": 2}, method="PATCH"),
    # dependencies, background tasks
    get("/yield?skip=3"),
    get("/log?count=4"),
    get("/yield-function"),
    get("/log?count=7"),
    get("/yield-error"),
    get("/log?count=8"),
    get("/overridden"),
    request("POST", "/background"),
    get("/log?count=9"),
    # responses
    get("/html"),
    get("/file"),
    get("/file", range="bytes=0-4"),
    get("/stream"),
    get("/lines"),
    get("/events"),
    get("/events/raw"),
    get("/redirect"),
    get("/cookies"),
    get("/custom"),
    get("/values"),
    get("/big"),
    get("/big", accept_encoding="gzip"),
    get("/state"),
    get("/urls"),
    request("GET", "/urls", host="other.test:8080"),
    request("HEAD", "/only-head"),
    get("/only-head"),
    request("TRACE", "/traced"),
    # slashes
    get("/slash"),
    get("/slash/"),
    get("/html/"),
    get("/shelf/items/1/"),
    get("//"),
    get("/shelf//items"),
    get("/%73helf/items"),
    get("/shelf%2Fitems"),
    get("/../html"),
    # errors
    get("/error/teapot"),
    get("/error/gone"),
    get("/error/division"),
    get("/error/headers"),
    get("/error/empty"),
    get("/error/unhandled"),
    get("/wrong-model"),
    # forms
    form("/login", "name=n&password=secret"),
    form("/login", "name=n"),
    form("/login", "name=%FF&password=" + "x" * 100),
    upload("/upload", ("note", "", b"n"), ("small", "s.txt", b"abc"), ("large", "l.txt", b"l"), ("large", "m", b"m")),
    upload("/upload", ("note", "", b"n")),
    request("POST", "/upload", b"--edge\r\nbroken", headers=[("content-type", "multipart/form-data; boundary=edge")]),
    request("POST", "/limited", b"x" * 10),
    request("POST", "/limited", b"x" * 11),
    # middleware, CORS
    get("/html", x_short="yes"),
    get("/html", origin="https://a.example", cookie="a=b"),
    get("/html", origin="https://b.example"),
    request("OPTIONS", "/html", headers=[("origin", "https://a.example"), ("access-control-request-method", "POST")]),
    request("OPTIONS", "/html", headers=[("origin", "https://b.example"), ("access-control-request-method", "DELETE")]),
    # security
    get("/me"),
    get("/me", authorization="Bearer good"),
    get("/me", authorization="Bearer bad"),
    get("/basic"),
    get("/basic", authorization="Basic bWU6c2VjcmV0"),
    get("/basic", authorization="Basic !"),
    get("/key", x_key="k"),
    # mounts, static files
    get("/static/note.txt"),
    get("/static/"),
    get("/static"),
    get("/static/%2e%2e/application.py"),
    request("POST", "/static/note.txt"),
    get("/sub/inner"),
    get("/sub/missing"),
    get("/sub/none"),
    get("/sub/openapi.json"),
    get("/sub"),
    get("/pure/a/b"),
    get("/star/page"),
    get("/star/more/page"),
    get("/star/none"),
    get("/route/7"),
    get("/route/x"),
    request("GET", "/", host="some.host.test"),
    get("/front"),
    get("/front/note.txt"),
    get("/front/unknown", accept="text/html"),
    # WebSockets
    websocket("/ws/room", "hello", "bytes", until=b"\x00\xff"),
    get("/log?count=10"),
    websocket("/ws/room?token=bad"),
    websocket("/refused"),
    websocket("/typed/1"),
    websocket("/typed/x"),
    websocket("/nowhere"),
    websocket("/html"),
    websocket("/shelf/under/deep/echo/2", "one", "two", subprotocol="echo"),
    websocket("/ws/room", "one", until=b"room: one"),
    get("/log?count=11"),
    websocket("/shelf/under/deep/echo/x", subprotocol="echo"),
    # malformed or unusual
    raw("garbage", b"\x00\x01\x02\r\n\r\n"),
    raw("no host", b"GET / HTTP/1.1\r\nconnection: close\r\n\r\n"),
    raw("HTTP/1.0", b"GET /html HTTP/1.0\r\n\r\n"),
    raw("absolute target", b"GET http://dropin.test/html HTTP/1.1\r\nhost: dropin.test\r\nconnection: close\r\n\r\n"),
    raw("two lengths", b"POST /raw HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab"),
    raw("bad length", b"POST /raw HTTP/1.1\r\nhost: a\r\ncontent-length: x\r\nconnection: close\r\n\r\n"),
    raw(
        "chunked",
        b"POST /raw HTTP/1.1\r\nhost: a\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n"
        b"3\r\nabc\r\n0\r\n\r\n",
    ),
    raw("bad chunk", b"POST /raw HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"),
    raw(
        "two requests",
        b"GET /html HTTP/1.1\r\nhost: a\r\n\r\nGET /shelf/items HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
    ),
    raw(
        "expect",
        b"POST /raw HTTP/1.1\r\nhost: a\r\nconnection: close\r\nexpect: 100-continue\r\ncontent-length: 3\r\n\r\n",
        (b"\r\n\r\n", b"abc"),
    ),
    raw("header without colon", b"GET / HTTP/1.1\r\nhost: a\r\nbroken\r\n\r\n"),
    raw("long target", b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"),
    raw("odd bytes in the path", b"GET /\xff\xfe HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"),
    raw("upgrade to nothing", b"GET /html HTTP/1.1\r\nhost: a\r\nconnection: upgrade, close\r\nupgrade: x\r\n\r\n"),
]
