"""A terminal in the folder of a project of several processes, and what can be seen of them from there."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fissile.supervisor.control import ask
from tests.cli.terminal import PATIENCE, Running, Terminal

from .project import FILES
from .screen import Screen

TICK = 0.02
"""Seconds between two looks at what is waited for."""


class Works(Terminal):
    """A terminal there.

    Args:
        folder: An empty folder for the project.
        runtime: An empty folder for its sockets, with a short path.
    """

    def __init__(self, folder: Path, runtime: Path) -> None:
        super().__init__(folder)
        self.runtime = runtime
        self.variables |= {"XDG_RUNTIME_DIR": str(runtime), "TERM": "xterm", "NO_COLOR": "", "FORCE_COLOR": ""}
        # As on most machines, so that not each start compiles everything anew.
        self.variables["PYTHONDONTWRITEBYTECODE"] = ""
        self.write(FILES)
        self._screens: list[Screen] = []
        self._unheard: list[subprocess.Popen[bytes]] = []

    def apart(self, command: str = "run", *options: str, placement: str = "apart") -> tuple[Running, str]:
        """Starts all processes, and waits until they are ready; where they are."""
        running = self.start(command, "--placement", placement, "--port", "0", *options)
        return running, running.url()

    def screen(self, *words: str) -> Screen:
        """Starts a command in a terminal of its own."""
        self._screens.append(Screen(self._command(words), self.folder, self._environment()))
        return self._screens[-1]

    def unheard(self, stderr: int, *words: str) -> subprocess.Popen[bytes]:
        """Starts a command that says to this descriptor what it says, for the test to read it or not."""
        self._unheard.append(
            subprocess.Popen(self._command(words), cwd=self.folder, env=self._environment(), stderr=stderr)
        )
        return self._unheard[-1]

    def close(self) -> None:
        """Ends everything."""
        for process in self._unheard:
            process.kill()
            process.wait(PATIENCE)
        for screen in self._screens:
            screen.process.kill()
            screen.ended()
            screen.close()
        super().close()

    def status(self) -> dict[str, Any] | None:
        """What the supervisor says; None where none runs."""
        for folder in self.runtime.iterdir():
            if (answer := ask(folder, {"ask": "status"})) is not None:
                return dict(answer)
        return None

    def workers(self) -> dict[str, dict[str, Any]]:
        """What it says of each worker and of the gateway, by name."""
        status = self.status()
        assert status is not None
        found = [worker for process in status["processes"] for worker in process["workers"]]
        return {worker["name"]: worker for worker in [*found, status["gateway"]]}

    def pids(self) -> dict[str, int]:
        """The number of each process that runs, the supervisor's included."""
        status = self.status()
        assert status is not None
        running = {name: worker["pid"] for name, worker in self.workers().items()}
        return {**running, "supervisor": status["pid"]}

    def left_behind(self, pids: dict[str, int]) -> list[str]:
        """What of it is still there: processes, and what is in the folder of the sockets."""
        return [
            *(name for name, pid in pids.items() if is_alive(pid)),
            *(str(file) for file in self.runtime.rglob("*") if not file.is_dir()),
        ]


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and is not buried yet does not."""
    if sys.platform != "linux":
        done = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
        return bool(done.stdout.strip()) and not done.stdout.startswith("Z")
    try:
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def until(condition: Callable[[], object], what: str) -> None:
    """Waits for a condition."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"{what} did not come"
        time.sleep(TICK)


@contextmanager
def works_in(folder: Path) -> Iterator[Works]:
    """A terminal there; nothing of it outlives the block."""
    with tempfile.TemporaryDirectory(prefix="f-", dir="/tmp") as runtime:
        terminal = Works(folder, Path(runtime))
        try:
            yield terminal
        finally:
            terminal.close()
