"""Follows a guide as its reader would: writes its files, types its commands, and compares what they print.

Two kinds of fenced block are followed, the others are only read:

- a block with a title, such as ```` ```python title="main.py" ````, is a file to write;
- a ``console`` block holds commands after ``$ ``, each followed by what it prints; ``...`` stands for anything.

A command that serves (``fissile dev``, ``fissile run``) keeps running, as in a terminal of its own, until the next one
takes its place; with ``&`` behind it, it runs beside that one to the end of the guide. ``fissile dev`` is started
afresh when files have changed, which is what it does by itself. The ports that a guide names are free ones here.
"""

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

BLOCK = re.compile(
    r"^```(?P<language>\w+)(?: title=\"(?P<title>[^\"]+)\")?\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE
)
DOCS = Path(__file__).parents[2] / "docs"
TUTORIAL = (DOCS / "tutorial.md").read_text(encoding="utf-8")

needs_curl = pytest.mark.skipif(
    shutil.which("curl") is None and "CI" not in os.environ, reason="the guide asks with curl"
)

PORTS = ("8000", "9000")
"""The ports that guides name: that of the application, and that of a process which is elsewhere."""

LONGEST = 120
"""Seconds that a command may take which does not serve."""

TICK = 0.05
LOOKS = 1200
"""Seconds between two looks at a command that shall serve, and how many looks it gets."""


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
        return self._ours.startswith(("fissile dev", "fissile run", "make run"))

    @property
    def _ours(self) -> str:
        """Without what runs it in the environment of a project."""
        return self.line.removeprefix("uv run ")

    @property
    def stands_beside(self) -> bool:
        """Whether it serves beside whatever serves already, at the address that `placements.toml` gives it."""
        return self.line.endswith("&")

    @property
    def reloads(self) -> bool:
        """Whether it starts by itself what runs a file that has changed."""
        return self._ours.startswith(("fissile dev", "make run"))

    @property
    def writes(self) -> bool:
        """Whether it changes files of the project."""
        return self._ours.startswith(("fissile add", "fissile rename", "fissile remove"))

    def on(self, port: str) -> list[str]:
        """What says on which port it shall serve."""
        return [f"PORT={port}"] if self.line.startswith("make") else ["--port", port]


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


def left_by(guide: str, folder: Path) -> Path:
    """Leaves a folder as a guide, in Markdown, does, without starting anything on the way; gives where it ends."""
    for step in steps(guide):
        if isinstance(step, File):
            path = folder / step.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(step.text, encoding="utf-8")
        elif step.line.startswith("cd "):
            folder /= step.line.removeprefix("cd ")
        elif step.writes or step.line.startswith(("rm ", "mkdir ", "touch ", "fissile new ")):
            subprocess.run(step.line, shell=True, check=True, cwd=folder, env=_environment(), capture_output=True)
    return folder


def agrees(shown: str, printed: str) -> bool:
    """Whether a command printed what the guide shows, `...` standing for anything."""
    return re.fullmatch(re.escape(shown.rstrip()).replace(r"\.\.\.", ".*"), printed.rstrip(), re.DOTALL) is not None


@dataclass(frozen=True)
class Server:
    """A command that serves, while it does.

    Attributes:
        command: The command.
        process: Its process, the first of a group.
        log: What it prints, in the folder that it serves.
    """

    command: Command
    process: subprocess.Popen[bytes]
    log: Path

    def reloads(self, folder: Path) -> bool:
        """Whether it starts again by itself when a file of this folder changes."""
        return self.command.reloads and self.log.parent == folder

    def ended_within(self, seconds: float) -> bool:
        """Whether it ends in this time."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=seconds)
        return self.process.poll() is not None

    def stop(self) -> None:
        """Presses Ctrl-C, which in a terminal reaches every process of the group."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
        self.process.wait(timeout=30)
        printed = self.log.read_text(encoding="utf-8")
        assert "Traceback" not in printed, printed


@dataclass
class Reader:
    """Somebody who follows a guide in an empty folder, on ports that are free.

    Args:
        folder: Where the files are written and the commands run.
        variables: What has been exported in the shell.
    """

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)
    _ports: dict[str, str] = field(default_factory=dict)
    _serving: Server | None = None
    _beside: list[Server] = field(default_factory=list)
    _changed: bool = False

    def __post_init__(self) -> None:
        self._ports = dict(zip(PORTS, _free_ports(), strict=True))

    def follow(self, guide: str) -> None:
        """Does everything that a guide, in Markdown, says; an `AssertionError` tells where it does not hold."""
        self.take(steps(guide))

    def take(self, steps: Sequence[File | Command]) -> None:
        """Takes these steps in their order."""
        try:
            for step in steps:
                if isinstance(step, File):
                    self._write(step)
                elif step.serves:
                    self._serve(step)
                else:
                    self._type(step)
        finally:
            self._end()

    def _write(self, file: File) -> None:
        path = self.folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self._typed(file.text), encoding="utf-8")
        self._changed = True

    def _type(self, command: Command) -> None:
        if command.line.startswith("cd "):
            self.folder /= command.line.removeprefix("cd ")
            return
        if self._serving and self._serving.reloads(self.folder) and self._changed:
            self._serve(self._serving.command)
        printed = self._shown(self._output(self._typed(command.line)))
        assert agrees(command.output, printed), f"$ {command.line}\n{printed}\nbut the guide shows\n{command.output}"
        self._changed |= command.writes

    def _output(self, line: str) -> str:
        """What a command prints until it ends, or is ended because it should have by then."""
        with subprocess.Popen(
            line,
            shell=True,
            cwd=self.folder,
            env=_environment() | self.variables,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process:
            try:
                return process.communicate(timeout=LONGEST)[0]
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                return f"{process.communicate()[0]}\nand did not end within {LONGEST} s"

    def _serve(self, command: Command) -> None:
        if command.stands_beside:
            self._beside.append(self._started(command, PORTS[1]))
            return
        if self._serving is not None:
            self._serving.stop()
        self._changed = False
        self._serving = self._started(command, PORTS[0], *command.on(self._ports[PORTS[0]]))

    def _started(self, command: Command, port: str, *options: str) -> Server:
        """Starts what serves, and waits until it answers on its port and has printed what the guide shows."""
        line = [*shlex.split(self._typed(command.line.removesuffix("&")), comments=True), *options]
        log = self.folder / f"{port}.log"
        with log.open("w", encoding="utf-8") as output:
            process = subprocess.Popen(
                line,
                cwd=self.folder,
                env=_environment() | self.variables,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        server = Server(command, process, log)
        try:
            self._wait(server, self._ports[port])
        except BaseException:
            server.stop()
            raise
        return server

    def _wait(self, server: Server, port: str) -> None:
        """Waits until a command answers and has printed what the guide shows, as long as it has not ended."""
        line, shown = server.command.line, server.command.output
        for _ in range(LOOKS):
            if _answers(port) and agrees(f"...{shown.rstrip()}...", self._printed(server)):
                return
            if server.ended_within(TICK):
                raise AssertionError(f"$ {line}\nended:\n{self._printed(server)}")
        raise AssertionError(f"$ {line}\n{self._printed(server)}\nbut the guide shows\n{shown}")

    def _printed(self, server: Server) -> str:
        return self._shown(server.log.read_text(encoding="utf-8"))

    def _end(self) -> None:
        """Ends whatever serves."""
        with ExitStack() as stack:
            for server in filter(None, [self._serving, *self._beside]):
                stack.callback(server.stop)

    def _typed(self, text: str) -> str:
        """What the guide shows, as it is typed here."""
        for port, free in self._ports.items():
            text = text.replace(port, free)
        return text

    def _shown(self, text: str) -> str:
        """What is printed here, as the guide shows it."""
        for port, free in self._ports.items():
            text = text.replace(free, port)
        return text


def _free_ports() -> list[str]:
    """Ports that nobody listens on, as many as guides name."""
    with ExitStack() as stack:
        listeners = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in PORTS]
        return [str(listener.getsockname()[1]) for listener in listeners]


def _answers(port: str) -> bool:
    try:
        socket.create_connection(("127.0.0.1", int(port))).close()
    except ConnectionRefusedError:
        return False
    return True


def _environment() -> dict[str, str]:
    """What a shell has after the virtual environment was activated; nothing of the test's own."""
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR", "XDG_STATE_HOME") if name in os.environ}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**kept, "PATH": path, "NO_COLOR": "1", "COLUMNS": "80"}
