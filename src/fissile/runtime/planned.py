"""Making the objects of a call by their constructors alone, without a scope of the container."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, cast

from .injection import is_session

if TYPE_CHECKING:
    from dishka import AsyncContainer

    from ..data import UnitOfWork
    from .provider import Direct

Plan = Mapping[type[object], Mapping[str, object]]
"""Each class of which a call gets a new object, the first one first, and what its constructor asks for, by name."""


def planned(container: AsyncContainer, plan: Plan) -> Direct:
    """What makes the object of a call as a plan says; the container has what lives as long as the component."""

    async def direct() -> Callable[[UnitOfWork | None], object]:
        lasting = {
            hint: await container.get(cast("type[object]", hint))
            for needed in plan.values()
            for hint in needed.values()
            if hint not in plan and not is_session(cast("type[object]", hint))
        }
        first, needed = next(iter(plan.items()))
        if all(hint in lasting for hint in needed.values()):
            made = partial(first, **{name: lasting[hint] for name, hint in needed.items()})
            return lambda _: made()
        return lambda work: _Making(plan, lasting, work).get(first)

    return direct


class _Making:
    """The objects of one call, each made once."""

    __slots__ = ("_made", "_plan", "_work")

    def __init__(self, plan: Plan, lasting: Mapping[object, object], work: UnitOfWork | None) -> None:
        self._plan = plan
        self._made = {**lasting}
        self._work = work

    def get(self, hint: object) -> object:
        """The object of a type."""
        if hint not in self._made:
            self._made[hint] = self._new(cast("type[object]", hint))
        return self._made[hint]

    def _new(self, kind: type[object]) -> object:
        needed = self._plan.get(kind)
        if needed is not None:
            return kind(**{name: self.get(hint) for name, hint in needed.items()})
        assert self._work is not None, "only what has data asks for a session"
        return self._work.session()
