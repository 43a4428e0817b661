"""The time in which the answer to a request has to begin."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .problems import Problem

DETAIL = "The application did not begin its answer in time."


class InTime:
    """Answers 504 in the place of an application that has not begun its answer in time, and cancels its work.

    The time in which the client sends its body does not count, and an answer that has begun may last: downloads, event
    streams. WebSockets have no such time.

    Args:
        app: The application.
        seconds: How long it may take.
    """

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self.app = app
        self.seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        answer = _Answer(scope, receive, send, self.seconds)
        try:
            await self.app(scope, answer.receive, answer.send)
        except asyncio.CancelledError:
            if not answer.is_late:
                raise
        finally:
            await answer.end()


class _Answer:
    """One answer, and the timer that ends it unless it has begun."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, seconds: float) -> None:
        task = asyncio.current_task()
        assert task is not None, "a request is answered in a task"
        self._task = task
        self._scope, self._receive, self._send, self._seconds = scope, receive, send, seconds
        self._has_begun = self._has_body = False
        self._refusing: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(seconds, self._expire)

    @property
    def is_late(self) -> bool:
        """True if it was answered in the application's place."""
        return self._refusing is not None

    def _expire(self) -> None:
        if self._has_begun or self.is_late:
            return
        problem = Problem(Request(self._scope), 504, code="deadline_exceeded", detail=DETAIL)
        # Not in the task of the application, which may wait for a thread that nothing can end.
        self._refusing = self._loop.create_task(problem(self._scope, self._receive, self._send))
        self._task.cancel()

    async def receive(self) -> Message:
        """Called by the application."""
        if self._has_body or self._has_begun:
            return await self._receive()
        self._timer.cancel()  # it waits for the client
        message = await self._receive()
        self._has_body = not message.get("more_body", False)
        if not self._has_begun:
            self._timer = self._loop.call_later(self._seconds, self._expire)
        return message

    async def send(self, message: Message) -> None:
        """Called by the application."""
        if self.is_late:
            return
        self._has_begun = True
        self._timer.cancel()
        await self._send(message)

    async def end(self) -> None:
        """Called when the application has ended."""
        self._timer.cancel()
        if self._refusing is not None:
            others = self._task.uncancel()
            await self._refusing
            if others:
                raise asyncio.CancelledError
