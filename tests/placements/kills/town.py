"""The shop apart, as somebody runs it, and as somebody who kills it sees it."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fissile.supervisor.control import ask
from tests.cli.terminal import Running, Terminal

from .client import Answer, Client
from .desk import ENTRIES, FILES
from .load import Load, all_orders

SHOP = Path(__file__).parents[3] / "examples" / "shop"
MARK = "KILLED_SHOP"
"""The environment variable by which every process of a shop is known."""

PATIENCE = 60.0
"""Seconds after which what is waited for is taken not to come."""

TICK = 0.02
"""Seconds between two looks at what is waited for."""


@dataclass(frozen=True)
class Target:
    """A process that can be killed.

    Attributes:
        name: `trade.1`, `gateway` or `supervisor`.
        pid: Its number.
    """

    name: str
    pid: int

    @property
    def is_door(self) -> bool:
        """Whether nobody is left to answer the connections that it held."""
        return self.name in ("gateway", "supervisor")


@dataclass(frozen=True)
class Window:
    """The time from a kill until everything was back, in seconds of the monotonic clock.

    Attributes:
        target: What was killed.
        began: When it was killed.
        ended: When everything was back.
    """

    target: Target
    began: float
    ended: float

    @property
    def seconds(self) -> float:
        """How long it was."""
        return self.ended - self.began

    def excuses(self, answer: Answer) -> bool:
        """Whether a request may have lost its connection, because nobody was there to hold it."""
        return self.target.is_door and answer.began < self.ended and self.began < answer.ended


class Town:
    """The shop with the components of `desk`, run as the placement `apart`.

    Args:
        folder: An empty folder for it.
        runtime: An empty folder for its sockets, with a short path.
    """

    def __init__(self, folder: Path, runtime: Path) -> None:
        shutil.copytree(SHOP, folder, ignore=shutil.ignore_patterns(".fissile", "__pycache__"), dirs_exist_ok=True)
        self.terminal = Terminal(folder)
        self.terminal.write(FILES)
        self.terminal.variables |= {"XDG_RUNTIME_DIR": str(runtime), MARK: str(folder)}
        # As everywhere but on machines that want no files from Python: else each start would compile everything anew.
        self.terminal.variables |= {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}
        done = self.terminal.run("db", "upgrade")
        assert 0 == done.code, done.err
        self.port = _free_port()
        self.runtime = runtime
        self._mark = f"{MARK}={folder}".encode()
        self._running: Running | None = None

    # ---------------------------------------------------------------------------------------------- life

    async def start(self, *options: str) -> None:
        """Starts it, and waits until it says that it is ready."""
        words = ("run", "--placement", "apart", "--port", str(self.port), "--log-level", "error", *options)
        self._running = self.terminal.start(*words)
        await asyncio.to_thread(self._running.url)

    def send(self, number: signal.Signals) -> None:
        """Sends the supervisor a signal."""
        assert self._running is not None
        self._running.process.send_signal(number)

    async def ended(self) -> int:
        """Waits for the end of the supervisor; its exit code."""
        assert self._running is not None
        return await asyncio.to_thread(self._running.ended)

    async def restart(self, *names: str) -> None:
        """Has a process replaced, or all, as somebody does who has a new version of the code."""
        done = await asyncio.to_thread(self.terminal.run, "restart", *names)
        assert 0 == done.code, f"{done.err}\n{self.said()[-3000:]}"

    def said(self) -> str:
        """What it has said since it was started the last time."""
        assert self._running is not None
        return "\n".join(self._running.lines)

    def close(self) -> None:
        """Ends what is left of it."""
        self.terminal.close()
        for pid in self.processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    # -------------------------------------------------------------------------------------------- watching

    def processes(self) -> dict[int, str]:
        """Every process that was started by it and lives, with its command."""
        found = {}
        for folder in Path("/proc").iterdir():
            with suppress(OSError):
                if folder.name.isdigit() and self._mark in (folder / "environ").read_bytes().split(b"\0"):
                    found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        return found

    def sockets(self) -> list[Path]:
        """Every Unix socket that it has made and that somebody answers."""
        return [path for path in self.runtime.rglob("*.sock") if _answers(socket.AF_UNIX, str(path))]

    def has_port(self) -> bool:
        """Whether somebody answers on its port."""
        return _answers(socket.AF_INET, ("127.0.0.1", self.port))

    def left_behind(self) -> list[str]:
        """What must not be there when it has ended."""
        processes = [f"process {pid}: {command}" for pid, command in self.processes().items()]
        files = [str(path) for path in self.runtime.rglob("*") if not path.is_dir()]
        return [*processes, *files, *(["its port"] if self.has_port() else [])]

    async def status(self) -> dict[str, Any] | None:
        """What the supervisor says; None while there is none."""
        for folder in self.runtime.iterdir():
            if (answer := await asyncio.to_thread(ask, folder, {"ask": "status"})) is not None:
                return dict(answer)
        return None

    async def targets(self) -> list[Target]:
        """What can be killed now."""
        status = await self.status()
        assert status is not None
        workers = [*(worker for process in status["processes"] for worker in process["workers"]), status["gateway"]]
        found = [Target(worker["name"], worker["pid"]) for worker in workers if worker["pid"] is not None]
        return [*found, Target("supervisor", status["pid"])]

    async def is_ready(self, without: int) -> bool:
        """Whether every process says that it is ready, none of them being the one that was killed."""
        status = await self.status()
        if status is None:
            return False
        workers = [*(worker for process in status["processes"] for worker in process["workers"]), status["gateway"]]
        return all(worker["state"] == "ready" and worker["pid"] != without for worker in workers)

    async def is_back(self, load: Load, without: int) -> bool:
        """Whether everything is ready, and every kind of request is answered."""
        if not await self.is_ready(without):
            return False
        client = Client(self.port)
        answers = [await client.ask(load.next(kind)) for kind in ("order", "supplier", "user", "page")]
        await client.close()
        return all(answer.verdict == "true" for answer in answers)

    # ---------------------------------------------------------------------------------------------- killing

    async def kill(self, target: Target, load: Load) -> Window:
        """Kills a process, and waits until everything is back.

        A supervisor is started again as soon as nothing of the old one is left.
        """
        began = time.monotonic()
        os.kill(target.pid, signal.SIGKILL)
        if target.name == "supervisor":
            assert -signal.SIGKILL == await self.ended()
            await until(lambda: not self.processes() and not self.sockets() and not self.has_port(), "the end of all")
            await self.start()
        while not await self.is_back(load, target.pid):
            assert time.monotonic() < began + PATIENCE, f"{target} is not back:\n{self.said()[-3000:]}"
            await asyncio.sleep(TICK)
        return Window(target, began, time.monotonic())

    async def lies(self, load: Load) -> list[str]:
        """What the load was told and is not so."""
        entries = (self.terminal.folder / ENTRIES).read_text().splitlines()
        return load.lies(await all_orders(self.port), entries)


async def until(condition: Callable[[], bool], what: str) -> None:
    """Waits for a condition."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"{what} did not come"
        await asyncio.sleep(TICK)


def _answers(family: socket.AddressFamily, address: str | tuple[str, int]) -> bool:
    with socket.socket(family) as probe:
        return probe.connect_ex(address) == 0


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port
