"""The division of a server's connections between the processes of a placement."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from ..errors import ConfigurationError, Fault
from ..project import Placement
from .address import Address

MOST = 20
"""Connections that one component may have in use where nothing is written and the server has room for as many."""

SHARE = 0.8
"""Share of a server's connections that a placement takes by itself; the rest is left to commands and to people."""


@dataclass(frozen=True)
class Demand:
    """The connections that one process of a placement may open.

    Attributes:
        components: The number of its components with data, each of which keeps a connection.
        workers: The number of its workers; each of them has as many.
        written: The `connections` that ``placements.toml`` gives it; None for a share of the server's room.
    """

    components: int = 1
    workers: int = 1
    written: int | None = None

    def size(self, share: int) -> int:
        """Return the connections of one worker.

        Args:
            share: The connections that one of its components may have in use if nothing is written, at least 2: the
                second one looks at the migrations while the process starts.
        """
        if self.written is not None:
            return max(self.components, self.written)
        return self.components - 1 + share


@dataclass(frozen=True)
class Plan:
    """The demands of a placement, of which this process has one.

    Attributes:
        own: The demand of this process.
        demands: The demands of all processes with data, this one included.
        placement: The placement's name.
    """

    own: Demand
    demands: tuple[Demand, ...]
    placement: str = "together"

    @classmethod
    def of(cls, placement: Placement, process: str, with_data: AbstractSet[str], live: AbstractSet[str]) -> Plan:
        """Read the plan from a placement.

        Args:
            placement: The placement.
            process: The name of this process; empty where one process runs everything.
            with_data: The components with data, wherever they are.
            live: Those of them that this process runs.
        """
        defaults = placement.defaults.connections
        own = Demand(len(live), written=defaults)
        demands = []
        for one in placement.processes:
            if names := with_data & set(one.components):
                demands.append(Demand(len(names), one.workers, one.connections or defaults))
                own = demands[-1] if one.name == process else own
        return cls(own, tuple(demands) or (own,), placement.name)

    @property
    def smallest(self) -> int:
        """The connections of this process before a server has told how many it gives."""
        return self.own.size(2)

    def wanted(self, share: int) -> int:
        """Return the connections of all processes, and of one more while it replaces another."""
        sizes = [demand.size(share) for demand in self.demands for _ in range(demand.workers)]
        return sum(sizes) + max(sizes)

    def size(self, room: int, address: Address) -> int:
        """Return the connections of this process.

        Args:
            room: The connections that the server gives.
            address: The database, for the fault.

        Raises:
            ConfigurationError: The server gives fewer than the placement may want.
        """
        share = next((share for share in range(MOST, 2, -1) if self.wanted(share) <= SHARE * room), 2)
        if self.wanted(share) > room:
            raise ConfigurationError(self._too_many(share, room, address))
        return self.own.size(share)

    def _too_many(self, share: int, room: int, address: Address) -> Fault:
        sizes = [(demand.workers, demand.size(share)) for demand in self.demands]
        terms = [f"{workers} x {size}" if workers > 1 else str(size) for workers, size in sizes]
        wanted, most = self.wanted(share), max(size for _, size in sizes)
        what = f"the placement {self.placement} may want {wanted} connections, and {address.server} gives {room}"
        why = f"its processes with data have {' + '.join(terms)}, and one that replaces another has {most} more"
        fix = "lower `connections` in placements.toml or run fewer processes, or raise max_connections of the server"
        return Fault(what, address.where, why, fix)
