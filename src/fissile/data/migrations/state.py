"""The state of a component's database: the revisions that were applied to it, and those that were not."""

from __future__ import annotations

from dataclasses import dataclass

from .history import Revision


@dataclass(frozen=True)
class State:
    """The position of a database in its history.

    Attributes:
        applied: The revisions of the code that were applied, the first one first.
        pending: Those that were not.
        unknown: The names of others, of newer code.
        contracted: Which of these are contractions.
        rewritten: The applied revisions whose code has changed since.
    """

    applied: tuple[Revision, ...]
    pending: tuple[Revision, ...]
    unknown: tuple[str, ...] = ()
    contracted: tuple[str, ...] = ()
    rewritten: tuple[Revision, ...] = ()

    @property
    def lacking(self) -> tuple[Revision, ...]:
        """The expansions that the code needs; without a contraction it runs as well."""
        return tuple(one for one in self.pending if one.kind == "expand")

    @property
    def next_contraction(self) -> Revision | None:
        """The contraction that is to be applied next."""
        return next((one for one in self.pending if one.kind == "contract"), None)
