"""Requests as they are sent, byte by byte, that one process and the gateway could read differently."""

from __future__ import annotations

from tests.gateway.stand import written

ECHO = "/parcels/echo/x"
CHUNKS = b"3\r\nabc\r\n0\r\n\r\n"


def get(*headers: str, host: str | None = "booth.test:81", target: str = ECHO) -> bytes:
    """A GET with further headers."""
    return written(f"GET {target} HTTP/1.1", *headers, host=host)


def post(*headers: str, body: bytes = b"abc") -> bytes:
    """A POST with further headers."""
    return written(f"POST {ECHO} HTTP/1.1", *headers, body=body)


def answered(name: str, value: str) -> bytes:
    """A POST that is answered with a header."""
    return written(f"POST /parcels/reflect/200?name={name}&value={value} HTTP/1.1", "Content-Length: 0")


EQUAL = {
    "host with a comma": get(host="a,b"),
    "host with a user": get(host="me@booth.test"),
    "host in capitals": get(host="BOOTH.test"),
    "authorization of proxies": get("Proxy-Authorization: x"),
    "te: trailers": get("TE: trailers"),
    "announced trailer": get("Trailer: X-Foo"),
    "absolute target": get(target=f"http://booth.test:81{ECHO}?a=1"),
    "absolute target of https": get(target=f"https://booth.test:81{ECHO}"),
    "empty line first": b"\r\n" + get(),
    "two spaces": written(f"GET  {ECHO} HTTP/1.1"),
    "empty value": get("X-Foo:"),
    "tab in a value": get("X-Foo: a\tb"),
    "other expectation": post("Expect: foo", "Content-Length: 3"),
    "expectation without a body": post("Expect: 100-continue", "Content-Length: 0", body=b""),
    "empty body of a get": get("Content-Length: 0"),
    "quoted extension of a chunk": post("Transfer-Encoding: chunked", body=b'3;x="y"\r\nabc\r\n0\r\n\r\n'),
    "escaped prefix": get(target="/%70arcels/echo/x"),
    "escaped last letter of a prefix": get(target="/parcel%73/echo/x"),
    "another method": get("X-HTTP-Method-Override: DELETE"),
    "another url": get("X-Original-URL: /x"),
    "another port": get("X-Forwarded-Port: 1"),
    "odd scheme": get("X-Forwarded-Proto: gopher"),
    "a custom header twice": get("X-Foo: a", "X-Foo: b"),
    "some header of Envoy's": get("X-Envoy-Whatever: 1", "X-Envoy-Attempt-Count: 1", "X-Envoy-Overloaded: 1"),
    "answer that says to retry": answered("x-envoy-retry-on", "5xx"),
    "answer that sets a cookie": answered("set-cookie", "a=b"),
    "answer with a forwarded header": answered("x-forwarded-for", "192.0.2.7"),
}
"""What is answered alike."""

DIFFERENT = {
    "Headers of one connection": {
        "named header": get("Connection: X-Foo", "X-Foo: 1"),
        "named header beside close": get("Connection: close, X-Foo", "X-Foo: 1"),
        "named authorization": get("Connection: Authorization", "Authorization: x"),
        "named host": get("Connection: Host"),
        "close": get("Connection: close"),
        "keep-alive": get("Connection: keep-alive", "Keep-Alive: timeout=5"),
        "keep-alive alone": get("Keep-Alive: 5"),
        "proxy-connection": get("Proxy-Connection: keep-alive"),
        "te": get("TE: gzip"),
        "named te": get("Connection: TE", "TE: trailers"),
        "upgrade alone": get("Upgrade: foo"),
        "in an answer": answered("keep-alive", "timeout=5"),
        "connection in an answer": answered("connection", "x-foo"),
        "proxy-connection in an answer": answered("proxy-connection", "close"),
        "upgrade in an answer": answered("upgrade", "h2c"),
    },
    "Upgrades": {
        "h2c": get("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"),
        "tls": get("Connection: Upgrade", "Upgrade: TLS/1.0"),
        "unknown": get("Connection: Upgrade", "Upgrade: foo"),
    },
    "`X-Envoy-...`": {
        name: get(f"X-Envoy-{name}: 1")
        for name in (
            *("Retry-On", "Retry-Grpc-On", "Max-Retries", "Retriable-Header-Names", "Retriable-Status-Codes"),
            *("Hedge-On-Per-Try-Timeout", "Upstream-Rq-Timeout-Ms", "Upstream-Rq-Per-Try-Timeout-Ms"),
            *("Upstream-Rq-Timeout-Alt-Response", "Upstream-Alt-Stat-Name", "Expected-Rq-Timeout-Ms", "Force-Trace"),
            *("Downstream-Service-Cluster", "Downstream-Service-Node", "External-Address", "Internal", "IP-Tags"),
            *("Original-Path", "Original-Host", "Decorator-Operation"),
        )
    }
    | {
        "certificate": get("X-Forwarded-Client-Cert: x"),
        "the gateway's own": get("Fissile-Client: 192.0.2.7:1 192.0.2.8:2"),
        "in an answer": answered("x-envoy-immediate-health-check-fail", "1"),
    },
    "The same header twice": {
        "host": get("Host: second.test"),
        "the same host": get("Host: booth.test:81"),
        "accept": get("Accept: a", "Accept: b"),
        "authorization": get("Authorization: a", "Authorization: b"),
        "content-type": get("Content-Type: a", "Content-Type: b"),
        "user-agent": get("User-Agent: a", "User-Agent: b"),
        "x-request-id": get("X-Request-Id: a", "X-Request-Id: b"),
        "x-forwarded-for": get("X-Forwarded-For: 1.1.1.1", "X-Forwarded-For: 2.2.2.2"),
        "server in an answer": answered("server", "mine"),
    },
    "A whole URL as target": {
        "another host": get(target=f"http://other.test{ECHO}"),
        "no path": get(target="http://booth.test:81"),
    },
    "`Host`": {
        "none": get(host=None),
        "blank inside": get(host="a b"),
        "slash inside": get(host="a/b"),
    },
    "Lines": {
        "folded": get("X-Foo: a\r\n b"),
        "folded with a tab": get("X-Foo: a\r\n\tb"),
        "ended by LF": get("X-Foo: a").replace(b"\r\n", b"\n"),
        "one ended by LF": get("X-Foo: a\nX-Bar: b"),
        "CR inside": get("X-Foo: a\rb"),
        "blanks at the end": get("X-Foo: a  "),
    },
    "`Transfer-Encoding`": {
        "identity, chunked": post("Transfer-Encoding: identity, chunked", body=CHUNKS),
        "gzip, chunked": post("Transfer-Encoding: gzip, chunked", body=CHUNKS),
        "capital": post("Transfer-Encoding: Chunked", body=CHUNKS),
        "unknown": post("Transfer-Encoding: gzip"),
        "twice": post("Transfer-Encoding: chunked", "Transfer-Encoding: chunked", body=CHUNKS),
    },
    "Trailers": {"a trailer": post("Transfer-Encoding: chunked", body=b"3\r\nabc\r\n0\r\nX-User: a\r\n\r\n")},
    "The version": {
        "none": f"GET {ECHO}\r\n\r\n".encode(),
        "0.9": written(f"GET {ECHO} HTTP/0.9"),
        "1.0": written(f"GET {ECHO} HTTP/1.0"),
        "1.2": written(f"GET {ECHO} HTTP/1.2"),
        "2.0": written(f"GET {ECHO} HTTP/2.0"),
    },
    "The target": {
        "fragment": get(target=f"{ECHO}#part"),
        "asterisk": written("GET * HTTP/1.1"),
        "asterisk of options": written("OPTIONS * HTTP/1.1"),
    },
    "The method": {
        "of tomorrow": written(f"QUERY {ECHO} HTTP/1.1"),
        "to connect": written("CONNECT booth.test:80 HTTP/1.1"),
    },
    "The size of a head": {
        "a large header": get(f"X-Large: {'x' * 70000}"),
        "many headers": get(*[f"X-{number}: 1" for number in range(1100)]),
        "of an answer": written("GET /parcels/headers/70000 HTTP/1.1"),
    },
    "Reserved paths": {
        "live": written("GET /-/live HTTP/1.1"),
        "escaped": written("GET /%2D/live HTTP/1.1"),
    },
    "What is not HTTP": {
        "words": b"hello\r\n\r\n",
        "unknown method": written(f"FROB {ECHO} HTTP/1.1"),
        "method in small letters": written(f"get {ECHO} HTTP/1.1"),
        "version in small letters": written(f"GET {ECHO} http/1.1"),
        "preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "identity": post("Transfer-Encoding: identity", "Content-Length: 3"),
        "both lengths": post("Transfer-Encoding: chunked", "Content-Length: 3", body=CHUNKS),
        "two lengths": post("Content-Length: 3", "Content-Length: 3"),
        "a list of lengths": post("Content-Length: 3, 3"),
        "a signed length": post("Content-Length: +3"),
        "broken chunk": post("Transfer-Encoding: chunked", body=b"zz\r\n"),
        "chunks ended by LF": post("Transfer-Encoding: chunked", body=b"3\nabc\n0\n\n"),
        "blank before a colon": get("X-Foo : 1"),
        "blank in a name": get("X Foo: 1"),
        "no name": get(": 1"),
        "no colon": get("X-Foo"),
        "zero": get("X-Foo: a\0b"),
        "control character": get("X-Foo: a\x01b"),
        "delete": get("X-Foo: a\x7fb"),
        "blank in the target": get(target=f"{ECHO} y"),
        "no slash": written("GET parcels HTTP/1.1"),
        "bytes in the path": written("GET /parcels/echo/\xe9 HTTP/1.1"),
    },
}
"""What is answered differently, by the first cell of its row in ``docs/guides/placements.md``, "What differs"."""

OF_CODE = {"Code that blocks the loop for more than 10 s": "tests/supervisor/test_silence.py"}
"""Rows of the table that no request brings about by itself, and what tests them."""
