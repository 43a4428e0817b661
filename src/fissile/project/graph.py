"""The graph of who calls whom, and what can be wrong with it: pure functions over plain data.

The same checks serve the declarations read from disk and those that the runtime has loaded.
"""

from __future__ import annotations

import difflib
import keyword
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from fissile.component import NAME, is_reserved_id
from fissile.errors import Fault

from .cycles import cycles

GATEWAY = "gateway"
"""The name of the gateway among the processes of a placement: no process and no component may have it."""

MAIN = "main.py"
"""The consumer in an edge that begins at the application itself: what its routes and dependencies ask of components."""

_SEGMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]*")


@dataclass(frozen=True)
class Declared:
    """What a component declares, as far as the graph is concerned.

    Attributes:
        name: The component's name.
        prefix: Its URL prefix.
        id: What outlives a rename; by default the name.
        provides: Its interfaces, each as ``module.QualName``.
        needs: The interfaces that it calls.
        where: The place of the declaration.
        places: The place of single parts: of each interface, of ``prefix`` and of ``id``.
        database: Whether it has tables.
        complete: False when some of it could not be read, so that nothing follows from what is missing.
    """

    name: str
    prefix: str
    id: str = ""
    provides: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    where: str = ""
    places: Mapping[str, str] = field(default_factory=dict)
    database: bool = False
    complete: bool = True

    def at(self, part: str) -> str:
        """Says where a part is written: an interface, ``prefix`` or ``id``; else where the declaration is."""
        return self.places.get(part, self.where)


@dataclass(frozen=True, order=True)
class Edge:
    """One need that is met.

    Attributes:
        consumer: The component that calls.
        provider: The component that is called.
        interface: The interface, as ``module.QualName``.
    """

    consumer: str
    provider: str
    interface: str


def default_prefix(name: str) -> str:
    """Derives the URL prefix of a component that says none."""
    return "/" + name.replace("_", "-")


def edges(components: Sequence[Declared]) -> tuple[Edge, ...]:
    """Lists who calls whom, sorted; needs that nobody meets are left out."""
    provider = {interface: component.name for component in components for interface in component.provides}
    return tuple(
        sorted(
            Edge(component.name, provider[interface], interface)
            for component in components
            for interface in component.needs
            if interface in provider
        )
    )


def needed_by(graph: Iterable[Edge], component: str) -> frozenset[str]:
    """Return the components that have to live for one of them to be called: itself and, transitively, its needs.

    What `MAIN` needs is among them, since every process runs it.
    """
    providers: dict[str, set[str]] = defaultdict(set)
    for edge in graph:
        providers[edge.consumer].add(edge.provider)
    found, waiting = {component}, [component, MAIN]
    while waiting:
        further = providers[waiting.pop()] - found
        found |= further
        waiting += further
    return frozenset(found)


def start_order(components: Sequence[Declared]) -> tuple[str, ...]:
    """Orders components so that each comes after those it needs.

    Args:
        components: Components without a cycle of needs; one inside a cycle comes where it is first met.

    Returns:
        Their names; by name where the graph leaves it open.
    """
    needed = _needed(components)
    order: dict[str, None] = {}
    begun: set[str] = set()

    def visit(name: str) -> None:
        if name in begun:
            return
        begun.add(name)
        for provider in needed[name]:
            visit(provider)
        order[name] = None

    for component in sorted(components, key=lambda component: component.name):
        visit(component.name)
    return tuple(order)


def graph_faults(components: Sequence[Declared], main: Declared | None = None) -> list[Fault]:
    """Finds everything that is wrong with the components as a whole.

    Args:
        components: The components of one project.
        main: The needs of ``main.py``.

    Returns:
        Every fault: names, prefixes, ids, interfaces provided twice, needs that nobody meets, cycles. Two
        prefixes may lie inside each other (``/shop`` and ``/shop/orders``): the longer one wins.
    """
    ordered = sorted(components, key=lambda component: component.name)
    return [
        *(fault for component in ordered for fault in _name_faults(component)),
        *(fault for component in ordered for fault in id_faults(component)),
        *(fault for component in ordered for fault in _prefix_faults(component)),
        *_shared_faults(ordered),
        *_unmet_faults([*ordered, *([main] if main else [])]),
        *_cycle_faults(ordered),
    ]


def nearest(word: str, words: Iterable[str]) -> str | None:
    """Finds the word that somebody who wrote `word` may have meant."""
    return next(iter(difflib.get_close_matches(word, sorted(words), n=1, cutoff=0.6)), None)


def _name_faults(component: Declared) -> list[Fault]:
    if keyword.iskeyword(component.name) or not re.fullmatch(NAME, component.name):
        why = (
            "the name is a module, a URL and the start of variables: 2 to 31 of a-z, 0-9 and _, "
            "a letter first, and no Python keyword"
        )
    elif component.name == GATEWAY:
        why = "the gateway has this name in the log and in `fissile list`, once the component runs in its own process"
    elif "__" in component.name or component.name.endswith("_"):
        why = f"a double underscore ends the name in variables, as in {component.name.strip('_').upper()}__KEY"
    else:
        return []
    return [Fault(f"{component.name!r} cannot be the name of a component", component.where, why, "rename its package")]


def id_faults(component: Declared) -> list[Fault]:
    """Find what is wrong with the id of a component: it names a schema, a role, a file and what travels on the wire."""
    identity = component.id or component.name
    if not re.fullmatch(NAME, identity) and identity != component.name:
        why = "it names its schema, its file and its events: 2 to 31 of a-z, 0-9 and _, a letter first"
    elif component.database and is_reserved_id(identity):
        why = f"its tables are in a schema of this name, and PostgreSQL keeps {identity} for itself"
    else:
        return []
    what = f"the id of {component.name}, {identity!r}, cannot be the name of a schema"
    return [Fault(what, component.at("id"), why, f'write another one: Component(id="{_better(identity)}")')]


def _better(identity: str) -> str:
    words = re.sub(r"[^a-z0-9]+", "_", identity.lower().removeprefix("pg_")).strip("_")[:25]
    return words if re.fullmatch(NAME, words) and not is_reserved_id(words) else f"my_{words}".rstrip("_")


def _prefix_faults(component: Declared) -> list[Fault]:
    prefix = component.prefix
    segments = prefix.split("/")[1:]
    if prefix.startswith("/-/") or prefix == "/-":
        why = "paths below /-/ are Fissile's own"
    elif not prefix.startswith("/") or not all(_SEGMENT.fullmatch(segment) for segment in segments):
        why = "a prefix is one or more plain segments, each after a slash: no parameters, no slash at the end"
    else:
        return []
    fix = f'write prefix="{default_prefix(component.name)}", or leave it out'
    return [Fault(f"{component.name} cannot have the prefix {prefix!r}", component.at("prefix"), why, fix)]


def _shared_faults(components: Sequence[Declared]) -> list[Fault]:
    faults = [
        Fault(
            f"{_listed(owners)} have the same prefix {prefix}",
            _all(owner.at("prefix") for owner in owners),
            "a request finds its component by its prefix alone",
            f'give one of them another: Component(prefix="{prefix}-2")',
        )
        for prefix, owners in _several({component.name: (component.prefix,) for component in components}, components)
    ]
    faults += [
        Fault(
            f"{_listed(owners)} have the same id {identity!r}",
            _all(owner.at("id") for owner in owners),
            "the id names a component's schema, topics and events, which are its own",
            f'write id="{owners[-1].name}" in one of them',
        )
        for identity, owners in _several({c.name: (c.id or c.name,) for c in components}, components)
    ]
    faults += [
        Fault(
            f"{_short(interface)} is provided by {_listed(owners)}",
            _all(owner.at(interface) for owner in owners),
            "a need is met by one component, else a call would not know where to go",
            f"remove {_short(interface)} from the provides of all but one",
        )
        for interface, owners in _several({c.name: c.provides for c in components}, components)
    ]
    return faults


def _several(keys: Mapping[str, tuple[str, ...]], components: Sequence[Declared]) -> list[tuple[str, list[Declared]]]:
    owners: dict[str, list[Declared]] = defaultdict(list)
    for component in components:
        for key in keys[component.name]:
            owners[key].append(component)
    return [(key, found) for key, found in owners.items() if len(found) > 1]


def _unmet_faults(components: Sequence[Declared]) -> list[Fault]:
    if not all(component.complete for component in components):
        return []  # what could not be read may well be what somebody needs
    provided = {interface for component in components for interface in component.provides}
    return [
        Fault(
            f"{component.name} needs {_short(interface)}, which nobody provides",
            component.at(interface),
            f"no component has {interface} in its provides",
            _unmet_fix(interface, provided, components),
        )
        for component in components
        for interface in dict.fromkeys(component.needs)
        if interface not in provided
    ]


def _unmet_fix(interface: str, provided: set[str], components: Sequence[Declared]) -> str:
    module, _, name = interface.rpartition(".")
    owner = next((component for component in components if component.name in module.split(".")), None)
    by_name = {_short(candidate): candidate for candidate in sorted(provided)}
    if close := nearest(name, by_name):
        return f"did you mean {by_name[close]}?"
    if owner:
        return f"write provides={{{name}: ...}} in {owner.where or owner.name}, or remove the need"
    return f"write a component that provides {name}, or remove the need"


def _cycle_faults(components: Sequence[Declared]) -> list[Fault]:
    by_name = {component.name: component for component in components}
    via = {(edge.consumer, edge.provider): edge.interface for edge in reversed(edges(components))}
    faults = []
    for cycle in cycles(_needed(components)):
        steps = list(zip(cycle, [*cycle[1:], cycle[0]], strict=True))
        path = " -> ".join([*cycle, cycle[0]])
        places = [by_name[consumer].at(via[consumer, provider]) for consumer, provider in steps]
        if len(cycle) == 1:
            what = f"{cycle[0]} needs {_short(via[cycle[0], cycle[0]])}, which it provides itself"
            why = "needs are what a component asks of others"
            fix = "remove the need: Provided and constructors reach its own interfaces as they are"
        else:
            what = f"components need each other in a circle: {path}"
            why = "components in a circle cannot be started, tested or split off one without the other"
            fix = "move what both need into a third component"
        faults.append(Fault(what, _all(places), why, fix))
    return faults


def _needed(components: Sequence[Declared]) -> dict[str, tuple[str, ...]]:
    needed: dict[str, dict[str, None]] = {component.name: {} for component in components}
    for edge in edges(components):
        needed[edge.consumer][edge.provider] = None
    return {consumer: tuple(providers) for consumer, providers in needed.items()}


def _listed(components: Sequence[Declared]) -> str:
    names = [component.name for component in components]
    return " and ".join([", ".join(names[:-1]), names[-1]])


def _all(places: Iterable[str]) -> str:
    """Puts several places into one, each on its line, so that each can be opened."""
    return ":\n".join(dict.fromkeys(places))


def _short(interface: str) -> str:
    return interface.rpartition(".")[2]
