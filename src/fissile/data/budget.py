"""How many connections a component, its process and the whole placement may have open."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import ConfigurationError, Fault
from ..project import Placement
from .address import Address


@dataclass(frozen=True)
class Budget:
    """What one component may take of what its process may take.

    Attributes:
        own: Connections of its pool.
        placement: The placement.
        wanted: Connections of all processes of the placement, and of one more while it takes another's place.
    """

    own: int
    placement: str = "together"
    wanted: int = 0

    @classmethod
    def of(cls, placement: Placement, live: int) -> Budget:
        """The share of one of the live components with data, at least one connection.

        Args:
            placement: The placement, which says how many connections each of its processes has.
            live: How many components with data run in this process.
        """
        connections = placement.defaults.connections
        # A process without data wants none, which is not known of the others; so this is the most that it can be.
        sizes = [max(connections, len(process.components)) for process in placement.processes]
        each = [size for size, process in zip(sizes, placement.processes, strict=True) for _ in range(process.workers)]
        each = each or [max(connections, live)]
        return cls(max(1, connections // live), placement.name, sum(each) + max(each))

    def check(self, room: int, address: Address) -> None:
        """Makes sure that the server has as many.

        Args:
            room: How many the server gives.
            address: Where it is, for the fault.

        Raises:
            ConfigurationError: It gives fewer.
        """
        if self.wanted <= room:
            return
        what = f"the placement {self.placement} may want {self.wanted} connections, and {address.server} gives {room}"
        why = "each worker of each process has its own, and while one is replaced there is one more"
        fix = "lower `connections` in the [defaults] of placements.toml, or raise max_connections of the server"
        raise ConfigurationError(Fault(what, address.where, why, fix))
