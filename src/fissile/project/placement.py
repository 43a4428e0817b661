"""Which process runs which components."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fissile.errors import ConfigurationError, Fault

from .defaults import Defaults
from .graph import nearest

VARIABLE = "FISSILE_PLACEMENT"
"""The environment variable that chooses the placement."""


@dataclass(frozen=True)
class Placement:
    """Which components live in this process, and where the others are.

    Attributes:
        name: ``together`` or ``wire``.
        live: The components of this process; None means all.
        addresses: The address of the process of each other component, such as ``unix:/run/orders.sock``.
        defaults: What every call and link starts from.
        wire: Whether every call goes through codec and link although its provider is in this process.
    """

    name: str = "together"
    live: frozenset[str] | None = None
    addresses: Mapping[str, str] = field(default_factory=dict)
    wire: bool = False
    defaults: Defaults = field(default_factory=Defaults)

    def is_live(self, component: str) -> bool:
        """Says whether a component runs in this process."""
        return self.live is None or component in self.live


_PLACEMENTS = {"together": Placement(), "wire": Placement("wire", wire=True)}


def placement_from(environment: Mapping[str, str]) -> Placement:
    """Chooses the placement that the environment names, together when it names none.

    Args:
        environment: The environment variables.

    Returns:
        The placement.

    Raises:
        ConfigurationError: When there is no such placement.
    """
    name = environment.get(VARIABLE) or "together"
    if name in _PLACEMENTS:
        return _PLACEMENTS[name]
    close = nearest(name, _PLACEMENTS)
    raise ConfigurationError(
        Fault(
            f"there is no placement {name!r}",
            f"environment variable {VARIABLE}",
            f"the placements are {', '.join(_PLACEMENTS)}",
            f"did you mean {close}?" if close else f"unset {VARIABLE}",
        )
    )
