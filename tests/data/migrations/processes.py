"""Starts processes of the component, and ends them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from .orders import Orders
from .process import REACHED

ROOT = Path(__file__).parents[3]

PATIENCE = 60
"""Seconds after which a condition that is waited for is taken to have failed."""


class Processes:
    """The processes of one test."""

    def __init__(self) -> None:
        self._started: list[subprocess.Popen[str]] = []

    def start(self, orders: Orders, what: str, reached: Path | None = None) -> subprocess.Popen[str]:
        """Starts a process, which is ready when this returns.

        Args:
            orders: Its code.
            what: What it does.
            reached: The file by which it says that it pauses.
        """
        url = orders.address.url.render_as_string(hide_password=False)
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.data.migrations.process", str(orders.folder), url, what],
            cwd=ROOT,
            env={**os.environ, **({REACHED: str(reached)} if reached else {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._started.append(process)
        return process

    @staticmethod
    def ready(process: subprocess.Popen[str]) -> None:
        """Waits until it says so."""
        assert process.stdout is not None and process.stderr is not None
        line = process.stdout.readline()
        assert "ready\n" == line, process.stderr.read()

    @staticmethod
    def go(process: subprocess.Popen[str]) -> None:
        """Lets it go on."""
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()

    @staticmethod
    def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
        """Waits for its end: its exit code, and what it said on stderr."""
        _, said = process.communicate(timeout=PATIENCE)
        return process.returncode, said

    @staticmethod
    def kill(process: subprocess.Popen[str]) -> None:
        """As with kill -9."""
        process.kill()
        assert -signal.SIGKILL == process.wait(PATIENCE)

    def close(self) -> None:
        """Ends all that still run."""
        for process in self._started:
            process.kill()
            process.communicate(timeout=PATIENCE)


def until(condition: Callable[[], bool]) -> None:
    """Waits until something is so."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it never was so"
        time.sleep(0.01)
