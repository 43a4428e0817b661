"""Errors at the HTTP edge: problem documents (RFC 9457, https://www.rfc-editor.org/rfc/rfc9457).

Only an application with components answers with them, and an adopted application inside it keeps its own errors, but
for those of calls and components. Handlers of the user's own always win.

A WebSocket is refused with the same document before it is accepted, and closed with a code afterwards.
"""

from __future__ import annotations

import inspect
import json
import logging
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import cast

from fastapi import FastAPI, Request, Response, WebSocket, WebSocketDisconnect
from fastapi.encoders import jsonable_encoder
from fastapi.exception_handlers import http_exception_handler, request_validation_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.utils import is_body_allowed_for_status_code
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.routing import BaseRoute, Mount, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketState

from fissile.context import current
from fissile.errors import CallError, MessageTooLong
from fissile.runtime.http.adopted import Adopted
from fissile.runtime.http.handshake import state_of
from fissile.runtime.http.routing import Dispatcher
from fissile.values import ComponentError

MEDIA_TYPE = "application/problem+json"
LONGEST = 1024  # characters of a path that is repeated: an error should not be larger than the request deserves
RETRY_AFTER = 1  # seconds: an outage of a peer or a full queue is usually over sooner than that

SCHEMA: Mapping[str, object] = {
    "title": "Problem",
    "description": "A problem document (RFC 9457).",
    "type": "object",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "default": "about:blank"},
        "title": {"type": "string", "description": "The status in words."},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "What went wrong this time."},
        "instance": {"type": "string", "format": "uri-reference", "description": "The path that was asked."},
        "code": {"type": "string", "description": "What went wrong in one word, for programs."},
        "trace_id": {"type": "string", "description": "The trace that the request belongs to."},
        "errors": {
            "type": "array",
            "description": "What is wrong with the request, each by itself.",
            "items": {
                "type": "object",
                "properties": {
                    "loc": {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]}},
                    "msg": {"type": "string"},
                    "type": {"type": "string"},
                },
            },
        },
    },
}
"""The JSON schema of the document, as the OpenAPI document refers to it."""

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?")
_log = logging.getLogger("fissile.problems")


class Problem(Response):
    """A response that is a problem document.

    Args:
        request: What was asked.
        status: The HTTP status.
        code: What went wrong in one word, for programs; by default the status in words.
        detail: What went wrong this time, for people.
        errors: The parts of it, each JSON-safe.
        headers: Further headers.
    """

    media_type = MEDIA_TYPE

    def __init__(
        self,
        request: HTTPConnection,
        status: int,
        *,
        code: str = "",
        detail: str = "",
        errors: list[object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        title = _phrase(status)
        self.code = code or re.sub(r"\W+", "_", title.lower())
        document: dict[str, object] = {
            "type": "about:blank",
            "title": title,
            "status": status,
            "detail": detail if detail != title else "",
            "instance": path if len(path := request.url.path) <= LONGEST else "",
            "code": self.code,
            "trace_id": _trace_id(request),
            "errors": errors,
        }
        content = {name: value for name, value in document.items() if value not in ("", None)}
        # ASCII, because a lone surrogate in the request may be quoted here and has no UTF-8.
        body = json.dumps(content, separators=(",", ":"), default=str).encode("ascii")
        super().__init__(body, status, headers=dict(headers) if headers is not None else None)


_PHRASES = {413: "Content Too Large", 414: "URI Too Long", 416: "Range Not Satisfiable", 422: "Unprocessable Content"}
"""What RFC 9110, section 15, says, and Python only since 3.13: our codes are made of it."""


def _phrase(status: int) -> str:
    if status in _PHRASES:
        return _PHRASES[status]
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"Status {status}"


def _trace_id(request: HTTPConnection) -> str:
    """The trace of W3C Trace Context that the request belongs to, or nothing."""
    found = _TRACEPARENT.fullmatch(current().traceparent or request.headers.get("traceparent", ""))
    return found[1] if found else ""


def install(app: FastAPI, dispatcher: Dispatcher, packages: Mapping[str, str]) -> None:
    """Makes the application answer errors with problem documents, wherever the user has no handler of their own.

    Args:
        app: The application, before its middleware is stacked.
        dispatcher: Tells which component answers a request.
        packages: Every component's name by the dotted name of its package, the ones that are not live here included.
    """
    handlers = app.exception_handlers
    if handlers.get(HTTPException) is http_exception_handler:
        handlers[HTTPException] = _http_error
    if handlers.get(RequestValidationError) is request_validation_exception_handler:
        handlers[RequestValidationError] = _invalid_request
    _answer_calls(app, _ComponentErrors(dispatcher, packages))
    if 500 not in handlers:
        handlers.setdefault(Exception, _unhandled)
    theirs = {id(entry.route): branch.component for branch in dispatcher.branches for entry in branch.routes}
    for route in app.router.routes:
        _install_below([route], _ComponentErrors(theirs.get(id(route)), packages))


def _install_below(routes: Iterable[BaseRoute], component_errors: _ComponentErrors) -> None:
    """Make the applications that are adopted or mounted answer the errors of calls and components too.

    They would answer 500 and raise the error again, when the response of the outer application has started.
    """
    for route in routes:
        inner = route.app if isinstance(route, Mount) else None
        if isinstance(inner, Adopted):
            inner, component_errors = inner.app, component_errors.in_adopted()
        if isinstance(inner, Starlette):
            _answer_calls(inner, component_errors)
            inner.middleware_stack = None  # built anew, with these, if it has been built
        if isinstance(inner, Starlette | Router):
            _install_below(inner.routes, component_errors)


def _answer_calls(app: Starlette, component_errors: _ComponentErrors) -> None:
    handlers = cast(
        "dict[object, object]", app.exception_handlers
    )  # typed for requests, and WebSockets have errors too
    handlers.setdefault(CallError, _call_error)
    handlers.setdefault(ComponentError, component_errors)


async def _http_error(request: Request, error: HTTPException) -> Response:
    if request.scope["type"] != "http":
        return await http_exception_handler(request, error)
    if not is_body_allowed_for_status_code(error.status_code):
        return Response(status_code=error.status_code, headers=error.headers)
    detail: object = error.detail
    if isinstance(detail, str):
        return Problem(request, error.status_code, detail=detail, headers=error.headers)
    # FastAPI lets `detail` be any JSON; in a problem document it is a string (RFC 9457, section 3.1.4).
    parts = jsonable_encoder(detail)
    errors = parts if isinstance(parts, list) else [parts]
    return Problem(request, error.status_code, errors=errors, headers=error.headers)


async def _invalid_request(request: Request, error: RequestValidationError) -> Response:
    # What was sent is not repeated: it may be a password, and need not be JSON.
    errors: list[object] = [
        {"loc": list(fault["loc"]), "msg": fault["msg"], "type": fault["type"]} for fault in error.errors()
    ]
    return Problem(request, 422, code="invalid_request", detail="The request is not valid.", errors=errors)


async def _call_error(request: HTTPConnection, error: CallError) -> Response | None:
    # The message may name addresses inside; the first sentence of the class says enough outside.
    detail = (inspect.getdoc(type(error)) or "").partition("\n")[0]
    # A call that is too long was not sent. The request is to blame if it has brought something.
    is_request = isinstance(error, MessageTooLong) and not error.may_have_run and _has_content(request)
    status = 413 if is_request else error.status
    headers = {"Retry-After": str(RETRY_AFTER)} if status == 503 else None
    log = _log.error if status == 500 else _log.warning
    log("%s %s: %s: %s", *_asked(request), error.code, error, exc_info=error)
    return await _answered(request, Problem(request, status, code=error.code, detail=detail, headers=headers))


def _has_content(request: HTTPConnection) -> bool:
    """Return True if the request has a body, or if messages may have come over the WebSocket."""
    if isinstance(request, WebSocket):
        return state_of(request) is not WebSocketState.CONNECTING
    return request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers


def _asked(request: HTTPConnection) -> tuple[str, str]:
    """The method and the path, for the log."""
    return request.scope.get("method", "WEBSOCKET"), request.url.path


async def _answered(request: HTTPConnection, problem: Problem) -> Problem | None:
    """The problem as an HTTP response, which also refuses a WebSocket; None for one that could only be closed."""
    if not isinstance(request, WebSocket):
        return problem
    state = state_of(request)
    if state is WebSocketState.CONNECTING and "websocket.http.response" in request.scope.get("extensions", {}):
        return problem
    if state in (WebSocketState.CONNECTING, WebSocketState.CONNECTED):
        with suppress(WebSocketDisconnect):  # the client has gone
            await request.close(_close_code(problem.status_code), problem.code)
    return None


def _close_code(status: int) -> int:
    """The close code that says what the HTTP status says (https://www.iana.org/assignments/websocket).

    1008 for a request that cannot be answered as it is, 1009 if it is too long, 1013 for one to repeat later, and 1011
    for a failure.
    """
    if status in (413, 503):
        return 1009 if status == 413 else 1013
    return 1008 if status < 500 else 1011


async def _unhandled(request: Request, error: Exception) -> Response:
    return Problem(request, 500)


class _ComponentErrors:
    """Answers with the status of a component's own error; one of another component should not have come this far.

    Args:
        found: Finds the component of a request; the component itself inside an application that belongs to one.
        packages: Every component's name by the dotted name of its package.
        in_adopted: Whether the application is adopted. It was written without components, so that an error of another
            one keeps its status there.
    """

    def __init__(
        self, found: Dispatcher | str | None, packages: Mapping[str, str], *, in_adopted: bool = False
    ) -> None:
        self._found = found
        self._packages = packages
        self._in_adopted = in_adopted

    def in_adopted(self) -> _ComponentErrors:
        """The same for an adopted application of the component."""
        return _ComponentErrors(self._found, self._packages, in_adopted=True)

    async def __call__(self, request: HTTPConnection, error: ComponentError) -> Response | None:
        here = self._component(request.scope)
        home = component_of(type(error).__module__, self._packages)
        problem = Problem(request, error.status, code=error.code, detail=str(error))
        if home is None or home == here:
            return await _answered(request, problem)
        _log.error(
            "%s let %s.%s escape from %s %s: catch it there, and raise an error of its own instead",
            here or "main.py",
            home,
            type(error).__name__,
            *_asked(request),
            exc_info=error,
        )
        return await _answered(request, problem if self._in_adopted else Problem(request, 500))

    def _component(self, scope: Scope) -> str | None:
        if not isinstance(self._found, Dispatcher):
            return self._found
        branch = self._found.branch_of(scope)
        return branch.component if branch is not None else None


class TooLarge:
    """Turns Starlette's own answer to a body that is too large, which passes no handler, into a problem document.

    Args:
        app: The application with all of its middleware.
        dispatcher: Tells which requests an adopted application answers.
    """

    def __init__(self, app: ASGIApp, dispatcher: Dispatcher) -> None:
        self.app = app
        self._dispatcher = dispatcher

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        replaced = False

        async def sending(message: Message) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start" and self._is_ours(scope, message):
                replaced = True
                problem = Problem(Request(scope), 413)
                # What middleware has added stays.
                problem.raw_headers += [
                    header for header in message["headers"] if not header[0].startswith(b"content-")
                ]
                await problem(scope, receive, send)
            elif not replaced:
                await send(message)

        await self.app(scope, receive, sending)

    def _is_ours(self, scope: Scope, message: Message) -> bool:
        if message["status"] != 413:
            return False
        headers = Headers(raw=message["headers"])
        if headers.get("content-length") != "17" or not headers.get("content-type", "").startswith("text/plain"):
            return False  # not Starlette's "Content Too Large", but what a route wants to say
        branch = self._dispatcher.branch_of(scope)
        return branch is None or branch.adopted is None


def component_of(module: str, packages: Mapping[str, str]) -> str | None:
    """The name of the component that a module belongs to, by its package; None for a module outside all of them."""
    while module:
        if module in packages:
            return packages[module]
        module = module.rpartition(".")[0]
    return None
