"""What it takes to begin: from ``fissile new`` to the first answer, a further component, and the help of every command.

Projects are made, installed and served as a user does it, in an environment of their own. Repeat with ``make bench`` or
``python benchmarks/scaffold.py [--json]``.
"""

from __future__ import annotations

import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import typer

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks._report import at_most, report
from fissile.cli import cli
from fissile.scaffold.new import SHAPES
from tests.scaffold.workshop import environment

ROUNDS = 5
BIN = Path(sys.executable).parent
ENTITY = "Order: item=str quantity=int price=Decimal"

CAVEATS = (
    "Wall-clock seconds. From new to the first answer: `fissile new`, `uv sync` with a warm package cache (one round\n"
    "before is not counted), `fissile dev` until it answers; the median. A component is added in its own process,\n"
    "ruff included; the median. Help is the best of its runs, since everything else that the machine does only adds;\n"
    "the figure is that of the slowest command."
)


def typed(folder: Path, *words: str) -> None:
    """Types a command, and waits until it has ended."""
    subprocess.run(words, cwd=folder, env=environment(), check=True, capture_output=True)


def seconds_to_answer(folder: Path, shape: str) -> float:
    """Seconds from ``fissile new`` to the first answer of what it made."""
    began = time.perf_counter()
    typed(folder, "fissile", "new", "shop", "--shape", shape)
    typed(folder / "shop", "uv", "sync")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = ["uv", "run", "fissile", "dev", "--port", str(port)]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(words, cwd=folder / "shop", env=environment(), stderr=log, start_new_session=True)
    try:
        while not _answers(port):
            assert process.poll() is None, (folder / "log").read_text()
            time.sleep(0.005)
        return time.perf_counter() - began
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait()


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return connection.recv(64).startswith(b"HTTP/1.1 200")
    except ConnectionRefusedError:
        return False


def seconds_to_add(folder: Path, name: str) -> float:
    """Seconds of ``fissile add component``."""
    began = time.perf_counter()
    typed(folder, "fissile", "add", "component", name, "--entity", ENTITY)
    return time.perf_counter() - began


def commands(command: object, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command and group of commands, as it is typed."""
    yield words
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, (*words, name))


def milliseconds_of_help(words: tuple[str, ...]) -> float:
    """Milliseconds of the help of a command."""
    began = time.perf_counter()
    subprocess.run([BIN / "fissile", *words, "--help"], capture_output=True, check=True)
    return 1000 * (time.perf_counter() - began)


def main() -> None:
    """Measures everything and prints the report."""
    began: dict[str, list[float]] = {shape: [] for shape in SHAPES}
    for _ in range(ROUNDS + 1):
        for shape, times in began.items():
            with tempfile.TemporaryDirectory() as folder:
                times.append(seconds_to_answer(Path(folder), shape))
    with tempfile.TemporaryDirectory() as folder:
        typed(Path(folder), "fissile", "new", "shop", "--shape", "large")
        added = [seconds_to_add(Path(folder) / "shop", f"orders{number}") for number in range(ROUNDS + 1)]
    all_commands = list(commands(typer.main.get_command(cli)))
    helped = {words: min(milliseconds_of_help(words) for _ in range(ROUNDS)) for words in all_commands}
    slowest = max(helped, key=lambda words: helped[words])
    report(
        [
            *(
                at_most(f"from fissile new --shape {shape} to the first answer", statistics.median(times[1:]), "s", 10)
                for shape, times in began.items()
            ),
            at_most("fissile add component, with an entity", statistics.median(added[1:]), "s", 1),
            at_most(
                f"the slowest help of {len(helped)} commands: fissile {' '.join(slowest)} --help",
                helped[slowest],
                "ms",
                150,
            ),
        ],
        CAVEATS,
    )


if __name__ == "__main__":
    main()
