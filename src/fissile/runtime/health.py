"""The reserved paths: whether the process lives, whether each component takes calls, and calls for debuggers."""

from __future__ import annotations

import hmac
import os
from typing import TYPE_CHECKING

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import JSONResponse

from ..errors import ConfigurationError
from ..project import Project
from ..values import ComponentError
from .by_name import call_json
from .http.problems import Problem
from .settings import secrets_directory
from .state import state_folder

if TYPE_CHECKING:
    from .wiring import Runtime

PREFIX = "/-"
SECRET_HEADER = "fissile-secret"
"""The header that a debugger on the loopback interface authenticates with; any web page could send the rest."""


def reserved(runtime: Runtime) -> APIRouter:
    """The routes of the reserved paths."""
    router = APIRouter(include_in_schema=False)

    @router.api_route("/live", methods=["GET", "HEAD"])
    async def live() -> dict[str, str]:
        return {"status": "live"}

    @router.api_route("/ready", methods=["GET", "HEAD"])
    async def ready() -> JSONResponse:
        return _readiness(runtime)

    @router.post("/call/{method}")
    async def call(method: str, request: Request) -> Response:
        if not _may_call(request, runtime):
            raise HTTPException(404)
        try:
            result = await call_json(runtime, method, await request.body())
        except ConfigurationError as error:
            raise HTTPException(404, str(error)) from error
        except ComponentError as error:
            return Problem(request, error.status, code=error.code, detail=str(error))
        except ValueError as error:
            raise HTTPException(422, str(error)) from error
        return Response(result, media_type="application/json")

    return router


def _readiness(runtime: Runtime) -> JSONResponse:
    """Not ready until every component has started and every peer has answered once; a later absence is only told."""
    peers = runtime.peers()
    for link in peers:
        link.connect()
    is_ready = all(live.ready for live in runtime.live.values()) and all(link.answered for link in peers)
    body = {
        "status": "ready" if is_ready else "not ready",
        "components": {name: "ready" if live.ready else "not ready" for name, live in sorted(runtime.live.items())},
        "links": {link.peer: dict(zip(("status", "incompatible"), link.state(), strict=True)) for link in peers},
    }
    return JSONResponse(body, 200 if is_ready else 503)


def _may_call(request: Request, runtime: Runtime) -> bool:
    """Whether the request came over the socket that links use, or from this machine with the secret.

    A Unix socket alone says nothing: a gateway that passes everybody's requests on may be what uses it.
    """
    server = request.scope.get("server")
    if runtime.answers_links and server is not None and server[1] is None:
        return True
    secret = link_secret(runtime.project)
    given = request.headers.get(SECRET_HEADER, "")
    is_here = request.client is not None and request.client.host in ("127.0.0.1", "::1")
    return is_here and secret is not None and hmac.compare_digest(given.encode(), secret.encode())


def link_secret(project: Project) -> str | None:
    """The secret that opens the calls on the loopback interface: the file ``link`` among the secrets, if any."""
    folder = secrets_directory(os.environ, state_folder(project) / "secrets")
    file = folder / "link" if folder else None
    return file.read_text().strip() or None if file is not None and file.is_file() else None
