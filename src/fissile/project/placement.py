"""Which process runs which components, and what one process sees of that."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import asdict, dataclass, field
from pathlib import Path

from fissile.errors import ConfigurationError, Fault

from .defaults import Defaults
from .folders import socket_path
from .graph import nearest

PLACEMENT = "FISSILE_PLACEMENT"
"""The environment variable that chooses the placement."""

PROCESS = "FISSILE_PROCESS"
"""The environment variable that says which process of the placement this one is."""


@dataclass(frozen=True)
class Process:
    """One process of a placement, as it is written.

    Attributes:
        name: Its name.
        components: The components that live in it.
        workers: How many times it runs, side by side.
        address: Where it is when it is elsewhere: ``https://host``, ``http://host:8000`` or ``unix:/path``.
        where: The place in ``placements.toml``.
        connections: Connections to PostgreSQL of each worker; None for those of `Defaults`.
    """

    name: str
    components: tuple[str, ...]
    workers: int = 1
    address: str | None = None
    where: str = field(default="", compare=False)
    connections: int | None = None

    def endpoints(self, sockets: Path) -> tuple[str, ...]:
        """Where its workers listen.

        Args:
            sockets: The folder of the sockets of what runs on this machine.
        """
        if self.address is not None:
            return (self.address,)
        return tuple(f"unix:{socket_path(sockets, self.name, number + 1)}" for number in range(self.workers))


@dataclass(frozen=True)
class Peer:
    """Another process, as seen from one.

    Attributes:
        name: Its name.
        endpoints: Where it listens, one for each of its workers that can be told apart.
        is_elsewhere: Whether the placement gives its address, where it answers who shows the secret of the links.
    """

    name: str
    endpoints: tuple[str, ...]
    is_elsewhere: bool = False


@dataclass(frozen=True)
class View:
    """What one process sees of its placement.

    Attributes:
        name: The placement's name.
        process: The name of this process, where the placement has several.
        live: The components of this process; None means all.
        peers: Where each other component lives.
        defaults: What every call and link starts from.
        wire: Whether every call goes through codec and link although its provider is in this process.
        debug: Whether somebody steps through this process: no deadline ends a call here.
        migrates: Whether this process brings its databases up to date by itself, as in development.
        front: Whether this process gets the requests that no component claims.
    """

    name: str = "together"
    process: str = ""
    live: frozenset[str] | None = None
    peers: Mapping[str, Peer] = field(default_factory=dict)
    defaults: Defaults = field(default_factory=Defaults)
    wire: bool = False
    debug: bool = False
    migrates: bool = False
    front: bool = True

    def is_live(self, component: str) -> bool:
        """Says whether a component runs in this process."""
        return self.live is None or component in self.live


@dataclass(frozen=True)
class Placement:
    """Which process runs which components.

    Attributes:
        name: Its name.
        processes: Its processes, the front first; none where one process runs everything.
        defaults: What every call and link starts from.
        wire: Whether one process runs everything and yet every call goes through codec and link.
    """

    name: str = "together"
    processes: tuple[Process, ...] = ()
    defaults: Defaults = field(default_factory=Defaults)
    wire: bool = False

    @property
    def front(self) -> Process:
        """The process that also gets the paths that no component claims."""
        return self.processes[0]

    @property
    def is_several(self) -> bool:
        """Whether it takes others than this process, and so somebody who starts those that are here and a gateway."""
        return len(self.processes) > 1 or any(process.workers > 1 or process.address for process in self.processes)

    def as_json(self) -> dict[str, object]:
        """Gives it as plain data: its processes in their order, each with all that is written of it, and where."""
        return {"wire": self.wire, "processes": [asdict(process) for process in self.processes]}

    def process(self, name: str) -> Process:
        """The process of this name.

        Raises:
            ConfigurationError: There is none; it says the nearest name.
        """
        known = {process.name: process for process in self.processes}
        if name in known:
            return known[name]
        close = nearest(name, known)
        why = f"its processes are {', '.join(known)}" if known else "one process runs everything in it"
        fix = f"did you mean {close}?" if close else ""
        raise ConfigurationError(Fault(f"the placement {self.name} has no process {name!r}", "", why, fix))

    def process_of(self, component: str) -> Process:
        """The process that runs a component."""
        return next(process for process in self.processes if component in process.components)

    def view(self, process: str, sockets: Path) -> View:
        """What a process sees.

        Args:
            process: Its name; empty where one process runs everything.
            sockets: The folder of the sockets of what runs on this machine.

        Raises:
            ConfigurationError: The placement has no such process, or several and none is named.
        """
        if not self.processes and not process:
            return View(self.name, defaults=self.defaults, wire=self.wire)
        if not process and len(self.processes) == 1:
            return self.alone(self.front.components, self.front.name, sockets)
        if not process:
            what = f"the placement {self.name} has several processes, and nothing says which of them this one is"
            fix = (
                f"fissile run --placement {self.name} runs them all, {PROCESS}={self.front.name} makes this one of them"
            )
            raise ConfigurationError(Fault(what, "", f"they are {', '.join(p.name for p in self.processes)}", fix))
        return self.alone(self.process(process).components, process, sockets)

    def alone(self, components: Set[str] | tuple[str, ...], name: str, sockets: Path) -> View:
        """What a process sees that runs just these components, the others being where the placement has them."""
        live = frozenset(components)
        peers = {
            component: Peer(process.name, process.endpoints(sockets), process.address is not None)
            for process in self.processes
            for component in process.components
            if component not in live
        }
        front = any(process.name == name for process in self.processes[:1])
        return View(self.name, name, live, peers, self.defaults, front=front)
