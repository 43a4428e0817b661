"""The OpenAPI document of all processes, composed of what each says of itself, in a file that the front serves."""

from __future__ import annotations

import asyncio
import http
import http.client
import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from fissile.generate.openapi import PROCESS, Description, UnknownFormat, compose, render
from fissile.project import Placement, Process
from fissile.transports.link.upgrade import SECRET_HEADER

from .asking import ask
from .child import Child
from .worker import Worker

logger = logging.getLogger("fissile.supervisor")

TARGET = "/-/openapi"

AGAIN = 0.05
"""Seconds until another process of a socket is asked for."""

SOON, LATER = 1.0, 30.0
"""Seconds until a process that is elsewhere is asked again, before it has described itself and afterwards."""


class Undescribed(Exception):
    """A process does not describe itself, and the message says why."""


class Document:
    """Composed anew whenever a process has started, once all have described themselves.

    Args:
        placement: Which processes there are.
        sockets: The folder of the sockets.
        workers: The processes that run here.
        changed: Set at each change of any worker, and of the document.
        secret: What the processes at an address answer to.

    Attributes:
        file: Where it is written.
    """

    def __init__(
        self,
        placement: Placement,
        sockets: Path,
        workers: Sequence[Worker],
        changed: asyncio.Event,
        secret: str = "",
    ) -> None:
        self.file = sockets / "openapi.json"
        self.file.unlink(missing_ok=True)  # another supervisor's, which was killed
        self._placement = placement
        self._sockets = sockets
        self._workers = workers
        self._changed = changed
        self._secret = {SECRET_HEADER: secret} if secret else {}
        self._descriptions: dict[str, Description] = {}
        self._asked: dict[str, Child] = {}
        self._content = b""
        self._is_unwritten = False

    @property
    def is_current(self) -> bool:
        """Whether every process here that is ready has been asked since it was started."""
        return not self.undescribed()

    def undescribed(self) -> list[str]:
        """Return the names of the processes that are ready and have not been asked since they were started."""
        return [process.name for process in self._placement.processes if self._unasked(process)]

    async def run(self) -> None:
        """Keeps it current."""
        async with asyncio.TaskGroup() as asking:
            for process in self._placement.processes:
                if process.address is not None:
                    asking.create_task(self._follow(process, process.address))
            while True:
                while not self.is_current:
                    await asyncio.gather(*map(self._ask, self._placement.processes))
                    self._compose()
                self._changed.clear()
                await self._changed.wait()

    def _unasked(self, process: Process) -> tuple[Child, Path] | None:
        """One of a process's workers, where none of those that are ready has been asked; and its socket."""
        ready = [
            (worker.child, Path(endpoint.removeprefix("unix:")))
            for worker, endpoint in zip(self._workers_of(process), process.endpoints(self._sockets), strict=False)
            if worker.child is not None and worker.child.is_ready
        ]
        has_been_asked = any(child is self._asked.get(process.name) for child, _ in ready)
        return None if has_been_asked or not ready else ready[0]

    def _workers_of(self, process: Process) -> list[Worker]:
        return [worker for worker in self._workers if worker.process == process.name]

    async def _ask(self, process: Process) -> None:
        """Asks a process that has to be asked, until the one that was meant has answered or ended."""
        while (unasked := self._unasked(process)) is not None:
            child, socket = unasked
            try:
                number, description = await asyncio.to_thread(_described, socket)
            except Undescribed as why:
                if child.has_ended:
                    continue
                if not socket.is_socket():  # it was removed, and is back in a moment
                    await asyncio.sleep(SOON)
                    continue
                logger.warning("%s does not describe itself: %s", process.name, why)
                self._asked[process.name] = child
                return
            if number == str(child.pid):
                self._asked[process.name] = child
                self._descriptions[process.name] = description
                return
            await asyncio.sleep(AGAIN)

    async def _follow(self, process: Process, address: str) -> None:
        """Asks a process that is elsewhere, about whose starts nobody tells."""
        endpoint = Path(address.removeprefix("unix:")) if address.startswith("unix:") else address
        while True:
            try:
                _, self._descriptions[process.name] = await asyncio.to_thread(_described, endpoint, self._secret)
                self._compose()
            except Undescribed as why:
                logger.debug("%s does not describe itself: %s", process.name, why)
            await asyncio.sleep(LATER if process.name in self._descriptions else SOON)

    def _compose(self) -> None:
        """Writes the document, once each process has described itself."""
        found = [self._descriptions.get(process.name) for process in self._placement.processes]
        descriptions = [description for description in found if description is not None]
        if len(descriptions) == len(found):
            try:
                self._content = render(compose(descriptions))
            except UnknownFormat as error:
                logger.warning("the API document is that of before: %s", error)
            self._write()
        self._changed.set()

    def mend(self) -> None:
        """Write it again if its file was removed, or could not be written."""
        if self._content and (self._is_unwritten or not self.file.is_file()):
            self._write()

    def _write(self) -> None:
        """Write it; the front serves that of before as long as it cannot be."""
        was_unwritten, self._is_unwritten = self._is_unwritten, False
        try:
            unfinished = self.file.with_suffix(".unfinished")
            unfinished.write_bytes(self._content)
            unfinished.replace(self.file)
        except OSError as error:
            self._is_unwritten = True
            if not was_unwritten:
                logger.warning("the API document cannot be written: %s", error)


def _described(endpoint: Path | str, headers: Mapping[str, str] | None = None) -> tuple[str, Description]:
    """What a process says of itself: its number, and its description.

    Raises:
        Undescribed: It says nothing, or nothing that can be read.
    """
    try:
        answer = ask(endpoint, TARGET, headers=headers)
        if answer.status != http.HTTPStatus.OK:
            raise Undescribed(f"{TARGET} is answered with {answer.status}")
        description: Description = json.loads(answer.body)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Undescribed(str(error) or type(error).__name__) from None
    return answer.headers.get(PROCESS, ""), description
