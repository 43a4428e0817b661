"""What a route or a component demands of the principal: declarations only.

Nothing enforces them in this version, which knows no identities: every route is open, and the application says so in
its log when it starts.

A policy is a FastAPI dependency, so that an ordinary router takes it: ``dependencies=[requires("orders:write")]``. The
runtime takes it off the route when it includes the router and keeps it beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from fastapi.params import Depends


def _declared() -> None:
    """Stands where FastAPI wants something to call; a policy is taken off the route before it would be called."""


@dataclass(frozen=True)
class Policy(Depends):
    """What is demanded: nothing, a principal, or a principal with scopes.

    Attributes:
        demand: ``anyone``, ``authenticated`` or ``scopes``.
        needed: The scopes, every one of which the principal must have.
    """

    demand: Literal["anyone", "authenticated", "scopes"] = "authenticated"
    needed: frozenset[str] = field(default=frozenset())


def requires(*scopes: str) -> Policy:
    """Demands a principal that has every one of these scopes."""
    return Policy(_declared, demand="scopes", needed=frozenset(scopes))


anyone = Policy(_declared, demand="anyone")
"""Nobody has to say who they are."""

authenticated = Policy(_declared, demand="authenticated")
"""Any verified principal."""
