"""Errors at the HTTP edge: problem documents (RFC 9457, https://www.rfc-editor.org/rfc/rfc9457).

Only an application with components answers with them, and an adopted application inside it keeps its own errors.
Handlers of the user's own always win.
"""

from __future__ import annotations

import inspect
import json
import logging
import re
from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.encoders import jsonable_encoder
from fastapi.exception_handlers import http_exception_handler, request_validation_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.utils import is_body_allowed_for_status_code
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fissile.context import current
from fissile.errors import CallError
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
        request: Request,
        status: int,
        *,
        code: str = "",
        detail: str = "",
        errors: list[object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        title = _phrase(status)
        document: dict[str, object] = {
            "type": "about:blank",
            "title": title,
            "status": status,
            "detail": detail if detail != title else "",
            "instance": path if len(path := request.url.path) <= LONGEST else "",
            "code": code or re.sub(r"\W+", "_", title.lower()),
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


def _trace_id(request: Request) -> str:
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
    handlers.setdefault(CallError, _call_error)
    handlers.setdefault(ComponentError, _ComponentErrors(dispatcher, packages))
    if 500 not in handlers:
        handlers.setdefault(Exception, _unhandled)


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


async def _call_error(request: Request, error: CallError) -> Response:
    if request.scope["type"] != "http":
        raise error
    # The message may name addresses inside; the first sentence of the class says enough outside.
    detail = (inspect.getdoc(type(error)) or "").partition("\n")[0]
    headers = {"Retry-After": str(RETRY_AFTER)} if error.status == 503 else None
    log = _log.error if error.status == 500 else _log.warning
    log("%s %s: %s: %s", request.method, request.url.path, error.code, error, exc_info=error)
    return Problem(request, error.status, code=error.code, detail=detail, headers=headers)


async def _unhandled(request: Request, error: Exception) -> Response:
    return Problem(request, 500)


class _ComponentErrors:
    """Answers with the status of a component's own error; one of another component should not have come this far."""

    def __init__(self, dispatcher: Dispatcher, packages: Mapping[str, str]) -> None:
        self._dispatcher = dispatcher
        self._packages = packages

    async def __call__(self, request: Request, error: ComponentError) -> Response:
        if request.scope["type"] != "http":
            raise error
        branch = self._dispatcher.branch_of(request.scope)
        here = branch.component if branch is not None else None
        home = component_of(type(error).__module__, self._packages)
        if home is None or home == here:
            return Problem(request, error.status, code=error.code, detail=str(error))
        _log.error(
            "%s let %s.%s escape from %s %s: catch it there, and raise an error of its own instead",
            here or "main.py",
            home,
            type(error).__name__,
            request.method,
            request.url.path,
            exc_info=error,
        )
        return Problem(request, 500)


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
