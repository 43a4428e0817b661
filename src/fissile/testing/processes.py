"""The processes of a placement, for as long as the tests run."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import selectors
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from ..errors import ConfigurationError
from ..project import Placement, Process, Project, make_private, socket_path, sockets_folder
from ..project.folders import STATE
from ..supervisor.child import Command
from ..supervisor.listener import listen_on
from ..supervisor.worker import ending

STARTING = 60.0
"""Seconds that the processes get until all are ready."""

ENDING = 5.0
"""Seconds that a process gets to end by itself."""


class Down(Exception):
    """A process does not run, and the message says why."""


@dataclass
class _Started:
    """A process that was started.

    Attributes:
        name: What it is called.
        process: The process.
        announced: The pipe on which it says how it is.
        log: What it prints.
        said: What it said of itself last.
        shown: How many bytes of its log have been shown.
    """

    name: str
    process: subprocess.Popen[bytes]
    announced: BinaryIO
    log: Path
    said: Mapping[str, Any] = field(default_factory=dict)
    shown: int = 0

    def hear(self) -> bool:
        """Takes what it says of itself, once there is something to read; whether it still runs."""
        line = self.announced.readline()
        self.said = json.loads(line) if line else {}
        return bool(line)

    def why(self) -> str:
        """Why it takes no requests, as far as it said."""
        away = [f"{peer} is {link['status']}" for peer, link in self.said.get("links", {}).items()]
        return ", ".join(said for said in away if not said.endswith(" connected")) or "it is starting"

    def new_words(self) -> str:
        """What it has printed since this was asked last."""
        with self.log.open("rb") as file:
            file.seek(self.shown)
            words = file.read()
        self.shown += len(words)
        return words.decode(errors="replace")


class Processes:
    """Those processes of a placement that are not elsewhere, each started as ``fissile run --process`` starts it.

    Args:
        project: The project.
        placement: The placement, which has processes.
        state: The folder of their databases, and of what they print.
        environment: Their environment variables.

    Attributes:
        placement: The placement.
        sockets: The folder of their sockets.

    Raises:
        Down: One of them does not start; it says what that one said.
    """

    def __init__(self, project: Project, placement: Placement, state: Path, environment: Mapping[str, str]) -> None:
        self.placement = placement
        # pytest's own folders are too long for the path of a socket.
        self._folder = Path(tempfile.mkdtemp(prefix="f-"))
        self._running: list[_Started] = []
        atexit.register(self.close)  # Ctrl-C inside an async test leaves the fixtures of the session as they are
        own = {STATE: str(state), "XDG_RUNTIME_DIR": str(self._folder)}
        importable = {"PYTHONPATH": os.pathsep.join([str(project.root), *filter(None, sys.path)])}
        try:
            self.sockets = _private_sockets(project, own)
            for process in placement.processes:
                for number in range(1, 1 + (process.workers if process.address is None else 0)):
                    words = _words(project, placement, process)
                    log = state / f"{placement.name}-{process.name}-{number}.log"
                    self._start(process, number, words, {**environment, **own, **importable}, log)
            self._wait()
        except ConfigurationError as error:
            self.close()
            raise Down(str(error)) from None
        except BaseException:
            self.close()
            raise

    def _start(
        self, process: Process, number: int, words: Sequence[str], environment: Mapping[str, str], log: Path
    ) -> None:
        name = process.name if process.workers == 1 else f"{process.name}.{number}"
        reading, announcing = os.pipe()
        announced = os.fdopen(reading, "rb", 0)
        with listen_on(socket_path(self.sockets, process.name, number)) as listener, log.open("wb") as output:
            descriptors = (listener.fileno(), announcing)
            words = [*words, "--fd", str(listener.fileno()), "--announce", str(announcing)]
            started = subprocess.Popen(
                Command(words, environment, descriptors).bound(),
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=descriptors,
                process_group=0,  # Ctrl-C is for pytest, which ends them
            )
        os.close(announcing)
        self._running.append(_Started(name, started, announced, log))

    def _wait(self) -> None:
        """Waits until all are ready."""
        until = time.monotonic() + STARTING
        while unready := [started for started in self._running if started.said.get("status") != "ready"]:
            left = until - time.monotonic()
            if left <= 0:
                why = "\n".join(f"{started.name}: {started.why()}" for started in unready)
                raise Down(f"not ready after {STARTING:.0f} s:\n{why}")
            self.look(left)

    def look(self, seconds: float = 0) -> None:
        """Hears what the processes say of themselves.

        Args:
            seconds: How long to wait for something.

        Raises:
            Down: One of them has ended; it says what that one said.
        """
        with selectors.DefaultSelector() as selector:
            for started in self._running:
                selector.register(started.announced, selectors.EVENT_READ, started)
            while heard := selector.select(seconds):
                for started in [key.data for key, _ in heard]:
                    if not started.hear():
                        how = ending(started.process.wait(ENDING))
                        said = started.log.read_text(errors="replace")
                        raise Down(f"the process {started.name} ended {how}:\n{said}")
                seconds = 0

    def show(self) -> None:
        """Prints what the processes have printed since, so that pytest shows it beside a failure."""
        for started in self._running:
            for line in started.new_words().splitlines():
                sys.stderr.write(f"{started.name} | {line}\n")

    def close(self) -> None:
        """Ends them."""
        atexit.unregister(self.close)
        for started in self._running:
            started.process.terminate()
        for started in self._running:
            try:
                started.process.wait(ENDING)
            except subprocess.TimeoutExpired:
                started.process.kill()
                started.process.wait()
            started.announced.close()
        self._running.clear()
        shutil.rmtree(self._folder, ignore_errors=True)


def _words(project: Project, placement: Placement, process: Process) -> list[str]:
    """The command of a process, as one would type it, and what ties it to this one."""
    return [
        *(sys.executable, "-P", "-m", "fissile.cli", "run", project.entrypoint),
        *("--placement", placement.name, "--process", process.name),
        *("--drain", "1", "--log-level", "warning", "--supervisor", str(os.getpid())),
    ]


def _private_sockets(project: Project, variables: Mapping[str, str]) -> Path:
    with _environment(variables):
        folder = sockets_folder(project)
    make_private(folder)
    return folder


@contextlib.contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as environment:
        for name, value in variables.items():
            environment.setenv(name, value)
        yield
