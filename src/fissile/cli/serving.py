"""Serving an application until a signal ends it: the start, the drain, the exit code."""

from __future__ import annotations

import asyncio
import atexit
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.server import HANDLED_SIGNALS

from ..errors import ConfigurationError
from ..runtime import server
from ..runtime.lifecycle import DRAIN, open_data
from .announcing import BEAT, Announcing
from .sockets import url_of
from .words import INTERRUPTED, say, show_configuration

if TYPE_CHECKING:
    from ..runtime.app import App

INTERRUPT_DRAIN = 1
"""Seconds that requests get after Ctrl-C, which ends everything within 2 s."""

CLOSING = 0.9
"""Seconds that closing may take after the drain, and threads after that; then the process ends as it is."""

LAST_WORDS = 0.1
"""Seconds that functions registered with `atexit` get before a process that has to be ended."""


class Server(server.Server):
    """uvicorn, ended by a signal without dying of it: it drains, closes, and leaves the exit code to us.

    Args:
        config: uvicorn's configuration; its ``timeout_graceful_shutdown`` is the drain after SIGTERM.
        app: The application.
        started: Called once requests are answered.
        parent: The process whose end ends this one.
        announcing: The supervisor, which is told how it is.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        app: App,
        *,
        started: Callable[[], None],
        parent: int | None = None,
        announcing: Announcing | None = None,
    ) -> None:
        super().__init__(config)
        self.ended_by: int | None = None
        self._app = app
        self._tell_started = started
        self._parent = parent
        self._announcing = announcing
        self._beating: asyncio.Task[None] | None = None

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handles the signals that end a server; unlike uvicorn's it does not raise them again at the end."""
        before = {number: signal.signal(number, self.handle_exit) for number in _ending()}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Called by Python for a signal: not ready from now on; a second Ctrl-C does not wait for anything."""
        if sig == signal.SIGINT:
            self.force_exit = self.ended_by == INTERRUPTED
            self.ended_by = INTERRUPTED
            self.config.timeout_graceful_shutdown = INTERRUPT_DRAIN
        elif self.should_exit:
            return
        self.ended_by = self.ended_by or 0
        self.should_exit = True
        self._end_at_last((self.config.timeout_graceful_shutdown or 0) + CLOSING)
        self._app.stop_being_ready()

    def _end_at_last(self, seconds: float) -> None:
        """Ends the process when it has not ended by then: a method that swallows its cancellation cannot hold it."""
        code = self.ended_by or 0
        for after, leave in ((seconds, _leave), (seconds + LAST_WORDS, os._exit)):
            timer = threading.Timer(after, leave, (code,))
            timer.daemon = True
            timer.start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Called by uvicorn. What still runs when all is closed, such as a thread, does not keep the process."""
        await super().shutdown(sockets)
        self._end_at_last(CLOSING)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Starts, then tells; what is wrong with a database is said before anything has started."""
        if self._announcing is not None:
            self._beating = asyncio.create_task(self._beat(self._announcing))
            await asyncio.sleep(0)  # the code is loaded, and what comes now may wait for another process
        if self._app.package is not None and self._app.dispatcher is not None:
            try:
                await open_data(self._app.runtime)
            except ConfigurationError as error:
                self.ended_by = show_configuration(error)
                self.should_exit = True
                return
        await super().startup(sockets)
        if not self.should_exit:
            self._tell_started()
            self._say_how_it_is()

    async def on_tick(self, counter: int) -> bool:
        """Called by uvicorn ten times a second."""
        if self._parent is not None and os.getppid() != self._parent:
            self.handle_exit(signal.SIGTERM, None)
        self._say_how_it_is()
        return await super().on_tick(counter)

    async def _beat(self, announcing: Announcing) -> None:
        """Tell to the end of the process that the loop turns, and take the listeners that the supervisor hands over."""
        while True:
            announcing.beat()
            if self.started:
                for listener in announcing.listeners():
                    await self.listen_also(listener)
            await asyncio.sleep(BEAT)

    def _say_how_it_is(self) -> None:
        if self._announcing is None:
            return
        from ..runtime.health import readiness

        known = {"title": _name(self._app), "docs": self._app.docs_url}
        has_components = self._app.dispatcher is not None
        self._announcing.say({**known, **(readiness(self._app.runtime) if has_components else {"status": "ready"})})


def serve(
    app: App,
    listener: socket.socket,
    *,
    private: Path | None = None,
    drain: float | None = None,
    log_level: str = "info",
    parent: int | None = None,
    announce: int | None = None,
) -> int:
    """Serves until a signal.

    Args:
        app: The application, assembled.
        listener: The socket, which listens already: who connects before the start waits.
        private: The private folder of the sockets, if this process may listen in it.
        drain: Seconds that requests in flight get at the end; 25 unless given.
        log_level: What is logged.
        parent: The process whose end ends this one.
        announce: The socket on which the supervisor is told how it is; nobody else is told that it has started.

    Returns:
        The exit code: 0 after SIGTERM, 130 after Ctrl-C.
    """
    links = app.view is not None and app.view.live is not None
    wait = DRAIN if drain is None else drain
    wanted = server.config(app, links=links, private=private, drain=wait, log_level=log_level)
    started = (lambda: None) if announce is not None else (lambda: _tell(app, listener))
    announcing = None if announce is None else Announcing(announce)
    serving = Server(wanted, app, started=started, parent=parent, announcing=announcing)
    serving.run([listener])
    return serving.ended_by or 0


def _ending() -> list[int]:
    """Return the signals that end a server: also that of a terminal that closes, unless it is ignored (nohup)."""
    hangup: int | None = getattr(signal, "SIGHUP", None)  # Windows has none
    if hangup is None or signal.getsignal(hangup) is signal.SIG_IGN:
        return [*HANDLED_SIGNALS]
    return [*HANDLED_SIGNALS, hangup]


def _leave(code: int) -> None:
    """End the process with all that still runs in it, after what an interpreter does at its end."""
    atexit._run_exitfuncs()
    with suppress(OSError, ValueError):
        sys.stdout.flush()
    os._exit(code)


def _tell(app: App, listener: socket.socket) -> None:
    address = url_of(listener)
    docs = f", its API on {address}{app.docs_url}" if app.docs_url and address.startswith("http") else ""
    say(f"{_name(app)} is on {address}{docs}; Ctrl-C ends it")


def _name(app: App) -> str:
    """What the application is called; FastAPI's own title is nobody's name."""
    return app.title if app.title != "FastAPI" else app.package or "the application"
