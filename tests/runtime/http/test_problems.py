"""Errors at the HTTP edge of an application with components."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import pytest
from fastapi import APIRouter, FastAPI, Header, HTTPException, Request, WebSocket
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.testclient import TestClient, WebSocketDenialResponse

from fissile import App, CallError, ComponentError
from fissile.errors import (
    CALL_ERRORS,
    CallFailed,
    DeadlineExceeded,
    Incompatible,
    MessageTooLong,
    Overloaded,
    Unavailable,
)
from fissile.runtime.http.problems import SCHEMA
from tests.runtime.serving import serve


class OutOfStock(ComponentError):
    """There is not enough of it."""

    __module__ = "project.orders.public"
    status = 409
    item: str


class UnknownSupplier(ComponentError):
    """No supplier has this id."""

    __module__ = "project.suppliers.public"
    status = 404
    supplier_id: int


class Shared(ComponentError):
    """Declared in a module of nobody."""

    __module__ = "project.shared"
    status = 402


class Login(BaseModel):
    """A body that should not be repeated."""

    password: int


def failing() -> APIRouter:
    """A router that fails in every way."""
    router = APIRouter()

    @router.get("/raise/{name}")
    async def fail(name: str) -> None:
        errors: dict[str, Exception] = {
            "own": OutOfStock(item="bolt"),
            "foreign": UnknownSupplier(supplier_id=7),
            "shared": Shared(),
            "unhandled": RuntimeError("secret words"),
            "detailed": HTTPException(400, {"field": "bad"}, headers={"x-kept": "yes"}),
            "listed": HTTPException(400, ["one", "two"]),
            "said": HTTPException(403, "Not you."),
            "odd": HTTPException(499),
            "empty": HTTPException(304, headers={"etag": "x"}),
            **{code: kind("at unix:/run/secret", may_have_run=False) for code, kind in CALL_ERRORS.items()},
        }
        raise errors[name]

    @router.post("/login")
    async def login(login: Login) -> None:
        """Nothing."""

    @router.get("/header")
    async def header(x_number: Annotated[int, Header()]) -> None:
        """Nothing."""

    @router.put("/small", max_body_size=3)
    async def small(request: Request) -> int:
        return len(await request.body())

    @router.put("/own-413")
    async def own() -> PlainTextResponse:
        return PlainTextResponse("Far too much of it", 413)

    @router.websocket("/socket/{name}")
    async def socket(websocket: WebSocket, name: str) -> None:
        raise HTTPException(403, "not you")

    router.mount("/files", StaticFiles(directory=Path(__file__).parent))
    return router


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    """A client of an application with the components ``orders`` and ``suppliers``."""
    app = App()

    @app.get("/main/{name}")
    async def main(name: str) -> None:
        raise {"component": OutOfStock(item="nut"), "http": HTTPException(400)}[name]

    serve(app, orders=failing(), suppliers=APIRouter())
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def problem(client: TestClient, path: str, method: str = "GET", **options: object) -> dict[str, object]:
    """Asks for an error and checks what every problem document has."""
    response = client.request(method, path, **options)  # type: ignore[arg-type]  # passed on
    document: dict[str, object] = response.json()
    assert "application/problem+json" == response.headers["content-type"]
    assert response.status_code == document["status"]
    assert {"type", "title", "status", "code"} <= document.keys() <= set(_properties())
    assert path.partition("?")[0] == document["instance"]
    return document


def _properties() -> dict[str, object]:
    properties = SCHEMA["properties"]
    assert isinstance(properties, dict)
    return properties


@pytest.mark.parametrize(
    ("path", "method", "status", "code"),
    [
        ("/nowhere", "GET", 404, "not_found"),
        ("/orders/nowhere", "GET", 404, "not_found"),
        ("/orders/login", "DELETE", 405, "method_not_allowed"),
        ("/orders/files/none", "GET", 404, "not_found"),
        ("/orders/raise/said", "GET", 403, "forbidden"),
        ("/orders/raise/odd", "GET", 499, "status_499"),
        ("/orders/raise/own", "GET", 409, "out_of_stock"),
        ("/orders/raise/shared", "GET", 402, "shared"),
        ("/orders/raise/foreign", "GET", 500, "internal_server_error"),
        ("/orders/raise/unhandled", "GET", 500, "internal_server_error"),
        ("/main/component", "GET", 500, "internal_server_error"),
        ("/main/http", "GET", 400, "bad_request"),
    ],
)
def test_every_error_is_a_problem_document(client: TestClient, path: str, method: str, status: int, code: str) -> None:
    """Of components and of ``main.py``, raised by the framework or by the user."""
    document = problem(client, path, method)
    assert (status, code) == (document["status"], document["code"])


def test_a_component_error_says_what_is_wrong(client: TestClient) -> None:
    """The detail is the error's own message, with its fields."""
    document = problem(client, "/orders/raise/own")
    assert {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "detail": str(OutOfStock(item="bolt")),
        "instance": "/orders/raise/own",
        "code": "out_of_stock",
    } == document


def test_a_foreign_error_is_a_500_that_names_who_let_it_escape(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    """The client learns nothing; the log says which component should have caught whose error, with its traceback."""
    document = problem(client, "/orders/raise/foreign")
    assert "UnknownSupplier" not in json.dumps(document)
    [record] = [record for record in caplog.records if record.name == "fissile.problems"]
    assert "orders let suppliers.UnknownSupplier escape from GET /orders/raise/foreign" in record.getMessage()
    assert (logging.ERROR, UnknownSupplier) == (record.levelno, record.exc_info and record.exc_info[0])


@pytest.mark.parametrize(
    ("kind", "status", "retry"),
    [
        (DeadlineExceeded, 504, None),
        (Unavailable, 503, "1"),
        (Overloaded, 503, "1"),
        (Incompatible, 502, None),
        (CallFailed, 500, None),
        (MessageTooLong, 500, None),
    ],
)
def test_call_errors_have_their_status(
    client: TestClient, kind: type[CallError], status: int, retry: str | None
) -> None:
    """With ``Retry-After`` where it is worth trying again, and without the addresses that a message may name."""
    path = f"/orders/raise/{kind.code}"
    document = problem(client, path)
    assert (status, kind.code) == (document["status"], document["code"])
    assert retry == client.get(path).headers.get("retry-after")
    assert "secret" not in json.dumps(document)


def test_headers_of_http_errors_are_kept(client: TestClient) -> None:
    """The user's, and ``Allow`` with a 405; a status that has no body gets none."""
    assert "yes" == client.get("/orders/raise/detailed").headers["x-kept"]
    assert "POST" == client.get("/orders/login").headers["allow"]
    empty = client.get("/orders/raise/empty")
    assert (304, b"", "x") == (empty.status_code, empty.content, empty.headers["etag"])


def test_a_detail_that_is_not_text_becomes_errors(client: TestClient) -> None:
    """``HTTPException(400, {...})`` is FastAPI's custom; the detail of a problem is a string."""
    assert [{"field": "bad"}] == problem(client, "/orders/raise/detailed")["errors"]
    assert ["one", "two"] == problem(client, "/orders/raise/listed")["errors"]


def test_an_invalid_request_says_where_but_does_not_repeat_what(client: TestClient) -> None:
    """What was sent may be a password."""
    document = problem(client, "/orders/login", "POST", json={"password": "secret words"})
    assert "invalid_request" == document["code"]
    message = "Input should be a valid integer, unable to parse string as an integer"
    assert [{"loc": ["body", "password"], "msg": message, "type": "int_parsing"}] == document["errors"]
    assert "secret words" not in json.dumps(document)


def test_what_has_no_utf8_is_answered_too(client: TestClient) -> None:
    """A lone surrogate in the body's JSON does not break the answer."""
    body = b'{"password": "\\ud800"}'
    headers = {"content-type": "application/json"}
    assert 422 == problem(client, "/orders/login", "POST", content=body, headers=headers)["status"]


def test_a_body_that_is_too_large_is_a_problem(client: TestClient) -> None:
    """Whether its length is announced or not; a 413 that a route means to give is left alone."""
    announced = problem(client, "/orders/small", "PUT", content=b"xxxx")
    chunked = problem(client, "/orders/small", "PUT", content=iter([b"xx", b"xx"]))
    assert announced == chunked
    assert 413 == announced["status"]
    assert 3 == client.put("/orders/small", content=b"xxx").json()
    assert "Far too much of it" == client.put("/orders/own-413").text


def test_the_trace_is_named(client: TestClient) -> None:
    """The id in ``traceparent``, if it is one."""
    trace = "0af7651916cd43dd8448eb211c80319c"
    headers = {"traceparent": f"00-{trace}-b7ad6b7169203331-01"}
    assert trace == problem(client, "/nowhere", headers=headers)["trace_id"]
    assert "trace_id" not in problem(client, "/nowhere", headers={"traceparent": "nonsense"})


def test_a_long_path_is_not_repeated(client: TestClient) -> None:
    """An error is not made larger by the request."""
    response = client.get("/" + "a" * 5000)
    assert 404 == response.status_code
    assert len(response.content) < 200


def test_a_refused_handshake_is_fastapis(client: TestClient) -> None:
    """An HTTPException that refuses a handshake is answered as by FastAPI."""
    with pytest.raises(WebSocketDenialResponse) as denied, client.websocket_connect("/orders/socket/http"):
        pass
    assert (403, {"detail": "not you"}) == (denied.value.status_code, denied.value.json())


def test_handlers_of_the_user_win() -> None:
    """By class, by base class and by status."""
    app = App()

    @app.exception_handler(OutOfStock)
    async def out_of_stock(_: Request, error: OutOfStock) -> PlainTextResponse:
        return PlainTextResponse("mine", 410)

    @app.exception_handler(404)
    async def missing(_: Request, error: Exception) -> PlainTextResponse:
        return PlainTextResponse("mine too", 404)

    @app.exception_handler(500)
    async def broken(_: Request, error: Exception) -> PlainTextResponse:
        return PlainTextResponse("and mine", 500)

    with TestClient(serve(app, orders=failing()), raise_server_exceptions=False) as client:
        answers = [client.get(f"/orders/{path}").text for path in ("raise/own", "nowhere", "raise/unhandled")]
        assert ["mine", "mine too", "and mine"] == answers
        assert "application/problem+json" == client.get("/orders/raise/said").headers["content-type"]


def test_a_handler_for_all_http_errors_wins() -> None:
    """What FastAPI documents for overriding its own handlers."""
    app = App()

    @app.exception_handler(StarletteHTTPException)
    async def http_error(_: Request, error: StarletteHTTPException) -> PlainTextResponse:
        return PlainTextResponse(f"mine {error.detail}", error.status_code)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> PlainTextResponse:
        return PlainTextResponse("mine, invalid", 400)

    with TestClient(serve(app, orders=failing())) as client:
        assert "mine Not Found" == client.get("/orders/nowhere").text
        assert "mine, invalid" == client.get("/orders/header").text


def test_debug_keeps_the_page_with_the_traceback() -> None:
    """``App(debug=True)`` shows what happened, as FastAPI does."""
    with TestClient(serve(App(debug=True), orders=failing()), raise_server_exceptions=False) as client:
        assert "secret words" in client.get("/orders/raise/unhandled").text


def test_without_components_errors_are_fastapis() -> None:
    """Not one handler is touched."""
    assert FastAPI().exception_handlers == App().exception_handlers
    with TestClient(App()) as client:
        assert {"detail": "Not Found"} == client.get("/nowhere").json()
