"""What an HTTP request brings into the calls that are made while it is answered."""

from __future__ import annotations

import logging

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from ...context import AMBIENT, NOWHERE, Context
from ..provided import RUNTIME, Stubs
from .handshake import watched
from .problems import Problem

logger = logging.getLogger("fissile.policy")

LONGEST = 255
"""Bytes of the longest ``Idempotency-Key`` that is taken; a longer ``traceparent`` is none."""


class RequestContext:
    """Gives every request its context and its stubs, around all of the user's middleware.

    Args:
        app: The application.
        stubs: What gives a request its stubs.
    """

    def __init__(self, app: ASGIApp, stubs: Stubs) -> None:
        self.app = app
        self.stubs = stubs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] == "lifespan":  # a server starts us
            logger.warning("no identity is configured: every route is open to everybody, whatever its policy says")
            await self.app(scope, receive, send)
            return
        scope[RUNTIME] = self.stubs
        key = trace = None
        for name, value in scope["headers"]:
            if name == b"idempotency-key":
                key = value.decode("latin-1")
            elif name == b"traceparent":
                trace = value.decode("latin-1") if len(value) <= LONGEST else None
        if key is not None and len(key) > LONGEST and scope["type"] == "http":
            # Cut short, two keys could become one, and a request be taken for another that was answered.
            detail = f"an Idempotency-Key has at most {LONGEST} bytes"
            await Problem(Request(scope), 400, code="invalid_request", detail=detail)(scope, receive, send)
            return
        # Most requests carry neither, and making a context costs as much as all the rest here.
        brought = NOWHERE if key is None and trace is None else Context(traceparent=trace, idempotency_key=key)
        before = AMBIENT.set(brought)
        try:
            await self.app(scope, receive, send if scope["type"] == "http" else watched(scope, send))
        finally:
            AMBIENT.reset(before)
