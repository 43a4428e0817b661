"""The applications under test: each is found, assembled once, emptied and placed for every test."""

from __future__ import annotations

import importlib
import os
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
from httpx2 import ASGITransport, AsyncBaseTransport, AsyncClient

from ..errors import ConfigurationError
from ..project import Placement, Project, find_in
from ..runtime.app import App
from ..runtime.caller import Caller
from ..runtime.state import VARIABLE
from ..runtime.wiring import Runtime
from ..transports.base import Transport
from ..transports.link.provider import Served
from .carriers import RepeatingTransport, Watch, WatchedTransport
from .faults import Faults, FaultyTransport, mortal
from .processes import ByPrefix, Processes


class Placed:
    """One application, as its tests see it.

    Args:
        app: The application, not yet assembled.
        state: The folder of its databases.
    """

    def __init__(self, app: App, state: Path) -> None:
        self.app = app
        self._state = state
        self._processes: Processes | None = None
        self._environment = dict(os.environ)
        self.faults = Faults()
        self.watch = Watch()
        self.runtime = self._assembled(state) if app.package is not None else None
        self._overrides = dict(app.dependency_overrides)
        self._prepared = False
        if self.runtime is not None:
            server = self.runtime.server
            server.interfaces = {
                name: Served(served.contract, mortal(served.provider, server, self.faults))
                for name, served in server.interfaces.items()
            }

    def _assembled(self, state: Path) -> Runtime:
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv(VARIABLE, str(state))
            try:
                runtime = self.app.runtime
            except ConfigurationError as error:
                raise _stated(error) from None
        for live in runtime.live.values():
            if live.store is not None and not live.store.file.is_relative_to(state):
                what = f"the application was assembled before its tests, with the data in {live.store.file.parent}"
                pytest.fail(f"{what}: import main.py, and leave `routes` and `openapi` to the tests", pytrace=False)
        return runtime

    def prepare(self, placement: str) -> None:
        """Empties the databases and places the components, once for a test."""
        if self._prepared or self.runtime is None:
            return
        self._prepared = True
        for live in self.runtime.live.values():
            if live.store is not None and live.store.file.is_file():
                _empty(live.store.file)
        defaults = self.runtime.placement.defaults
        if placement == "apart":
            addresses = self._apart(self.runtime).addresses
            self.runtime.place(Placement(placement, frozenset(), addresses, defaults=defaults))
        elif placement == "wire":
            self.runtime.place(Placement(placement, wire=True, defaults=defaults), self._over_link)
        else:
            self.runtime.place(Placement(placement, defaults=defaults), self._in_process)

    def _apart(self, runtime: Runtime) -> Processes:
        if self._processes is None:
            entrypoint = runtime.project.entrypoint
            self._processes = Processes(entrypoint, runtime.order, self._state, self._environment)
        return self._processes

    def restore(self) -> None:
        """Takes back what a test may have put in the place of something."""
        self._prepared = False
        self.app.dependency_overrides = dict(self._overrides)

    def _over_link(self, carrier: Transport) -> Transport:
        return FaultyTransport(RepeatingTransport(carrier), self.faults, linked=True)

    def _in_process(self, carrier: Transport) -> Transport:
        return FaultyTransport(WatchedTransport(carrier, self.watch), self.faults, linked=False)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Runs the application's lifespan, where it is not in other processes."""
        if not self._is_apart:
            async with self.app.router.lifespan_context(self.app):
                yield
            return
        yield
        for link in self.app.runtime.links.values():
            await link.close()

    @property
    def _is_apart(self) -> bool:
        return self.runtime is not None and self.runtime.placement.live is not None

    def client(self) -> AsyncClient:
        """An HTTP client for the application."""
        return AsyncClient(transport=self._transport(), base_url="http://test")

    def _transport(self) -> AsyncBaseTransport:
        if self.runtime is None or not self._is_apart:
            return ASGITransport(self.app, raise_app_exceptions=False)
        prefixes = {live.prefix: self.runtime.placement.addresses[name] for name, live in self.runtime.live.items()}
        return ByPrefix(prefixes, self.runtime.live[self.runtime.order[0]].prefix)

    def close(self) -> None:
        """Ends the processes that were started."""
        if self._processes is not None:
            self._processes.close()

    def caller(self) -> Caller:
        """The interfaces of the application."""
        return Caller(self.app.runtime)

    def stub(self, interface: type[object]) -> object:
        """The stub of an interface."""
        return self.app.runtime.stub(interface)


class Applications:
    """The applications of one test process.

    Args:
        folders: Makes the folders of their databases.
    """

    def __init__(self, folders: pytest.TempPathFactory) -> None:
        self._folders = folders
        self._projects: dict[Path, App] = {}
        self._placed: dict[int, Placed] = {}

    def at(self, test: Path) -> Placed:
        """The application of the project that a test file belongs to."""
        folder = test.parent
        if folder not in self._projects:
            try:
                project = find_in(folder)
            except ConfigurationError as error:
                raise _stated(error) from None
            self._projects[folder] = _load(project)
        return self.of(self._projects[folder])

    def of(self, app: App) -> Placed:
        """An application that a test brought along."""
        placed = self._placed.get(id(app))
        if placed is None:
            placed = self._placed[id(app)] = Placed(app, self._folders.mktemp("fissile"))
        return placed

    def close(self) -> None:
        """Ends what was started for them."""
        for placed in self._placed.values():
            placed.close()


def _stated(error: ConfigurationError) -> BaseException:
    """A failure that says what is wrong with the project, without a traceback through us."""
    return pytest.fail.Exception(str(error), pytrace=False)


def _load(project: Project) -> App:
    module, _, name = project.entrypoint.partition(":")
    if str(project.root) not in sys.path:
        sys.path.insert(0, str(project.root))
    app = getattr(importlib.import_module(module), name, None)
    if not isinstance(app, App):
        pytest.fail(f"{project.entrypoint} is {type(app).__name__}, not an App of Fissile", pytrace=False)
    return app


def _empty(file: Path) -> None:
    """Deletes every row, and lets numbering begin at 1 again."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        connection.execute("BEGIN IMMEDIATE")
        for table in tables:
            connection.execute(f'DELETE FROM "{table}"')
        connection.execute("COMMIT")
