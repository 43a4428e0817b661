"""Reads ``placements.toml``: the placements of a project and what every call starts from."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from fissile.component import NAME
from fissile.errors import ConfigurationError, Fault, raise_faults, shown

from .defaults import Defaults, count, read_defaults
from .folders import sockets_folder
from .found import Project
from .graph import GATEWAY, nearest
from .lines import line_of
from .placement import PLACEMENT, PROCESS, Placement, Process, View

FILE = "placements.toml"
APART = "apart"
"""The placement of a process for each component, unless the file writes one of this name itself."""

ALWAYS = ("together", "wire")
"""The placements of every project: one process, and one process whose calls all go through codec and link."""

_KEYS = ("components", "workers", "address", "connections")


@dataclass(frozen=True)
class Placements:
    """The placements of a project.

    Attributes:
        known: Each by its name.
        faults: What is wrong with the file.
    """

    known: Mapping[str, Placement]
    faults: tuple[Fault, ...] = ()

    def named(self, name: str, where: str = "") -> Placement:
        """The placement of this name.

        Args:
            name: Its name.
            where: Who says so, for the fault.

        Raises:
            ConfigurationError: There is none, and the nearest is named; or the file is wrong.
        """
        raise_faults(self.faults)
        if name in self.known:
            return self.known[name]
        close = nearest(name, self.known)
        why = f"the placements are {', '.join(self.known)}"
        fix = f"did you mean {close}?" if close else f"write [{name}] into {FILE}"
        raise ConfigurationError(Fault(f"there is no placement {name!r}", where, why, fix))


def read_placements(project: Project) -> Placements:
    """Reads the placements of a project, `ALWAYS` and `APART` included.

    Args:
        project: The project; its ``placements.toml`` lies in its package, so that it travels in the wheel.
    """
    file = project.folder / FILE
    written: Mapping[str, object] = {}
    text = ""
    try:
        if file.is_file():
            text = file.read_text(encoding="utf-8")
            written = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        where = shown(file, _line(error, text))
        return Placements(_known(project, Defaults()), (Fault(f"{FILE} cannot be read", where, str(error), "mend it"),))
    reader = _Reader(project, file, text)
    return reader.placements(written)


def _line(error: tomllib.TOMLDecodeError | UnicodeDecodeError, text: str) -> int:
    """Where a file cannot be read; one that ends too early, at its last line."""
    if isinstance(error, UnicodeDecodeError):
        return error.object[: error.start].count(b"\n") + 1
    found = re.search(r"at line (\d+)", str(error))
    return int(found[1]) if found else len(text.splitlines())


def view_from(environment: Mapping[str, str], project: Project) -> View:
    """What this process sees of the placement that the environment names, together when it names none.

    Raises:
        ConfigurationError: There is no such placement or process, or the file is wrong.
    """
    name = environment.get(PLACEMENT) or "together"
    placement = read_placements(project).named(name, f"environment variable {PLACEMENT}")
    return placement.view(environment.get(PROCESS) or "", sockets_folder(project))


def _known(project: Project, defaults: Defaults) -> dict[str, Placement]:
    each = tuple(Process(component.name, (component.name,)) for component in project.components)
    return {
        "together": Placement("together", defaults=defaults),
        "wire": Placement("wire", defaults=defaults, wire=True),
        APART: Placement(APART, each, defaults),
    }


@dataclass
class _Reader:
    """Reads one file, and keeps what is wrong with it."""

    project: Project
    file: Path
    text: str
    faults: list[Fault] = field(default_factory=list)

    def placements(self, written: Mapping[str, object]) -> Placements:
        defaults, faults = read_defaults(written.get("defaults", {}), lambda *path: self.at("defaults", *path))
        self.faults += faults
        known = _known(self.project, defaults)
        for name, table in written.items():
            if name != "defaults" and (placement := self.placement(name, table, defaults)):
                known[name] = placement
        return Placements(known, tuple(self.faults))

    def placement(self, name: str, table: object, defaults: Defaults) -> Placement | None:
        before = len(self.faults)
        if name in ALWAYS:
            why = f"{name} is one process with every component, in every project"
            self.fault(f"[{name}] cannot be written", (name,), why, "give yours another name")
        elif not re.fullmatch(NAME, name):
            self.fault(f"{name!r} cannot be the name of a placement", (name,), _NAMES, "give it another")
        elif not isinstance(table, Mapping) or not table:
            why = "a placement says which process runs which components"
            self.fault(f"[{name}] names no process", (name,), why, 'write a line for each: people = ["users"]')
        else:
            processes = tuple(self.process(name, process, given) for process, given in table.items())
            self.check(name, processes)
            if len(self.faults) == before:
                return Placement(name, processes, defaults)
        return None

    def process(self, placement: str, name: str, given: object) -> Process:
        at = (placement, name)
        if name == GATEWAY or not re.fullmatch(NAME, name):
            why = "the gateway has this name" if name == GATEWAY else _NAMES
            self.fault(f"{name!r} cannot be the name of a process", at, why, "give it another")
        table = given if isinstance(given, Mapping) else {"components": given}
        for key in table:
            if key not in _KEYS:
                close = nearest(key, _KEYS)
                fix = f"did you mean {close}?" if close else "remove it"
                self.fault(f"{name} has no {key!r}", (*at, key), f"there are {', '.join(_KEYS)}", fix)
        return Process(
            name,
            self.components(at, table.get("components")),
            self.workers(at, table),
            self.address(at, table.get("address")),
            self.at(*at),
            self.connections(at, table),
        )

    def components(self, at: tuple[str, ...], given: object) -> tuple[str, ...]:
        if not isinstance(given, list) or not all(isinstance(name, str) for name in given):
            fix = f'write {at[-1]} = ["orders", "suppliers"]'
            self.fault(f"{at[-1]} lists no components", at, "a process runs components, named in a list", fix)
            return ()
        return tuple(given)

    def workers(self, at: tuple[str, ...], table: Mapping[str, object]) -> int:
        given = table.get("workers", 1)
        if not isinstance(given, int) or isinstance(given, bool) or given < 1:
            why = "a process runs once, or several times side by side"
            self.fault(f"workers = {given!r} is no number of workers", (*at, "workers"), why, "write `workers = 2`")
            return 1
        if "workers" in table and "address" in table:
            why = "a process that has an address is started elsewhere"
            self.fault(f"{at[-1]} has an address and workers", (*at, "workers"), why, "remove one of the two")
        return given

    def connections(self, at: tuple[str, ...], table: Mapping[str, object]) -> int | None:
        given = table.get("connections")
        if given is not None and count(given) is None:
            why = "it is a whole number above 0"
            fix = "write `connections = 20`"
            self.fault(f"connections = {given!r} is not a number of connections", (*at, "connections"), why, fix)
        return count(given)

    def address(self, at: tuple[str, ...], given: object) -> str | None:
        if given is None or (isinstance(given, str) and _is_address(given)):
            return given
        why = "an address is http:// or https:// with a host and perhaps a port, or unix: with a whole path"
        fix = 'write address = "https://trade.internal:8000"'
        self.fault(f"{given!r} is no address", (*at, "address"), why, fix)
        return None

    def check(self, placement: str, processes: tuple[Process, ...]) -> None:
        """Every component runs in one process, once."""
        names = [component.name for component in self.project.components]
        runs: dict[str, list[Process]] = {name: [] for name in names}
        meant: set[str | None] = set()
        for process in processes:
            for component in process.components:
                if component in runs:
                    runs[component].append(process)
                    continue
                meant.add(close := nearest(component, names))
                why = f"the components are {', '.join(names)}" if names else "the project has no components"
                fix = f"did you mean {close}?" if close else "remove it"
                self.fault(f"there is no component {component!r}", (placement, process.name), why, fix)
        for name, found in runs.items():
            if not found and name not in meant:
                fix = f"add it to a process: {processes[-1].name} = [..., {name!r}]".replace("'", '"')
                self.fault(f"{name} runs in no process of [{placement}]", (placement,), _ONCE, fix)
            elif len(found) > 1:
                several = " and in ".join(process.name for process in found)
                fix = "take it out of one; workers = 2 runs a whole process several times"
                self.fault(f"{name} runs in {several}", (placement, found[-1].name), _ONCE, fix)

    def at(self, *path: str) -> str:
        return shown(self.file, line_of(self.text, path))

    def fault(self, what: str, path: tuple[str, ...], why: str, fix: str) -> None:
        self.faults.append(Fault(what, self.at(*path), why, fix))


_NAMES = "it is part of file names and variables: 2 to 31 of a-z, 0-9 and _, a letter first"
_ONCE = "a component lives in one process, so that it is clear where a call goes"


def _is_address(given: str) -> bool:
    if given.startswith("unix:"):
        return given.startswith("unix:/")
    try:
        parts = urlsplit(given)
        return (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and parts.port != 0
            and not (parts.path.strip("/") or parts.query or parts.fragment or parts.username)
        )
    except ValueError:  # a port that is no number
        return False
