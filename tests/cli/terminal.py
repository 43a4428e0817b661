"""A terminal for tests: runs `fissile` in a folder as a user would, and reads what it says."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 60
"""Seconds after which a condition that is waited for is taken to have failed."""


@dataclass(frozen=True)
class Result:
    """What a command that ended left behind."""

    code: int
    out: str
    err: str


class Running:
    """A command that runs until it is ended; every line of its stderr is kept.

    Args:
        process: The process, with a pipe for stderr.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        self._heard = threading.Condition()
        self._seen = 0
        self._has_ended = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._heard:
                self.lines.append(line.rstrip("\n"))
                self._heard.notify_all()
        with self._heard:
            self._has_ended = True
            self._heard.notify_all()

    def hears(self, words: str) -> str:
        """Waits for the next line with these words."""
        with self._heard:
            found = self._heard.wait_for(lambda: self._next(words) or self._has_ended, PATIENCE)
        assert found, f"{words!r} was not said in:\n" + "\n".join(self.lines)
        assert isinstance(found, str), f"it ended without {words!r}:\n" + "\n".join(self.lines)
        return found

    def _next(self, words: str) -> str | None:
        while self._seen < len(self.lines):
            line = self.lines[self._seen]
            self._seen += 1
            if words in line:
                return line
        return None

    def url(self) -> str:
        """Waits until it serves; where."""
        return self.hears(" is on http://").partition(" is on ")[2].partition(",")[0].partition(";")[0]

    def end(self, by: signal.Signals, patience: float = PATIENCE) -> int:
        """Sends it a signal and waits; its exit code."""
        self.process.send_signal(by)
        return self.ended(patience)

    def interrupt_all(self) -> int:
        """Presses Ctrl-C, which in a terminal reaches every process of the group; its exit code."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.ended()

    def ended(self, patience: float = PATIENCE) -> int:
        """Waits for its end; its exit code."""
        code = self.process.wait(patience)
        self._reader.join(PATIENCE)
        return code


class Terminal:
    """Where commands are typed.

    Args:
        folder: The working directory; the state is below it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.variables = {"FISSILE_STATE": str(folder / "state")}
        self._running: list[Running] = []

    def write(self, files: dict[str, str]) -> None:
        """Writes files, by their paths in the folder."""
        for path, text in files.items():
            file = self.folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")

    def run(self, *words: str) -> Result:
        """Runs a command until it ends."""
        done = subprocess.run(
            self._command(words),
            cwd=self.folder,
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    def start(self, *words: str) -> Running:
        """Starts a command that goes on."""
        process = subprocess.Popen(
            self._command(words),
            cwd=self.folder,
            env=self._environment(),
            stderr=subprocess.PIPE,
            text=True,
            process_group=0,
        )
        self._running.append(Running(process))
        return self._running[-1]

    def close(self) -> None:
        """Ends what still runs, with all that it has started."""
        for running in self._running:
            with suppress(ProcessLookupError):
                os.killpg(running.process.pid, signal.SIGKILL)
            running.ended()
            assert running.process.stderr is not None
            running.process.stderr.close()

    def _command(self, words: tuple[str, ...]) -> list[str]:
        return [str(Path(sys.executable).parent / "fissile"), *words]

    def _environment(self) -> dict[str, str]:
        """What a shell has, without what the test runner sets for itself."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("FISSILE_", "PYTEST_"))}
        return {**kept, "NO_COLOR": "1", "COLUMNS": "120", **self.variables}
