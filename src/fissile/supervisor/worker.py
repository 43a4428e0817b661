"""One place where a process runs: it is started there again whenever it ends."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from .child import LOADING, Child
from .listener import answer_away

logger = logging.getLogger("fissile.supervisor")

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 10.0
"""Seconds between an end and the next start, doubled from the first to the longest."""

DOUBLINGS = 16
"""After so many the longest pause is reached; a crash loop of some hours would overflow."""

HEALTHY = 5.0
"""Seconds of readiness after which earlier ends are forgotten."""

SILENT = 1.0
"""Seconds of a pause from which on whoever asks is told to come again; in a shorter one it waits."""

STARTING = 60.0
"""Seconds that a process gets to become ready where somebody waits for it."""

CLOSING = 2.0
"""Seconds that a process gets to end beyond those of its requests."""

UNANSWERING = 3.0
"""Seconds of silence after which a process that was ready is not answering. Envoy gives its requests to others earlier
(`fissile.generate.envoy.CHECK`); a loop that is held up for a moment is none of this."""

HUNG = 10.0
"""Seconds of silence after which a process is killed and started again: twice the deadline of a call, so that nothing
which calls it still waits, and more than a machine that is busy with other things holds up a loop."""

NOT_CONFIGURED = (2, 3)
"""The exit codes of a process whose next start would end the same way."""


class NotReplaced(Exception):
    """The new process did not become ready, or was not wanted any more.

    Attributes:
        last_words: The end of the output of the process that failed.
    """

    def __init__(self, message: str, last_words: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.last_words = last_words


@dataclass(eq=False)
class Worker:
    """A process, or one of several that are the same.

    Attributes:
        name: What it is called, as it stands before its lines; empty where there is no other.
        process: The name of the process in the placement.
        start: Starts it.
        listener: Where it answers, kept open between its ends; None for the gateway, which listens itself.
        drain: Seconds that its requests in flight get at its end.
        waits: Whether it waits for an edit when it has ended by itself, as in development.
        slots: Taken from its start until its code is loaded, so that not all processes load theirs at once.
        changed: Set at each change of any worker.
        child: What runs now.
        restarts: How many times it has ended by itself.
        failures: How many times in a row.
        last_code: How it ended the last time.
        last_words: The end of its output that time.
        was_ready: Whether it has ever been ready.
        is_ending: Whether it is to be gone.
    """

    name: str
    process: str
    start: Callable[[], Awaitable[Child]]
    listener: socket.socket | None
    drain: float
    waits: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    slots: asyncio.Semaphore = field(default_factory=partial(asyncio.Semaphore, 2))
    child: Child | None = None
    restarts: int = 0
    failures: int = 0
    last_code: int | None = None
    last_words: Sequence[str] = ()
    was_ready: bool = False
    is_ending: bool = False
    _is_renewing: bool = False
    _is_pausing: bool = False
    _standing_in: asyncio.Task[None] | None = None
    _starting: asyncio.Lock = field(default_factory=asyncio.Lock)
    _wanted: asyncio.Event = field(default_factory=asyncio.Event)
    _candidate: Child | None = None
    _successor: Child | None = None
    _silent: Child | None = None
    _retiring: dict[asyncio.Task[None], Child] = field(default_factory=dict)

    @property
    def state(self) -> str:
        """In one word or two.

        That is starting, ready, not ready, not answering, waiting (for its next start), stopping or stopped.
        """
        if self.is_ending:
            return "stopped" if self.child is None else "stopping"
        if self.child is None:
            return "waiting" if self.restarts else "starting"
        if self.is_silent:
            return "not answering"
        if self.child.is_ready:
            return "ready"
        return "not ready" if self.child.said else "starting"

    @property
    def since(self) -> datetime | None:
        """When it was started."""
        return self.child.since if self.child is not None else None

    @property
    def is_hopeless(self) -> bool:
        """Whether it cannot start as it is configured, and nobody is there to mend that."""
        return not self.waits and not self.was_ready and self.last_code in NOT_CONFIGURED

    def children(self) -> list[Child]:
        """What runs here: one process, for a while perhaps with its successor, and with those that it succeeded."""
        found = (self.child, self._candidate, self._successor, *self._retiring.values())
        return [child for child in found if child is not None]

    # --------------------------------------------------------------------------------------------- running

    async def run(self) -> None:
        """Keeps it running until `end`."""
        while not self.is_ending:
            code = await self._run_once()
            if self._is_renewing:
                self._is_renewing = False
            elif not self.is_ending:
                await self._pause(code)

    async def _run_once(self) -> int | None:
        """Starts it and waits for its end; its exit code, None where it could not be started."""
        try:
            child = self._taken() or await self._launched()
        except OSError as error:
            logger.error("%s cannot be started: %s", self._called, error)
            self.last_words = (str(error),)
            return None
        self.child = child
        return None if child is None else await self._watched(child)

    async def _launched(self) -> Child | None:
        """Starts one when it is its turn, unless all are to end."""
        await self.slots.acquire()
        child: Child | None = None
        try:
            async with self._starting:
                child = None if self.is_ending else await self.start()
        finally:
            if child is None:
                self.slots.release()
        if child is not None:
            child.keep(self._loading(child))
        return child

    async def _loading(self, child: Child) -> None:
        """Let the next process start once this one has loaded its code: its readiness may depend on that one."""
        try:
            await child.until(lambda: child.has_loaded, LOADING)
        finally:
            self.slots.release()

    async def _watched(self, child: Child) -> int:
        """Waits for the end of what runs here, which another may replace meanwhile."""
        while True:
            ended = asyncio.create_task(child.ended())
            others = [asyncio.create_task(self._wanted.wait()), asyncio.create_task(self._notice(child))]
            await asyncio.wait([ended, others[0]], return_when=asyncio.FIRST_COMPLETED)
            for task in others:
                task.cancel()
            self._wanted.clear()
            if successor := self._taken():
                self._retire(child)
                child = self.child = successor
            elif ended.done():
                self.child = None
                self.last_words = child.last_words
                return ended.result()
            self.changed.set()

    def _taken(self) -> Child | None:
        """What is to run here from now on, where `replace` has brought it."""
        successor, self._successor = self._successor, None
        return successor

    async def _notice(self, child: Child) -> None:
        """Tells of each change, and forgets earlier failures after some health."""
        while True:
            self.was_ready = self.was_ready or child.is_ready
            self.changed.set()
            child.heard.clear()
            try:
                async with asyncio.timeout(HEALTHY if child.is_ready and self.failures else None):
                    await child.heard.wait()
            except TimeoutError:
                self.failures = 0

    async def _pause(self, code: int | None) -> None:
        """Waits for the next start."""
        self.last_code = code
        self.restarts += 1
        self.failures += 1
        seconds = min(FIRST_PAUSE * 2 ** min(self.failures - 1, DOUBLINGS), LONGEST_PAUSE)
        is_open = self.waits or self.is_hopeless
        self._is_pausing = is_open or seconds >= SILENT
        self._tell(seconds)
        self.changed.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(None if is_open else seconds):
                await self._wanted.wait()
        self._wanted.clear()
        self._is_pausing = False
        self.changed.set()

    def stand_in(self, has_sibling: bool) -> None:
        """Answer on its socket that nobody is there if requests need not wait or would wait long; else let them wait.

        Called at each change of any worker. A socket outlives the process, and would hold requests until the next one
        has started.

        Args:
            has_sibling: Whether another worker of the process is ready, which the gateway and links then ask.
        """
        is_replaceable = has_sibling and self.state != "ready" and not self._is_renewing
        is_wanted = not self.is_ending and (self._is_pausing or is_replaceable)
        if is_wanted and self._standing_in is None and self.listener is not None:
            self._standing_in = asyncio.create_task(answer_away(self.listener))
        elif not is_wanted:
            self._stop_standing_in()

    def _stop_standing_in(self) -> None:
        if self._standing_in is not None:
            self._standing_in.cancel()
            self._standing_in = None

    def rebind(self, listener: socket.socket) -> None:
        """Answer on another socket from now on, since the one of before was removed; its connections live on."""
        self._stop_standing_in()
        before, self.listener = self.listener, listener
        for child in self.children():
            child.hand(listener)
        if before is not None:
            asyncio.get_running_loop().call_soon(before.close)  # when nothing here waits on it any more
        self.changed.set()

    def _tell(self, seconds: float) -> None:
        how = f"{self._called} ended {ending(self.last_code)}"
        if self.is_hopeless:
            logger.error("%s: it cannot start as it is configured", how)
        elif self.waits:
            logger.error("%s: waiting for an edit", how)
        else:
            times = f", {self.failures} times in a row" if self.failures > 1 else ""
            logger.error("%s%s: it starts again in %.1f s", how, times, seconds)

    @property
    def _called(self) -> str:
        return self.name or "it"

    # ------------------------------------------------------------------------------------------- hanging

    @property
    def is_silent(self) -> bool:
        """True if the process that runs here has not answered for a while."""
        return self.child is not None and self.child is self._silent

    def look(self, late: float) -> None:
        """Notices that a process hangs, tells that, and kills it if it goes on; called each second.

        In development it is left alone, since somebody may step through it.

        Args:
            late: Seconds by which this call is late: nothing was heard of any process then.
        """
        child = self.child
        if child is None or not child.said or child.has_terminal or self.is_ending:
            return
        child.excuse(late)
        was_silent, self._silent = self.is_silent, child if child.silence >= UNANSWERING else None
        if self.is_silent != was_silent:
            self.changed.set()
            if self.is_silent:
                logger.warning("%s does not answer", self._called)
        if child.silence >= HUNG and not self.waits:
            child.excuse(HUNG)
            logger.error("%s has not answered for %.0f s: it is killed", self._called, HUNG)
            child.send(signal.SIGKILL)

    # ------------------------------------------------------------------------------------- what is wanted

    async def replace(self) -> None:
        """Starts a new process beside the old one, and ends that when the new one is ready.

        Raises:
            NotReplaced: The new one did not become ready, and an old one goes on; or all are to end.
            OSError: It cannot be started.
        """
        if self.child is None:
            await self._start_now()
            return
        new = self._candidate = await self._launched()
        if new is None:
            raise self._overtaken()
        is_ready = await new.until(lambda: new.is_ready, STARTING)
        self._candidate = None
        if self.is_ending or not is_ready:
            code = new.process.returncode
            await new.end(signal.SIGTERM, CLOSING)
            if self.is_ending:
                raise self._overtaken()
            why = f"ended {ending(code)}" if code is not None else _unready(new)
            raise NotReplaced(f"the new process of {self._called} {why}; the old one goes on", new.last_words)
        self._successor = new
        self._wanted.set()
        while self._successor is new:
            if self.is_ending:  # and what would take it may be gone
                raise self._overtaken()
            self.changed.clear()
            await self.changed.wait()

    async def _start_now(self) -> None:
        """Ends a pause, and waits until it is ready."""
        before = self.restarts
        self._wanted.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STARTING):
                while self.restarts == before and self.state != "ready" and not self.is_ending:
                    self.changed.clear()
                    await self.changed.wait()
        if self.is_ending:
            raise self._overtaken()
        if self.state != "ready":
            what = f"{self._called} is {self.state}: it ended {ending(self.last_code)} the last time"
            raise NotReplaced(what, self.last_words)

    def _overtaken(self) -> NotReplaced:
        return NotReplaced(f"the supervisor ended meanwhile: {self._called} was not replaced")

    async def renew(self) -> None:
        """Ends what runs, and only then starts the new: no request is answered by old code afterwards, they wait."""
        self.failures = 0
        async with self._starting:
            self._is_renewing = self.child is not None
        if not self._is_renewing:
            self._wanted.set()
        await self._end_children(signal.SIGTERM, self.drain + CLOSING)

    async def end(self, number: signal.Signals, patience: float) -> None:
        """Asks it to end, and returns when it and all that it replaced are gone."""
        self.leave()
        self._wanted.set()
        async with self._starting:
            pass
        await self._end_children(number, patience)
        if self._retiring:
            await asyncio.wait(self._retiring)

    def leave(self) -> None:
        """Says that it is to be gone, and not to be started again."""
        self.is_ending = True
        self._stop_standing_in()
        self.changed.set()

    def kill(self) -> None:
        """Ends at once whatever runs here."""
        for child in self.children():
            child.send(signal.SIGKILL)

    async def _end_children(self, number: signal.Signals, patience: float) -> None:
        await asyncio.gather(*[self._end_child(child, number, patience) for child in self.children()])

    async def _end_child(self, child: Child, number: signal.Signals, patience: float) -> None:
        if not await child.end(number, patience):
            logger.warning("%s did not end within %.1f s, and was killed", self._called, patience)

    def _retire(self, old: Child) -> None:
        task = asyncio.create_task(self._end_child(old, signal.SIGTERM, self.drain + CLOSING))
        self._retiring[task] = old
        task.add_done_callback(self._retiring.pop)


def _unready(child: Child) -> str:
    missing = f": {', '.join(child.missing())}" if child.missing() else ""
    return f"did not become ready within {STARTING:.0f} s{missing}"


def ending(code: int | None) -> str:
    """Describe the end of a process; None is the code of one that could not be started."""
    if code is None:
        return "before it could start"
    return f"with code {code}" if code >= 0 else f"by {signal.Signals(-code).name}"
