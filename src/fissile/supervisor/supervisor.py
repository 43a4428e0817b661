"""Runs the processes of a placement on this machine, and the gateway in front of them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from fissile.errors import ConfigurationError
from fissile.generate.openapi import OPENAPI
from fissile.project import Process, socket_path, sockets_folder

from .child import Child, processors, start
from .control import Control
from .document import Document
from .folder import Folder
from .gateway import Gateway
from .listener import clear, listen_on
from .logs import Stream
from .order import ending_order
from .plan import Plan
from .reload import affected
from .remains import end_remains, remember
from .status import progress, status
from .worker import CLOSING, NotReplaced, Worker

logger = logging.getLogger("fissile.supervisor")

INTERRUPTED = 130

AT_ONCE = 1.8
"""Seconds that everything gets to end after Ctrl-C."""

KEPT = 2.0
"""Seconds of the drain that are kept for each group of processes that end after others, if there are that many."""

SLOW = 5.0
"""Seconds after which it is said what is not ready yet."""

LOOK = 1.0
"""Seconds between two looks at what hangs, and at what was removed."""

FEWEST = 2
"""Processes that may load their code at once on a machine with one processor: one of them may wait for its disk."""


class Supervisor:
    """Starts everything, keeps it running, and ends it.

    Args:
        plan: What is to be run.
        stream: Where the lines of all processes go.
        tell_ready: Called once everything is ready, and in development each time, with what the front says of itself.
    """

    def __init__(self, plan: Plan, stream: Stream, tell_ready: Callable[[Mapping[str, object]], None]) -> None:
        self.plan = plan
        self.since = datetime.now(UTC)
        self.workers: list[Worker] = []
        self.gateway: Worker | None = None
        self.document: Document | None = None
        self._sockets = sockets_folder(plan.project)
        self._folder = Folder(self._sockets)
        self._control = Control(self._sockets, self._answer)
        self._paths: dict[Path, Worker] = {}
        self._stream = stream
        self._tell_ready = tell_ready
        self._changed = asyncio.Event()
        self._stop = asyncio.Event()
        self._hurry = asyncio.Event()
        self._code: int | None = 0
        self._restarting = asyncio.Lock()
        here = {process.name: process.components for process in plan.here}
        self._order = ending_order(here, plan.project.graph())
        self._slots = asyncio.Semaphore(max(FEWEST, processors()))

    @property
    def everything(self) -> list[Worker]:
        """All that is kept running: the workers of each process, and the gateway where there is one."""
        return [*self.workers, *([self.gateway] if self.gateway is not None else [])]

    async def run(self) -> int | None:
        """Runs until a signal, or until a process cannot start as it is configured.

        Returns:
            The exit code: 0 after SIGTERM, 130 after Ctrl-C, 2 or 3 as the process said; None where an edit wants
            another plan.

        Raises:
            ConfigurationError: The sockets or the gateway cannot be as they are configured.
            Taken: The gateway's port is another program's.
        """
        loop = asyncio.get_running_loop()
        ending = _ending()
        for number in ending:
            loop.add_signal_handler(number, partial(self._asked_to_stop, number))
        try:
            self._folder.make()
            end_remains(self._sockets)
            with ExitStack() as stack:
                stack.callback(self._folder.close)
                stack.callback(clear, self._sockets)
                stack.callback(self._close)
                self._listen()
                if self.plan.gateway is not None:
                    self._add_gateway(self.plan.gateway)
                async with self._control:
                    await self._run()
        finally:
            for number in ending:
                loop.remove_signal_handler(number)
        return self._code

    def _listen(self) -> None:
        """Opens every socket before anything starts, so that all may connect to all at once."""
        for process in self.plan.here:
            for number, name in enumerate(self.plan.workers(process), 1):
                worker = self._worker(process, number, name)
                self.workers.append(worker)
                if self.plan.listener is not None:
                    worker.listener = self.plan.listener
                    worker.listener.setblocking(False)
                else:
                    path = socket_path(self._sockets, process.name, number)
                    worker.listener = listen_on(path)
                    self._paths[path] = worker

    def _worker(self, process: Process, number: int, name: str) -> Worker:
        async def start_it() -> Child:
            assert worker.listener is not None
            command = self.plan.command(process, number, worker.listener.fileno())
            if self.document is not None:
                command = command.also({OPENAPI: str(self.document.file)})
            return await start(command, name, self._stream)

        waits = self.plan.edits is not None
        worker = Worker(name, process.name, start_it, None, self.plan.drain, waits, self._changed, self._slots)
        return worker

    def _close(self) -> None:
        """Closes the sockets that were opened here."""
        for worker in self._paths.values():
            if worker.listener is not None:
                worker.listener.close()

    def _add_gateway(self, gateway: Gateway) -> None:
        gateway.prepare(self._sockets)
        plan = self.plan
        self.document = Document(plan.placement, self._sockets, self.workers, self._changed, plan.secret)
        starts = partial(gateway.start, self._stream)
        self.gateway = Worker("gateway", "gateway", starts, None, self.plan.drain, changed=self._changed)

    async def _run(self) -> None:
        """Runs everything until something of it fails or it is asked to stop."""
        async with self._edited() as editing:
            parts: list[Coroutine[None, None, None]] = [worker.run() for worker in self.everything]
            if self.document is not None:
                parts.append(self.document.run())
            running = [*editing, *(asyncio.create_task(part) for part in [*parts, self._look(), self._watch()])]
            stopping = asyncio.create_task(self._stop.wait())
            try:
                await asyncio.wait([*running, stopping], return_when=asyncio.FIRST_COMPLETED)
                for part in running:
                    if part.done() and not self._stop.is_set():
                        part.result()
            finally:
                await self._end()
                for task in [*running, stopping]:
                    task.cancel()
                await asyncio.gather(*running, stopping, return_exceptions=True)

    @contextlib.asynccontextmanager
    async def _edited(self) -> AsyncIterator[list[asyncio.Task[None]]]:
        """Watches first and starts then, so that no edit is missed."""
        if self.plan.edits is None:
            yield []
            return
        edits = self.plan.edits.watch()
        await anext(edits)
        yield [asyncio.create_task(self._reload(edits))]
        await edits.aclose()

    # ------------------------------------------------------------------------------------------- watching

    async def _look(self) -> None:
        """Looks at every change of any process: says when all are ready, and gives up where no start can help."""
        loop = asyncio.get_running_loop()
        slow, was_ready, told = loop.time() + SLOW, False, False
        while True:
            self._changed.clear()
            remember(self._sockets, [child for worker in self.everything for child in worker.children()])
            self._stand_in()
            if (code := self._hopeless()) is not None:
                self._asked_to_end(code)
            is_ready = all(worker.state == "ready" for worker in self.everything) and self._is_described
            if is_ready and not was_ready:
                self._say_ready(told)
                told = True
            was_ready = is_ready
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(None if told else slow):
                    await self._changed.wait()
                continue
            slow = loop.time() + SLOW
            undescribed = [] if self.document is None else self.document.undescribed()
            if said := progress(self.everything, [f"the API document of {name}" for name in undescribed]):
                logger.warning(said)

    async def _watch(self) -> None:
        """Notices what hangs, and what is gone from the folder of the sockets."""
        loop = asyncio.get_running_loop()
        why = ""
        while True:
            due = loop.time() + LOOK
            await asyncio.sleep(LOOK)
            for worker in self.everything:
                worker.look(late=loop.time() - due)
            before, why = why, await self._mend()
            if why and why != before:
                logger.warning("the folder of the sockets is of no use now, what runs goes on: %s", why)

    async def _mend(self) -> str:
        """Makes again what was removed from the folder of the sockets; why that cannot be done."""
        try:
            self._folder.make()
            gone = [path for path in self._paths if not path.is_socket()]
            if gone:
                logger.warning("the folder of the sockets was cleaned: %d sockets are made again", len(gone))
            for path in gone:
                self._paths[path].rebind(listen_on(path))
            await self._control.listen()
        except ConfigurationError as error:
            return error.faults[0].what
        except OSError as error:
            return str(error)
        if self.document is not None:
            self.document.mend()
        return ""

    @property
    def _is_described(self) -> bool:
        return self.document is None or self.document.is_current

    def _stand_in(self) -> None:
        ready = [worker for worker in self.workers if worker.state == "ready"]
        for worker in self.workers:
            worker.stand_in(any(worker is not other and worker.process == other.process for other in ready))

    def _hopeless(self) -> int | None:
        return next((worker.last_code for worker in self.workers if worker.is_hopeless), None)

    def _say_ready(self, told: bool) -> None:
        if told and self.plan.edits is None:
            logger.info("everything is ready again")
            return
        front = self.plan.placement.front.name
        saying = [worker.child.said for worker in self.workers if worker.process == front and worker.child is not None]
        self._tell_ready(next(iter(saying), {}))

    async def _reload(self, edits: AsyncIterator[Any]) -> None:
        """Starts what an edit concerns again, and what waits for one."""
        assert self.plan.edits is not None
        async for paths in edits:
            if await asyncio.to_thread(self.plan.edits.is_outdated):
                self.plan.edits.tell(paths, ["everything"])
                self._asked_to_end(None)
                return
            waiting = [worker.process for worker in self.workers if worker.state == "waiting"]
            names = {*affected(self.plan.project, self.plan.placement, paths), *waiting}
            concerned = [worker for worker in self.workers if worker.process in names]
            if concerned:
                self.plan.edits.tell(paths, [worker.name for worker in concerned if worker.name])
            await asyncio.gather(*[worker.renew() for worker in concerned])

    # -------------------------------------------------------------------------------------------- control

    async def _answer(self, question: Mapping[str, Any]) -> Mapping[str, Any]:
        match question:
            case {"ask": "status"}:
                return status(self.plan, self.since, self.workers, self.gateway)
            case {"ask": "restart", "process": name}:
                return await self._restart(name)
        return {"error": "there is no such question"}

    async def _restart(self, name: str | None) -> dict[str, Any]:
        """Replaces the workers of a process, or of all, one after another."""
        async with self._restarting:
            try:
                if name is not None and self.plan.placement.process(name).address is not None:
                    return {"error": f"{name} runs elsewhere, at {self.plan.placement.process(name).address}"}
                replaced = [worker for worker in self.workers if name in (None, worker.process)]
                for worker in replaced:
                    logger.info("%s is replaced", worker.name or worker.process)
                    await worker.replace()
            except NotReplaced as error:
                return {"error": str(error), "last_words": list(error.last_words)}
            except OSError as error:
                return {"error": str(error)}
            except ConfigurationError as error:
                return {"error": error.faults[0].what, "fix": error.faults[0].fix or error.faults[0].why, "usage": True}
        return {"restarted": [worker.name or worker.process for worker in replaced]}

    # ------------------------------------------------------------------------------------------------ end

    def _asked_to_stop(self, number: signal.Signals) -> None:
        """Called by the loop for a signal; Ctrl-C hastens an end that has begun, a second one waits for nothing."""
        if number is signal.SIGINT and self._code == INTERRUPTED:
            self._kill()
        self._end_with(INTERRUPTED if number is signal.SIGINT else self._code or 0)

    def _asked_to_end(self, code: int | None) -> None:
        """Called where nothing can go on as it is, unless the end has begun."""
        if not self._stop.is_set():
            self._end_with(code)

    def _end_with(self, code: int | None) -> None:
        self._code = code
        self._stop.set()
        if code:
            self._hurry.set()

    def _kill(self) -> None:
        for worker in self.everything:
            if worker.children():
                logger.warning("interrupted again: %s is killed", worker.name or worker.process)
                worker.kill()

    async def _end(self) -> None:
        """Ends everything in order, unless or until it has to be at once."""
        if not self._hurry.is_set():
            ending, hurrying = asyncio.create_task(self._end_in_order()), asyncio.create_task(self._hurry.wait())
            await asyncio.wait([ending, hurrying], return_when=asyncio.FIRST_COMPLETED)
            hurrying.cancel()
            if ending.done():
                return ending.result()
            ending.cancel()
        async with asyncio.TaskGroup() as ending_all:
            if self.gateway is not None:
                ending_all.create_task(self.gateway.end(signal.SIGINT, AT_ONCE))
            ending_all.create_task(self._end_workers(signal.SIGINT, AT_ONCE))
        return None

    async def _end_in_order(self) -> None:
        """Lets nobody in any more, and ends the processes when those inside are answered."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self.plan.drain
        if self.gateway is not None and self.plan.gateway is not None:
            self.gateway.leave()
            await self.plan.gateway.drain(self.plan.drain)
            await self.gateway.end(signal.SIGTERM, AT_ONCE)
        await self._end_workers(signal.SIGTERM, max(until - loop.time(), 0) + CLOSING)

    async def _end_workers(self, number: signal.Signals, patience: float) -> None:
        """End consumers before those that they call, all within so many seconds.

        A consumer that takes long is not waited for so long that nothing is left for the others.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + patience
        kept = min(KEPT, patience / max(1, len(self._order)))
        async with asyncio.TaskGroup() as all_ending:
            for behind, group in zip(reversed(range(len(self._order))), self._order, strict=True):
                workers = [worker for worker in self.workers if worker.process in group]
                ending = [all_ending.create_task(worker.end(number, until - loop.time())) for worker in workers]
                if behind and ending:
                    await asyncio.wait(ending, timeout=max(0, until - loop.time() - behind * kept))


def _ending() -> list[signal.Signals]:
    """Return the signals that end everything: also that of a terminal that closes, unless it is ignored (nohup)."""
    is_ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    return [signal.SIGINT, signal.SIGTERM, *([] if is_ignored else [signal.SIGHUP])]
