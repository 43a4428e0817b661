"""The applications under test: each is found, assembled once, emptied and placed for every test."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from httpx2 import ASGITransport, AsyncBaseTransport, AsyncClient

from ..errors import ConfigurationError
from ..generate.gateway import gateway
from ..project import Placement, Project, View, find_in, read_placements
from ..project.folders import STATE
from ..runtime.app import App
from ..runtime.caller import Caller
from ..runtime.wiring import Runtime
from ..transports.base import Transport
from ..transports.link.provider import Served
from .carriers import RepeatingTransport, Watch, WatchedTransport
from .client import GatewayTransport
from .databases import Databases, Servers
from .environment import without_databases
from .faults import Faults, FaultyTransport, mortal
from .processes import Down, Processes


class Placed:
    """One application, as its tests see it.

    Args:
        app: The application, not yet assembled.
        state: The folder of its SQLite files.
        servers: The servers that tests may use.
        entrypoint: Where it is, as ``shop.main:app``; None for ``app`` in the ``main.py`` of its package.
    """

    def __init__(self, app: App, state: Path, servers: Servers, entrypoint: str | None = None) -> None:
        self.app = app
        self._state = state
        self._entrypoint = entrypoint
        self._environment = dict(os.environ)  # before any component was imported here
        self._servers = servers
        self._databases: dict[str, Databases] = {}
        self._started: dict[tuple[str, str], Processes | Down] = {}
        self._processes: Processes | None = None
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
            environment.setenv(STATE, str(state))
            try:
                runtime = self.app.runtime
            except ConfigurationError as error:
                raise _failed(error) from None
        return runtime

    def prepare(self, name: str, database: str) -> None:
        """Places the components and empties their databases, once for a test.

        Args:
            name: The placement.
            database: The kind of the databases.
        """
        if self._prepared or self.runtime is None:
            return
        runtime = self.runtime
        placement = self._placement(runtime.project, name)
        databases = self._databases_of(runtime, database)
        self._processes = self._processes_of(runtime.project, placement, database) if placement.processes else None
        if self._processes is not None:
            runtime.place(placement.alone((), "", self._processes.sockets))
        else:
            view = View(name, defaults=placement.defaults, wire=placement.wire)
            runtime.place(view, self._over_link if placement.wire else self._in_process)
        databases.empty()
        self._prepared = True

    def _databases_of(self, runtime: Runtime, kind: str) -> Databases:
        """The databases of one kind, made for the first test that wants them, and used from now on."""
        if kind not in self._databases:
            with pytest.MonkeyPatch.context() as environment:
                environment.setenv(STATE, str(self._state))
                try:
                    self._databases[kind] = self._servers.databases(kind, runtime, self._state)
                except ConfigurationError as error:
                    raise _failed(error) from None
        databases = self._databases[kind]
        databases.use(runtime)
        return databases

    @staticmethod
    def _placement(project: Project, name: str) -> Placement:
        try:
            return read_placements(project).named(name, "--placements")
        except ConfigurationError as error:
            raise _failed(error) from None

    def _processes_of(self, project: Project, placement: Placement, database: str) -> Processes:
        """The processes of a placement, started by its first test; what kept them from it fails the others at once."""
        key = placement.name, database
        if key not in self._started:
            self._started[key] = self._start(project, placement, self._databases[database].environment)
        found = self._started[key]
        if isinstance(found, Down):
            raise _failed(found)
        try:
            found.look()
        except Down as down:
            found.close()
            del self._started[key]  # the next test begins with new ones
            raise _failed(down) from None
        return found

    def _start(self, project: Project, placement: Placement, databases: Mapping[str, str]) -> Processes | Down:
        project = replace(project, entrypoint=self._entrypoint or project.entrypoint)
        module, _, name = project.entrypoint.partition(":")
        if getattr(sys.modules.get(module), name, None) is not self.app:
            what = f"this test has an application of its own, and the processes would run {project.entrypoint}"
            return Down(f"{what}: it cannot run in {placement.name}")
        try:
            return Processes(project, placement, self._state, {**without_databases(self._environment), **databases})
        except Down as down:
            return down

    def restore(self) -> None:
        """Takes back what a test may have put in the place of something, and prints what its processes said."""
        self._prepared = False
        self.app.dependency_overrides = dict(self._overrides)
        if self._processes is not None:
            self._processes.show()

    def _over_link(self, carrier: Transport) -> Transport:
        return FaultyTransport(RepeatingTransport(carrier), self.faults, linked=True)

    def _in_process(self, carrier: Transport) -> Transport:
        return FaultyTransport(WatchedTransport(carrier, self.watch), self.faults, linked=False)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Runs the application's lifespan, where it is not in other processes."""
        if self._processes is None:
            async with self.app.router.lifespan_context(self.app):
                yield
            return
        yield
        for link in self.app.runtime.links.values():
            await link.close()

    def client(self) -> AsyncClient:
        """An HTTP client for the application."""
        return AsyncClient(transport=self._transport(), base_url="http://test")

    def _transport(self) -> AsyncBaseTransport:
        if self.runtime is None or self._processes is None:
            return ASGITransport(self.app, raise_app_exceptions=False)
        there = self._processes
        return GatewayTransport(gateway(self.runtime.project, there.placement, there.sockets, "", 0, Path()))

    def close(self) -> None:
        """Ends the processes that were started."""
        for started in self._started.values():
            if isinstance(started, Processes):
                started.close()
        for databases in self._databases.values():
            databases.close()

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
        state: The folder of the databases of them all, where it has to be this one.
    """

    def __init__(self, folders: pytest.TempPathFactory, state: Path | None) -> None:
        self._folders = folders
        self._state = state
        self._servers = Servers()
        self._projects: dict[Path, App] = {}
        self._placed: dict[int, Placed] = {}

    def at(self, test: Path) -> Placed:
        """The application of the project that a test file belongs to."""
        folder = test.parent
        if folder in self._projects:
            return self.of(self._projects[folder])
        try:
            project = find_in(folder)
        except ConfigurationError as error:
            raise _failed(error) from None
        state = self._folder()
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv(STATE, str(state))  # main.py may read its routes, which loads the components
            app = self._projects[folder] = _load(project)
        return self.of(app, project.entrypoint, state)

    def of(self, app: App, entrypoint: str | None = None, state: Path | None = None) -> Placed:
        """An application, perhaps one that a test brought along."""
        placed = self._placed.get(id(app))
        if placed is None:
            placed = self._placed[id(app)] = Placed(app, state or self._folder(), self._servers, entrypoint)
        return placed

    def _folder(self) -> Path:
        return self._state or self._folders.mktemp("fissile")

    def close(self) -> None:
        """Ends what was started for them."""
        for placed in self._placed.values():
            placed.close()
        self._servers.close()


def _failed(error: ConfigurationError | Down) -> BaseException:
    """A failure that says what is wrong, without a traceback through us."""
    return pytest.fail.Exception(str(error), pytrace=False)


def _load(project: Project) -> App:
    module, _, name = project.entrypoint.partition(":")
    if str(project.root) not in sys.path:
        sys.path.insert(0, str(project.root))
    app = getattr(importlib.import_module(module), name, None)
    if not isinstance(app, App):
        pytest.fail(f"{project.entrypoint} is {type(app).__name__}, not an App of Fissile", pytrace=False)
    return app
