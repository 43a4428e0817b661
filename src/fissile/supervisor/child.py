"""One process that was started: what it says of itself, and its end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, BinaryIO

from .logs import Stream

LAST_WORDS = 0.5
"""Seconds that are waited for the rest of what a process wrote: who was started by it may hold its stream open."""

LOADING = 10.0
"""Seconds after which a process that has not loaded its code is no longer waited for; the next may start beside it."""

LAST_LINES = 40
"""Number of lines kept of a process's output: most tracebacks are whole in as many."""

_BIND = (
    "import ctypes, os, signal, sys\n"
    "ctypes.CDLL(None).prctl(1, signal.SIGKILL)\n"
    "os.getppid() == int(sys.argv[1]) or sys.exit(1)\n"
    "os.execvpe(sys.argv[2], sys.argv[2:], os.environ)\n"
)


_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Command:
    """How a process is started.

    Attributes:
        words: The program and its arguments; ``{announce}`` becomes the descriptor of a socket on which it says how it
            is, a JSON object a line, the same again each second; and on which it is handed further listeners.
        environment: Its environment variables.
        descriptors: What it inherits besides the standard three.
        terminal: Whether it has the terminal to itself, because somebody steps through it.
    """

    words: Sequence[str]
    environment: Mapping[str, str]
    descriptors: tuple[int, ...] = ()
    terminal: bool = False

    def also(self, variables: Mapping[str, str]) -> Command:
        """The same with more environment variables."""
        return replace(self, environment={**self.environment, **variables})

    def bound(self) -> Sequence[str]:
        """The words that start it so that the kernel ends it with this process, however that ends.

        Linux alone can do that (prctl(2), PR_SET_PDEATHSIG); the setting survives execve(2).
        """
        if not sys.platform.startswith("linux"):
            return self.words
        return [sys.executable, "-I", "-S", "-c", _BIND, str(os.getpid()), *self.words]


@dataclass(eq=False)
class Child:
    """One process.

    Attributes:
        process: The process.
        words: What it was started with.
        has_terminal: Whether it has the terminal, from which a Ctrl-C reaches it by itself.
        since: When it was started.
        said: What it said of itself last: ``status``, ``components``, ``links``, ``title``, ``docs``.
        heard: Set at each change of that, when it has loaded its code, and at its end.
        has_loaded: Whether it has loaded its code, and said anything since.
        announced: The socket on which it says that.
        last_lines: The end of its output; empty if it has the terminal.
    """

    process: asyncio.subprocess.Process
    words: Sequence[str] = ()
    has_terminal: bool = False
    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    said: Mapping[str, Any] = field(default_factory=dict)
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    has_loaded: bool = False
    announced: socket.socket | None = None
    last_lines: deque[bytes] = field(default_factory=lambda: deque(maxlen=LAST_LINES))
    _heard_at: float = field(default_factory=time.monotonic)
    _listening: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def pid(self) -> int:
        """Its number."""
        return self.process.pid

    @property
    def has_ended(self) -> bool:
        """Whether it is gone."""
        return self.process.returncode is not None

    @property
    def is_ready(self) -> bool:
        """Whether it takes requests."""
        return not self.has_ended and self.said.get("status") == "ready"

    @property
    def silence(self) -> float:
        """The seconds since its loop last turned, as far as this process had the time to listen."""
        return time.monotonic() - self._heard_at

    def excuse(self, seconds: float) -> None:
        """Leave out of its silence a time in which this process did not listen."""
        self._heard_at += seconds

    def beats(self) -> None:
        """Note that its loop turns."""
        self._heard_at = time.monotonic()
        if not self.has_loaded:
            self.has_loaded = True
            self.heard.set()

    @property
    def last_words(self) -> tuple[str, ...]:
        """The end of its output as text, without colours and blank lines around it."""
        text = b"\n".join(self.last_lines).decode(errors="replace")
        return tuple(_COLOUR.sub("", text).strip().splitlines())

    def missing(self) -> list[str]:
        """Describe everything that keeps it from being ready, as far as it has reported."""
        components: Mapping[str, str] = self.said.get("components", {})
        links: Mapping[str, Mapping[str, str]] = self.said.get("links", {})
        return [
            *(f"{name} is {state}" for name, state in components.items() if state != "ready"),
            *(f"{peer} is {link['status']}" for peer, link in links.items() if link["status"] != "connected"),
        ]

    def says(self, what: Mapping[str, Any]) -> None:
        """Takes what it says of itself from now on."""
        self.said = what
        self.heard.set()

    def hand(self, listener: socket.socket) -> None:
        """Give it another socket to accept connections on, beside those that it has."""
        if self.announced is not None:
            with contextlib.suppress(OSError):  # it has ended, or reads nothing: its successor gets the socket
                socket.send_fds(self.announced, [b"\n"], [listener.fileno()])

    def keep(self, listening: Coroutine[object, object, None]) -> None:
        """Listens to it until it has ended."""
        task = asyncio.create_task(listening)
        self._listening.add(task)
        task.add_done_callback(self._listening.discard)

    async def until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Waits for a condition on what it says, its end, or so many seconds; whether the condition holds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not condition() and not self.has_ended:
                    self.heard.clear()
                    await self.heard.wait()
        return condition()

    async def ended(self) -> int:
        """Waits for its end and for its last words; its exit code, negative after a signal."""
        code = await self.process.wait()
        if self._listening:
            _, late = await asyncio.wait(self._listening, timeout=LAST_WORDS)
            for task in late:
                task.cancel()
        return code

    def send(self, number: signal.Signals) -> None:
        """Sends it a signal, unless it has ended."""
        if not self.has_ended:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(number)

    async def end(self, number: signal.Signals, patience: float) -> bool:
        """Asks it to end by a signal, and kills it after so many seconds; whether it has ended by itself."""
        # Ctrl-C has reached it already, and a second one would mean that it shall not even close. And while it imports,
        # which it has not said that it has done, a Ctrl-C would be a traceback.
        self.send(number if self.said and not self.has_terminal else signal.SIGTERM)
        try:
            async with asyncio.timeout(patience):
                await self.process.wait()
        except TimeoutError:
            self.send(signal.SIGKILL)
            await self.ended()
            return False
        await self.ended()
        return True


async def start(command: Command, name: str, stream: Stream) -> Child:
    """Starts a process whose words go to the stream under its name.

    Raises:
        OSError: The program cannot be started.
    """
    with ExitStack() as theirs, ExitStack() as ours:
        announced, announcing = socket.socketpair()
        ours.enter_context(announced)
        theirs.enter_context(announcing)
        said, saying = _pipe(ours, theirs)
        words = [word.replace("{announce}", str(announcing.fileno())) for word in command.bound()]
        process = await asyncio.create_subprocess_exec(
            *words,
            env=command.environment,
            stdin=None if command.terminal else asyncio.subprocess.DEVNULL,
            stdout=None if command.terminal else saying,
            stderr=None if command.terminal else saying,
            pass_fds=(*command.descriptors, announcing.fileno()),
            # The terminal's Ctrl-C is for this process alone, which then ends the others in their order.
            process_group=None if command.terminal else 0,
        )
        ours.pop_all()
    child = Child(process, words[-len(command.words) :], command.terminal, announced=announced)
    child.keep(_buried(child))
    child.keep(_announced(child, announced))
    child.keep(_copied(stream, name, said, child.last_lines))
    return child


def _pipe(ours: ExitStack, theirs: ExitStack) -> tuple[BinaryIO, int]:
    """Opens a pipe from a process: the end that is read here, and the descriptor that is written there."""
    reading, writing = os.pipe()
    theirs.callback(os.close, writing)
    return ours.enter_context(os.fdopen(reading, "rb", 0)), writing


@contextlib.asynccontextmanager
async def _reading(file: BinaryIO) -> AsyncIterator[asyncio.StreamReader]:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), file)
    try:
        yield reader
    finally:
        transport.close()


async def _copied(stream: Stream, name: str, file: BinaryIO, last: deque[bytes]) -> None:
    async with _reading(file) as reader:
        await stream.copy(name, reader, last)


async def _buried(child: Child) -> None:
    """Tells of its end whoever waits for what it says."""
    await child.process.wait()
    child.heard.set()


async def _announced(child: Child, announced: socket.socket) -> None:
    """Take what a child says of itself, until it ends."""
    reader, writer = await asyncio.open_connection(sock=announced)
    with contextlib.closing(writer), contextlib.suppress(ConnectionError):
        async for line in reader:
            child.beats()
            if (said := json.loads(line)) and said != child.said:
                child.says(said)


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
