"""Requests get the same answer straight from one process and through the gateway from one of two."""

import json
from http import HTTPStatus
from pathlib import Path

import pytest

from tests.gateway import corpus
from tests.gateway.stand import Answer, Stand, send, written

ECHO = "/parcels/echo/x"
SAME = {
    "query": written(f"GET {ECHO}?a=1&b=%20+;=[]&&c HTTP/1.1"),
    "no query": written(f"GET {ECHO}? HTTP/1.1"),
    "headers": written(f"GET {ECHO} HTTP/1.1", "X-Foo: Bar", "x_under: 1", "x-dup: a", "x-dup: b", "TE: trailers"),
    "cookies of the client": written(f"GET {ECHO} HTTP/1.1", "Cookie: a=1", "Cookie: b=2"),
    "latin-1": written(f"GET {ECHO} HTTP/1.1", "X-Foo: \xe9"),
    "other gateways": written(
        f"GET {ECHO} HTTP/1.1",
        *("X-Forwarded-For: 192.0.2.7", "X-Forwarded-Proto: https", "X-Forwarded-Host: q", "Via: 1.1 x"),
    ),
    "plain http said": written(f"GET {ECHO} HTTP/1.1", "X-Forwarded-Proto: http", "X-Foo: 1"),
    "request id": written(f"GET {ECHO} HTTP/1.1", "X-Request-Id: mine"),
    "no host": written(f"GET {ECHO} HTTP/1.1", host=""),
    "escaped": written("GET /parcels/echo/%C3%A9%2F%00%zz/%2e%2e/.. HTTP/1.1"),
    "marks": written('GET /parcels/echo/"<>\\^`{|}~!$&()*,;=:@ HTTP/1.1'),
    "head": written(f"HEAD {ECHO} HTTP/1.1"),
    "options": written(f"OPTIONS {ECHO} HTTP/1.1", "Origin: http://a", "Content-Length: 0"),
    "delete": written(f"DELETE {ECHO} HTTP/1.1"),
    "body": written(f"POST {ECHO} HTTP/1.1", "Content-Length: 3", body=b"abc"),
    "body of a get": written(f"GET {ECHO} HTTP/1.1", "Content-Length: 3", body=b"abc"),
    "chunks": written(f"PUT {ECHO} HTTP/1.1", "Transfer-Encoding: chunked", body=b"3;x=y\r\nabc\r\n0\r\n\r\n"),
    "not found": written("GET /parcels/none HTTP/1.1"),
    "trace": written("GET /parcels/none HTTP/1.1", f"traceparent: 00-{'1' * 32}-{'2' * 16}-01"),
    "method": written("POST /parcels/cookies HTTP/1.1", "Content-Length: 0"),
    "webdav": written(f"PROPFIND {ECHO} HTTP/1.1"),
    "cookies": written("GET /parcels/cookies HTTP/1.1"),
    "redirect": written("GET /parcels/redirect HTTP/1.1"),
    "redirect to https": written("GET /parcels/redirect HTTP/1.1", "X-Forwarded-Proto: https"),
    "slash": written("GET /parcels/items HTTP/1.1"),
    "no content": written("GET /parcels/status/204 HTTP/1.1"),
    "not modified": written("GET /parcels/status/304 HTTP/1.1"),
    "teapot": written("GET /parcels/status/418 HTTP/1.1"),
    "unheard of": written("GET /parcels/status/299 HTTP/1.1"),
    "the application's 503": written("GET /parcels/refused HTTP/1.1"),
    "the application's 502": written("GET /parcels/status/502 HTTP/1.1"),
    "large header": written("GET /parcels/headers/50000 HTTP/1.1"),
    "large header of the client": written("GET /parcels/status/200 HTTP/1.1", f"X-Large: {'x' * 60000}"),
    "many headers of the client": written("GET /parcels/status/200 HTTP/1.1", *[f"X-{n}: 1" for n in range(500)]),
    "long path": written(f"GET /parcels/echo/{'x' * 50000} HTTP/1.1"),
    "stream": written("GET /parcels/stream/3 HTTP/1.1"),
    "empty stream": written("GET /parcels/stream/0 HTTP/1.1"),
    "of main": written("TRACE /somewhere HTTP/1.1"),
    "grpc": written("POST /parcels/echo/x HTTP/1.1", "Content-Type: application/grpc", "Content-Length: 0"),
}
PATHS = [
    *("/", "/letters", "/letters/", "/letters/x", "/letters?x", "/letters//x", "/letters2", "/Letters/x", "/letter"),
    *(
        "/%6Cetters/x",
        "/lette%72s",
        "/%6c%65%74%74%65%72%73/x",
        "/%2570arcels/echo/x",
        "/%70arcels/echo/%70",
        "//letters/x",
        "/./letters/x",
        "/x/../letters",
        "/letters;x",
        "/letters/;x",
    ),
    *("/letters%2Fx", "/parcels%2Fecho%2Fx", "/parcels/../letters/x", "/parcels/%2e%2e/letters", "/letters%3Fx"),
    *("/-%2Flive", "//-/live", "/./-/live", "/letters/../-/live", "/-;/live", "/\\-\\live", "/-x"),
]
SAME |= {f"path {path}": written(f"GET {path} HTTP/1.1") for path in PATHS}


def comparable(answer: Answer) -> tuple[object, ...]:
    """An answer without what may differ: the port, and the order of a set in ``allow``."""
    headers = [
        (name, sorted(value.split(", ")) if name == "allow" else value)
        for name, value in answer.headers
        if name != "content-length"  # of a body that says the port, which need not be as long
    ]
    body: object = answer.body
    if answer.header("content-type") == "application/json" and answer.body:
        body = json.loads(answer.body)
        if isinstance(body, dict) and "server" in body:
            host, port = body.pop("server")
            body["url"] = body["url"].replace(f"{host}:{port}", "here")
    return answer.status, sorted(headers, key=str), body


@pytest.mark.parametrize("name", SAME)
def test_the_answer_is_the_same(stand: Stand, name: str) -> None:
    """Status, headers and body; and of the request everything that the application can see."""
    straight, through = (send(port, SAME[name]) for port in (stand.straight, stand.through))
    assert comparable(straight) == comparable(through)


def test_the_comparison_compares_something(stand: Stand) -> None:
    """Hundreds of equal errors would be worth nothing."""
    statuses = [send(stand.through, request).status for request in SAME.values()]
    assert len(statuses) * 0.6 < statuses.count(200)
    assert {200, 204, 299, 304, 307, 404, 405, 418, 502, 503} == set(statuses)
    by = {
        json.loads(send(stand.through, SAME[f"path {path}"]).body)["by"] for path in ("/", "/letters", "/%6Cetters/x")
    }
    assert {"main", "letters"} == by


DIFFERENT = {
    # RFC 9112, section 3.2: a request of HTTP/1.1 without Host is answered with 400.
    "no host at all": (written(f"GET {ECHO} HTTP/1.1", host=None), 200, 400),
    # RFC 9112, section 3.2: so is one with two of them, which Envoy makes one of.
    "fragment": (written(f"GET {ECHO}#part HTTP/1.1"), 200, 400),
    "method of tomorrow": (written(f"QUERY {ECHO} HTTP/1.1"), 405, 400),
    "unknown method": (written(f"FROB {ECHO} HTTP/1.1"), 400, 400),
    "unknown encoding": (written(f"POST {ECHO} HTTP/1.1", "Transfer-Encoding: gzip", body=b"abc"), 400, 501),
    "both lengths": (
        written(f"POST {ECHO} HTTP/1.1", "Transfer-Encoding: chunked", "Content-Length: 3", body=b"0\r\n\r\n"),
        400,
        400,
    ),
    "broken chunk": (written(f"POST {ECHO} HTTP/1.1", "Transfer-Encoding: chunked", body=b"zz\r\n"), 400, 400),
    "bad name of a header": (written(f"GET {ECHO} HTTP/1.1", "X Foo: 1"), 400, 400),
    "zero in a header": (written(f"GET {ECHO} HTTP/1.1", "X-Foo: a\0b"), 400, 400),
    "no path": (written("GET parcels HTTP/1.1"), 400, 400),
    "bytes in the path": (written("GET /parcels/echo/\xe9 HTTP/1.1"), 400, 400),
    "another protocol": (written(f"GET {ECHO} HTTP/1.1", "Connection: Upgrade", "Upgrade: foo"), 200, 403),
    "a connection to elsewhere": (written("CONNECT booth.test:80 HTTP/1.1"), 400, 404),
    "too large a header": (written("GET /parcels/status/200 HTTP/1.1", f"X-Large: {'x' * 70000}"), 200, 431),
    "too many headers": (written("GET /parcels/status/200 HTTP/1.1", *[f"X-{n}: 1" for n in range(1100)]), 200, 431),
    "too large an answer": (written("GET /parcels/headers/70000 HTTP/1.1"), 200, 502),
    "reserved": (written("GET /-/live HTTP/1.1"), 200, 404),
    "reserved, escaped": (written("GET /%2D/live HTTP/1.1"), 200, 404),
    "not HTTP": (b"hello\r\n\r\n", 400, 400),
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_what_differs(stand: Stand, name: str) -> None:
    """The list in the documentation: what is not HTTP, or larger than an open port should take."""
    request, alone, behind = DIFFERENT[name]
    assert (alone, behind) == (send(stand.straight, request).status, send(stand.through, request).status)


@pytest.mark.parametrize("name", [name for name in DIFFERENT if DIFFERENT[name][2] >= 400])
def test_the_gateways_own_answers_are_problem_documents(stand: Stand, name: str) -> None:
    """RFC 9457, with the words of ours."""
    request, _, status = DIFFERENT[name]
    answer = send(stand.through, request)
    problem = json.loads(answer.body)
    assert "application/problem+json" == answer.header("content-type")
    phrase = HTTPStatus(status).phrase
    assert ("about:blank", phrase, status) == (problem["type"], problem["title"], problem["status"])
    assert phrase.lower().replace(" ", "_") == problem["code"]
    assert problem.keys() <= {"type", "title", "status", "detail", "instance", "code"}


def test_a_problem_is_json_whatever_the_path(stand: Stand) -> None:
    """Quotes and escapes of a path are escaped."""
    answer = send(stand.through, written('GET /-/"\\%22{}?q HTTP/1.1'))
    assert '/-/"\\%22{}' == json.loads(answer.body)["instance"]


def test_the_client_is_who_connected(stand: Stand) -> None:
    """Nobody can say that they are somebody else, or wear the name of the gateway's own header."""
    forged = "Fissile-Client: 203.0.113.9:1 203.0.113.9:2"
    told = json.loads(send(stand.through, written(f"GET {ECHO} HTTP/1.1", forged)).body)
    assert ("127.0.0.1", ["127.0.0.1", stand.through]) == (told["client"], told["server"])
    assert [["host", "booth.test:81"]] == told["headers"]


def test_nobody_steers_envoy(stand: Stand) -> None:
    """Its own headers are not taken from a client: they change retries and times."""
    steering = ("X-Envoy-Retry-On: 5xx", "X-Envoy-Upstream-Rq-Timeout-Ms: 1", "X-Envoy-Internal: true")
    inside = ("X-Forwarded-For: 10.0.0.1",)
    for further in ((), inside):
        told = json.loads(send(stand.through, written(f"GET {ECHO} HTTP/1.1", *further, *steering)).body)
        assert [["host", "booth.test:81"], ["x-forwarded-for", "10.0.0.1"]][: 1 + len(further)] == told["headers"]


def test_http_1_0(stand: Stand) -> None:
    """Is answered as such, with or without a host, and the connection ends."""
    straight, through = (
        send(port, f"GET {ECHO} HTTP/1.0\r\n\r\n".encode()) for port in (stand.straight, stand.through)
    )
    assert (200, 200, "close") == (straight.status, through.status, through.header("connection"))
    assert f"http://127.0.0.1:{stand.through}{ECHO}" == json.loads(through.body)["url"]


def test_trailers_are_no_headers(stand: Stand) -> None:
    """Alone uvicorn takes them for headers; behind the gateway they are gone."""
    body = b"3\r\nabc\r\n0\r\nX-User: admin\r\n\r\n"
    request = written(f"POST {ECHO} HTTP/1.1", "Transfer-Encoding: chunked", body=body)
    told = json.loads(send(stand.through, request).body)["headers"]
    assert [["host", "booth.test:81"], ["transfer-encoding", "chunked"]] == told


GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "placements.md"


def listed() -> list[str]:
    """The first cells of the table of differences in the guide."""
    section = GUIDE.read_text().partition("## What differs\n")[2].partition("\n## ")[0]
    return [line.split("|")[1].strip() for line in section.splitlines() if line.startswith("| ")][1:]


def heard(port: int, request: bytes) -> object:
    """What comes back, as far as it may be compared."""
    return comparable(send(port, request))


@pytest.mark.parametrize("name", corpus.EQUAL)
def test_what_is_not_listed_is_equal(stand: Stand, name: str) -> None:
    """The guide's table is complete, as far as this corpus goes."""
    request = corpus.EQUAL[name]
    assert heard(stand.straight, request) == heard(stand.through, request)


@pytest.mark.parametrize(("row", "name"), [(row, name) for row, found in corpus.DIFFERENT.items() for name in found])
def test_what_is_listed_differs(stand: Stand, row: str, name: str) -> None:
    """What has become equal leaves the table."""
    request = corpus.DIFFERENT[row][name]
    assert heard(stand.straight, request) != heard(stand.through, request)


def test_the_guide_lists_what_differs() -> None:
    """Each row about requests has examples here, and each example a row there."""
    assert list(corpus.DIFFERENT) == [row for row in listed() if row not in corpus.OF_CODE]
    assert set(corpus.OF_CODE) <= set(listed())
