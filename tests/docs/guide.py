"""Follows a guide as its reader would: writes its files, types its commands, and compares what they print.

Two kinds of fenced block are followed, the others are only read:

- a block with a title, such as ```` ```python title="main.py" ````, is a file to write;
- a ``console`` block holds commands after ``$ ``, each followed by what it prints; ``...`` stands for anything.

A command that serves (``fissile dev``, ``fissile run``) keeps running, as in a terminal of its own, until the next one
takes its place. It is started afresh when files have changed, which is what ``fissile dev`` does by itself.
"""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

BLOCK = re.compile(
    r"^```(?P<language>\w+)(?: title=\"(?P<title>[^\"]+)\")?\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE
)
PORT = "8000"


@dataclass(frozen=True)
class File:
    """A file that the guide says to write."""

    path: str
    text: str


@dataclass(frozen=True)
class Command:
    """A command that the guide says to run, and what it shows for its output."""

    line: str
    output: str

    @property
    def serves(self) -> bool:
        """Whether it runs until it is interrupted."""
        return self.line.startswith(("fissile dev", "fissile run"))


def steps(guide: str) -> list[File | Command]:
    """What a guide, in Markdown, says to do, in its order."""
    found: list[File | Command] = []
    for block in BLOCK.finditer(guide):
        if block["title"]:
            found.append(File(block["title"], block["text"]))
        elif block["language"] == "console":
            for shown in re.split(r"^\$ ", block["text"], flags=re.MULTILINE)[1:]:
                line, _, output = shown.partition("\n")
                found.append(Command(line, output))
    return found


def agrees(shown: str, printed: str) -> bool:
    """Whether a command printed what the guide shows, `...` standing for anything."""
    return re.fullmatch(re.escape(shown.rstrip()).replace(r"\.\.\.", ".*"), printed.rstrip(), re.DOTALL) is not None


@dataclass
class Reader:
    """Somebody who follows a guide in an empty folder, on a port that is free.

    Args:
        folder: Where the files are written and the commands run.
    """

    folder: Path
    port: str = field(init=False)
    _serving: Command | None = None
    _server: subprocess.Popen[bytes] | None = None
    _changed: bool = False
    _patience: int = 1200

    def __post_init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = str(free.getsockname()[1])

    def follow(self, guide: str) -> None:
        """Does everything that the guide says; an `AssertionError` tells where it does not hold."""
        try:
            for step in steps(guide):
                if isinstance(step, File):
                    self._write(step)
                elif step.serves:
                    self._stop()
                    self._serve(step)
                else:
                    self._type(step)
        finally:
            self._stop()

    def _write(self, file: File) -> None:
        path = self.folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.text, encoding="utf-8")
        self._changed = True

    def _type(self, command: Command) -> None:
        if self._serving and self._changed:
            self._stop()
            self._serve(self._serving)
        line = command.line.replace(PORT, self.port)
        done = subprocess.run(
            line,
            shell=True,
            check=False,
            cwd=self.folder,
            env=self._environment(),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        printed = done.stdout.replace(self.port, PORT)
        assert agrees(command.output, printed), f"$ {command.line}\n{printed}\nbut the guide shows\n{command.output}"

    def _serve(self, command: Command) -> None:
        line = [*shlex.split(command.line), "--port", self.port]
        self._serving, self._changed = command, False
        with (self.folder / "server.log").open("w", encoding="utf-8") as log:
            self._server = subprocess.Popen(
                line, cwd=self.folder, env=self._environment(), stdout=log, stderr=log, start_new_session=True
            )
        while not (self._answers() and agrees(f"...{command.output.rstrip()}...", self._log())):
            self._wait(self._server, command)

    def _wait(self, server: subprocess.Popen[bytes], command: Command) -> None:
        """Waits a moment, as long as the command has not ended."""
        self._patience -= 1
        assert self._patience, f"$ {command.line}\n{self._log()}\nbut the guide shows\n{command.output}"
        try:
            server.wait(timeout=0.05)
        except subprocess.TimeoutExpired:
            return
        raise AssertionError(f"$ {command.line}\nended:\n{self._log()}")

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", int(self.port))).close()
        except ConnectionRefusedError:
            return False
        return True

    def _log(self) -> str:
        return (self.folder / "server.log").read_text(encoding="utf-8").replace(self.port, PORT)

    def _stop(self) -> None:
        """Presses Ctrl-C, which in a terminal reaches every process of the group."""
        if self._server is None:
            return
        if self._server.poll() is None:
            os.killpg(self._server.pid, signal.SIGINT)
        self._server.wait(timeout=30)
        self._server = None
        assert "Traceback" not in self._log(), self._log()

    def _environment(self) -> dict[str, str]:
        """What a shell has after the virtual environment was activated; nothing of the test's own."""
        kept = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return {**kept, "PATH": path, "NO_COLOR": "1", "COLUMNS": "80"}
