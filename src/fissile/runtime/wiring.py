"""The composition root: components become providers, needs become channels, and the placement what is between."""

from __future__ import annotations

import asyncio
import importlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, cast

from fastapi import FastAPI
from pydantic_settings import BaseSettings

from ..component import Component, Database
from ..context import Carried
from ..errors import ConfigurationError, Fault, place, raise_faults
from ..interface import Contract, implementation_faults, read
from ..project import (
    Declared,
    Defaults,
    FoundComponent,
    Peer,
    Placement,
    Project,
    View,
    default_prefix,
    graph_faults,
    read_placements,
    start_order,
    state_folder,
)
from ..project.libraries import importing
from ..transports.base import Transport
from ..transports.link import Dial, Link, LinkServer, LinkTransport, dial_pair, dials
from ..transports.link.provider import Served
from ..transports.local import LocalTransport, MeasuringTransport
from ..transports.retry import RetryingTransport
from ..values import refusals
from .injection import Injection
from .overrides import Fakes, Overrides
from .planned import planned
from .provided import stub_of
from .provider import Gate, InterfaceProvider, Maker
from .secret import link_secret, secret_for
from .settings import Mode, load, mode_from, secrets_directory

if TYPE_CHECKING:
    from dishka import AsyncContainer

    from ..data import Budget, Store, UnitOfWork
    from .http.needs import Asked

WIRE = Peer("this process", ())
"""The peer of a process that calls itself over a link."""

DAY = 24 * 3600.0
"""Seconds of a deadline that is none: somebody steps through this process."""

Wrap = Callable[[Transport], Transport]
Begin = Callable[[bool], Awaitable["UnitOfWork"]]


@dataclass(slots=True)
class Live:
    """A component that runs in this process.

    Attributes:
        found: Where it was found.
        declaration: What its ``component.py`` says.
        gate: Counts its calls in flight.
        settings: Its settings, where it has some.
        store: Its database, where it has one.
        container: Makes its objects.
        fakes: Makes them where tests put fakes among them.
        providers: What runs the calls of each of its interfaces.
        ready: Whether it takes calls.
    """

    found: FoundComponent
    declaration: Component
    gate: Gate = field(default_factory=Gate)
    settings: object | None = None
    store: Store | None = None
    container: AsyncContainer | None = None
    fakes: Fakes | None = None
    providers: dict[type[object], InterfaceProvider] = field(default_factory=dict)
    ready: bool = False

    @property
    def name(self) -> str:
        """Its name."""
        return self.found.name

    @property
    def prefix(self) -> str:
        """Its URL prefix."""
        return self.declaration.prefix or default_prefix(self.name)


@dataclass(slots=True)
class InterfaceChannel:
    """The way to the provider of one interface.

    Attributes:
        contract: What may be asked.
        provider: The name of the component that provides it.
        wire_name: What it is called between processes.
        overrides: The fakes that the application's ``dependency_overrides`` put in its place.
        carrier: What carries its calls, as the placement wants it.
        deadline: Seconds that a call may take.
    """

    contract: Contract
    provider: str
    wire_name: str
    overrides: Overrides
    carrier: Transport | None = None
    deadline: float = Defaults.deadline

    def transport(self) -> Transport:
        """Whoever carries the next call."""
        if overriding := self.overrides.transport(self.contract):
            return overriding
        assert self.carrier is not None, "the application is assembled before it calls"
        return self.carrier


class Runtime:
    """The live components of one process and their calls.

    Args:
        app: The application that they belong to.
        project: The components on disk.
        view: Which of them are live here, and where the others are.
        needs: The interfaces that ``main.py`` calls.

    Raises:
        ConfigurationError: With everything that is wrong, at once.
    """

    def __init__(self, app: FastAPI, project: Project, view: View, needs: Sequence[type[object]] = ()) -> None:
        self.project = project
        self.mode = mode_from(os.environ)
        self.faults: list[Fault] = []
        self.view = view
        self.running = False
        self.users = 0
        self.unused: asyncio.Event | None = None
        self.private: str | None = None
        self.links: dict[Peer, Link] = {}
        self._app = app
        self._needs = needs
        self._overrides = Overrides(app)
        self._stubs: dict[type[object], object] = {}
        self._wrap: Wrap | None = None
        if faults := project.init_faults():
            raise_faults([*faults, *graph_faults(project.declared, project.main)])
        self.live = {found.name: live for found in project.components if (live := self._load(found))}
        if self.faults:
            raise_faults([*self.faults, *graph_faults(project.declared, project.main)])
        main = replace(project.main, needs=tuple(map(_identity, needs)))
        self.faults += graph_faults(self._declared(), main)
        self.channels = self._channels()
        for variable in Carried.declared.values():
            self.faults += refusals(variable.annotation, where=f"Carried({variable.name!r})", mutable=False)
        for live in self.live.values():
            self._check(live)
        self._check_secret()
        raise_faults(self.faults)
        for live in self.live.values():
            self._build(live)
        raise_faults(self.faults)
        self.order = [name for name in start_order(self._declared()) if name in self.live]
        self.server = LinkServer(
            {
                channel.wire_name: Served(channel.contract, self._provider(channel).run)
                for channel in self.channels.values()
                if channel.provider in self.live
            }
        )
        self.place(view)

    # ---------------------------------------------------------------------------------------------- loading

    def _load(self, found: FoundComponent) -> Live | None:
        """Imports a live component; the user's own exception passes through whole."""
        if not self.view.is_live(found.name):
            return None
        try:
            with importing(self.project):
                module = importlib.import_module(found.module)
        except ConfigurationError as error:
            self.faults += error.faults
            return None
        declaration = getattr(module, "component", None)
        if isinstance(declaration, Component):
            return Live(found, declaration)
        what = f"{found.module} has no `component`"
        why = f"it is {type(declaration).__name__}" if declaration is not None else "a component.py declares one"
        self.faults.append(Fault(what, found.where, why, "write `component = Component(...)`"))
        return None

    def _declared(self) -> list[Declared]:
        """The graph: of live components as they are loaded, of the others as they are written."""
        return [
            _declared(self.live[found.name]) if found.name in self.live else found.declared
            for found in self.project.components
        ]

    def _channels(self) -> dict[type[object], InterfaceChannel]:
        """A channel for each interface that a live component provides or needs."""
        owners = {name: declared for declared in self._declared() for name in declared.provides}
        channels: dict[type[object], InterfaceChannel] = {}
        for live in self.live.values():
            for interface in [*live.declaration.provides, *live.declaration.needs]:
                owner = owners.get(_identity(interface))
                if interface in channels or owner is None:
                    continue
                contract, faults = read(interface)
                self.faults += faults
                name = _wire_name(owner, interface)
                channels[interface] = InterfaceChannel(contract, owner.name, name, self._overrides)
        return channels

    def _check(self, live: Live) -> None:
        for interface, implementation in live.declaration.provides.items():
            self.faults += implementation_faults(interface, implementation)
        if live.declaration.handles:
            what = f"{live.name} handles events, and this version delivers none"
            why = "what it declares would never run"
            self.faults.append(Fault(what, live.found.where, why, "remove handles, and let the other component call"))
        self._fill_settings(live)

    def _check_secret(self) -> None:
        """Refuse at the start a secret that would open nothing later."""
        if self.live:
            try:
                link_secret(self.project)
            except ConfigurationError as error:
                self.faults += error.faults

    def _fill_settings(self, live: Live) -> None:
        wanted = live.declaration.settings
        if wanted is None:
            return
        try:
            secrets = secrets_directory(os.environ, state_folder(self.project) / "secrets")
            live.settings = load(
                live.name,
                cast("type[BaseSettings]", wanted),
                mode=self.mode,
                environment=os.environ,
                env_file=live.found.env_file,
                secrets=secrets,
            )
        except ConfigurationError as error:
            self.faults += error.faults

    # --------------------------------------------------------------------------------------------- building

    def _build(self, live: Live) -> None:
        declaration = live.declaration
        given = {interface: self.stub(interface) for interface in self._reachable(live)}
        if live.settings is not None:
            given[type(live.settings)] = live.settings
        owners = {interface: channel.provider for interface, channel in self.channels.items()}
        injection = Injection(live.name, given, declaration.binds, declaration.database is not None, owners)
        for implementation in declaration.provides.values():
            injection.add(implementation)
        injection.add_binds()
        self.faults += injection.faults
        if injection.faults:
            return
        begin: Begin | None = None
        if declaration.database is not None:
            try:
                with importing(self.project):
                    live.store = self._store(live, declaration.database)
            except ConfigurationError as error:
                self.faults += error.faults
                return
            from ..data import begin as begin_work

            begin = partial(begin_work, live.store, self.mode is Mode.development)
        live.container = injection.container()
        live.fakes = Fakes(self._app, injection, live.container, partial(_providers, live, begin, None))
        live.providers = _providers(live, begin, live.fakes, injection, live.container)

    def _store(self, live: Live, database: Database) -> Store:
        from ..data import Migrations, Store, foreign_keys  # a component without data needs no SQLAlchemy
        from .addresses import address_of

        raise_faults(foreign_keys(live.name, database.metadata, live.found.where))
        migrations = Migrations(live.name, database.metadata, live.found.folder)
        address = address_of(self.project, live.found, database)
        return Store(database, address, migrations, budget=self._budget, migrates=self.view.migrates)

    @cached_property
    def _budget(self) -> Budget:
        """The connections of this process, shared by its components."""
        from ..data import Budget, Plan

        placement = read_placements(self.project).known.get(self.view.name, Placement())
        live = {name for name, one in self.live.items() if one.declaration.database is not None}
        others = {found.name for found in self.project.components if found.declaration.database} - self.live.keys()
        return Budget.planned(Plan.of(placement, self.view.process, live | others, live))

    def _reachable(self, live: Live) -> list[type[object]]:
        """The interfaces that a component may call: those that it needs, and its own."""
        wanted = [*live.declaration.needs, *live.declaration.provides]
        return [interface for interface in wanted if interface in self.channels]

    def _provider(self, channel: InterfaceChannel) -> InterfaceProvider:
        return self.live[channel.provider].providers[channel.contract.interface]

    # -------------------------------------------------------------------------------------------- placement

    def place(self, view: View, wrap: Wrap | None = None) -> None:
        """Lets calls travel as the placement says from now on; the live components stay what they are.

        Args:
            view: Where everybody is.
            wrap: What is put around the carrier of every call, inside its retries: faults, repetitions.
        """
        self.view = view
        self.links = {}
        self.server.limit = view.defaults.message
        for live in self.live.values():
            live.gate.limit = view.defaults.in_flight
        self._wrap = wrap
        for channel in self.channels.values():
            self._connect(channel)

    def _connect(self, channel: InterfaceChannel) -> None:
        channel.deadline = DAY if self.view.debug else self.view.defaults.deadline
        carrier: Transport = self._carrier(channel, self.view)
        carrier = RetryingTransport(self._wrap(carrier) if self._wrap else carrier)
        if self.mode is Mode.development and any(live.declaration.database for live in self.live.values()):
            from .open_work import WarningTransport  # a process without data needs no SQLAlchemy

            carrier = WarningTransport(carrier)
        channel.carrier = carrier

    def _carrier(self, channel: InterfaceChannel, view: View) -> Transport:
        if channel.provider not in self.live or not view.is_live(channel.provider):
            peer = view.peers.get(channel.provider)
            if peer is None:
                what = f"nobody says where {channel.provider} is"
                why = f"the placement {view.name} does not run it here"
                fix = "choose the placement that says where the others are: fissile run --placement NAME"
                raise ConfigurationError(Fault(what, "", why, fix))
            return LinkTransport(self._link(peer, channel))
        if view.wire:
            return LinkTransport(self._link(WIRE, channel))
        local = LocalTransport(self._provider(channel).run)
        limit = view.defaults.message
        return MeasuringTransport(local, limit) if self.mode is Mode.development else local

    def _link(self, peer: Peer, channel: InterfaceChannel) -> Link:
        """The link to another process, which greets with every interface of this process that is there."""
        link = self.links.get(peer)
        if link is None:
            link = self.links[peer] = Link(peer.name, self._dials(peer), {})
        link.greeting = {**link.greeting, channel.wire_name: channel.contract}
        return link

    def _dials(self, peer: Peer) -> Sequence[Dial]:
        if peer is WIRE:
            return [dial_pair(self.server)]
        return dials(peer.endpoints, self.view.defaults.message, secret_for(peer, self.project))

    def peers(self) -> list[Link]:
        """The links to other processes."""
        return [link for peer, link in self.links.items() if peer is not WIRE]

    # ------------------------------------------------------------------------------------------------ stubs

    def stub(self, interface: type[object]) -> object:
        """The stub of an interface; see `fissile.runtime.provided.Stubs`."""
        stub = self._stubs.get(interface)
        if stub is None:
            channel = self.channels.get(interface) or self._further(interface)
            stub = self._stubs[interface] = stub_of(channel.contract, channel)
        return stub

    def _further(self, interface: type[object]) -> InterfaceChannel:
        """A channel for an interface that no component here needs: ``main.py`` may, and whatever calls from outside."""
        owner = next((declared for declared in self._declared() if _identity(interface) in declared.provides), None)
        if owner is None:
            raise ConfigurationError(_unprovided(interface))
        contract, faults = read(interface)
        raise_faults(faults)
        channel = InterfaceChannel(contract, owner.name, _wire_name(owner, interface), self._overrides)
        self._connect(channel)
        self.channels[interface] = channel
        return channel

    def bind(self, live: Live) -> Callable[[type[object]], object]:
        """What gives a component's endpoints their stubs; an interface that it does not need is a fault."""
        reachable = set(self._reachable(live))

        def stub(interface: type[object]) -> object:
            if interface in reachable:
                return self.stub(interface)
            self.faults.append(_unneeded(f"a route of {live.name}", interface, live.found.where))
            return None

        return stub

    def check(self, live: Live, asked: Iterable[Asked]) -> None:
        """Note a fault for each interface that a component's routes reach through dependencies and it does not need."""
        reachable = set(self._reachable(live))
        for interface, by in asked:
            if interface not in reachable:
                who = f"{by.__name__}, on which routes of {live.name} depend,"
                self.faults.append(_unneeded(who, interface, place(by), f" in {live.found.where}"))

    def link_main(self, everywhere: Iterable[type[object]]) -> None:
        """Make the links of ``main.py``: for its dependencies in every process, for its own routes in the front.

        Raises:
            ConfigurationError: Nothing says where the provider of one is.
        """
        for interface in [*everywhere, *(self._needs if self.view.front else ())]:
            self.stub(interface)


def _providers(
    live: Live, begin: Begin | None, fakes: Fakes | None, injection: Injection, container: AsyncContainer
) -> dict[type[object], InterfaceProvider]:
    """What runs the calls of each interface of a component, on objects that the container makes."""
    providers = {}
    for interface, implementation in live.declaration.provides.items():
        plan = injection.plan(implementation)
        direct = None if plan is None else planned(container, plan)
        providers[interface] = InterfaceProvider(live.gate, _maker(container, implementation), direct, begin, fakes)
    return providers


def _maker(container: AsyncContainer, implementation: type[object]) -> Maker:
    @asynccontextmanager
    async def make(work: UnitOfWork | None) -> AsyncIterator[object]:
        async with container(context=None if work is None else {type(work): work}) as scope:
            yield await scope.get(implementation)

    return make


def _wire_name(owner: Declared, interface: type[object]) -> str:
    return f"{owner.id or owner.name}.{interface.__qualname__}"


def _identity(interface: type[object]) -> str:
    return f"{interface.__module__}.{interface.__qualname__}"


def _declared(live: Live) -> Declared:
    declaration, written = live.declaration, live.found.declared
    return Declared(
        name=live.name,
        prefix=live.prefix,
        id=declaration.id or live.name,
        provides=tuple(map(_identity, declaration.provides)),
        needs=tuple(map(_identity, declaration.needs)),
        where=written.where,
        places=written.places,
        database=declaration.database is not None,
    )


def _unneeded(who: str, interface: type[object], where: str, there: str = "") -> Fault:
    why = "a component calls what it provides and what it needs, so that the graph is true"
    return Fault(f"{who} asks for {interface.__name__}", where, why, f"write needs=[{interface.__name__}]{there}")


def _unprovided(interface: type[object]) -> Fault:
    return Fault(
        f"nobody provides {interface.__name__}",
        place(interface),
        "an interface is given to those who ask for it by the component that provides it",
        f"write provides={{{interface.__name__}: ...}} in a component.py",
    )
