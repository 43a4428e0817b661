"""The reserved paths: liveness, readiness, the process's part of the API document, and calls for debuggers.

Probes see the status alone. Everything else is for trusted senders (`is_trusted`).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import JSONResponse

from ..errors import ConfigurationError
from ..generate.openapi import PROCESS
from ..values import ComponentError
from .by_name import call_json
from .http.gateway import is_forwarded
from .http.problems import Problem
from .trust import is_trusted

if TYPE_CHECKING:
    from .wiring import Runtime

PREFIX = "/-"
READY = "ready"


def reserved(runtime: Runtime) -> APIRouter:
    """The routes of the reserved paths, which nobody finds through a gateway."""
    router = APIRouter(include_in_schema=False, dependencies=[Depends(_refuse_forwarded)])

    async def trusted(request: Request) -> None:
        if not is_trusted(request.scope, runtime):
            raise HTTPException(404)

    @router.api_route("/live", methods=["GET", "HEAD"])
    async def live() -> dict[str, str]:
        return {"status": "live"}

    @router.api_route("/ready", methods=["GET", "HEAD"])
    async def ready(request: Request) -> JSONResponse:
        body = readiness(runtime)
        shown = body if is_trusted(request.scope, runtime) else {"status": body["status"]}
        return JSONResponse(shown, 200 if body["status"] == READY else 503)

    # Not a coroutine, so that a thread makes what may take a while; whoever asks for calls meanwhile gets them.
    @router.get("/openapi", dependencies=[Depends(trusted)])
    def openapi(request: Request) -> JSONResponse:
        return JSONResponse(request.app.describe(), headers={PROCESS: str(os.getpid())})

    @router.post("/call/{method}", dependencies=[Depends(trusted)])
    async def call(method: str, request: Request) -> Response:
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


def readiness(runtime: Runtime) -> dict[str, object]:
    """How a process is: its components, its links, and whether it takes requests.

    Not ready until every component has started and every peer has answered once; a later absence is only told.
    """
    peers = runtime.peers()
    for link in peers:
        link.connect()
    is_ready = all(live.ready for live in runtime.live.values()) and all(link.answered for link in peers)
    return {
        "status": READY if is_ready else "not ready",
        "components": {name: READY if live.ready else "not ready" for name, live in sorted(runtime.live.items())},
        "links": {link.peer: dict(zip(("status", "incompatible"), link.state(), strict=True)) for link in peers},
    }


async def _refuse_forwarded(request: Request) -> None:
    """Whatever a gateway lets through by mistake: it reaches us over the same socket as those who may ask."""
    if is_forwarded(request.scope):
        raise HTTPException(404)
