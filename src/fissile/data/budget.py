"""The PostgreSQL connections of one process: one budget, from which its components borrow as they need."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Protocol

from sqlalchemy.util import greenlet_spawn

from .address import Address
from .plan import Plan

LEAD = 0.1
"""Seconds that a component must have waited longer than another for the connection that the other gives back.

A connection that changes its component is closed and another one opened, which costs more than most calls do.
"""


class Entry(Protocol):
    """An open connection, as far as the budget is concerned."""

    def close(self) -> None:
        """Close it."""
        ...


class Budget:
    """The connections that a process may have open at once.

    One of them is each component's own, which it keeps while it is live: by its connections other code sees that it is
    there (`presence`), and a call that holds a connection while it calls another component finds that the other one has
    a connection as well. So calls never wait for each other in a circle, since needs have none. The components borrow
    all the others, and one that has none to borrow closes a connection that another component leaves idle.

    A connection in use needs a permit, and connections in use and idle ones together are never more than `size`.

    Args:
        size: The number of connections; of a plan those before a server has told how many it gives.
        components: The number of components of this process that have data.
        plan: The plan that decides the size; None where the size stays as it is.

    Attributes:
        size: The number of connections.
        open: The number of connections that are open, in use or idle.
        borrowed: The permits in use of those that are no component's own.
    """

    def __init__(self, size: int, components: int = 1, plan: Plan | None = None) -> None:
        self.size = size
        self.open = 0
        self.borrowed = 0
        self._components = components
        self._plan = plan
        self._is_fitted = False
        self._accounts: list[Account] = []

    @classmethod
    def planned(cls, plan: Plan) -> Budget:
        """Return the budget of a process by the plan of its placement."""
        return cls(plan.smallest, plan.own.components, plan)

    def fit(self, room: int, address: Address) -> None:
        """Take the size that the plan gives for a server's room, unless another server has less.

        Raises:
            ConfigurationError: The server gives fewer connections than the placement may want.
        """
        if self._plan is not None:
            size = self._plan.size(room, address)
            self.size = min(size, self.size) if self._is_fitted else size
            self._is_fitted = True
            self.grant()

    def account(self) -> Account:
        """Open the account of a component."""
        account = Account(self)
        self._accounts.append(account)
        return account

    def close(self, account: Account) -> None:
        """Forget an account."""
        with suppress(ValueError):
            self._accounts.remove(account)

    @asynccontextmanager
    async def outside(self, number: int) -> AsyncIterator[None]:
        """Count connections that are opened without a pool while the block runs, as far as there may be so many.

        Args:
            number: The number of connections.
        """
        account = Account(self, own=0)
        self._accounts.append(account)
        held = 0
        try:
            for _ in range(min(number, self.lendable)):
                if not account.try_hold():
                    await account.wait()
                held += 1
                await greenlet_spawn(account.take)
            yield
        finally:
            for _ in range(held):
                account.give_back(None)
            self.close(account)

    @property
    def lendable(self) -> int:
        """The number of connections that are no component's own."""
        return self.size - self._components

    def grant(self, last: Account | None = None) -> None:
        """Give the permits that are free to the calls that wait for them.

        The call that has waited for longest comes first; but a connection that a component gives back is used by the
        same component again, unless a call of another one has waited for `LEAD` seconds more.

        Args:
            last: The account that has just given back a connection.
        """
        while ready := [one for one in self._accounts if one.waiters and one.has_room]:
            first = min(ready, key=lambda account: account.since)
            chosen = last if last in ready and last.since - first.since <= LEAD else first
            chosen.grant()

    def make_room(self) -> None:
        """Close the connections that have been idle for longest, until no more than `size` are open."""
        while self.open > self.size and (spare := [one for one in self._accounts if one.has_spare]):
            min(spare, key=lambda account: account.idle[0][0]).drop()


class Account:
    """One component's part of the budget.

    Args:
        budget: The budget.
        own: The connections that nobody else gets: one for a component.

    Attributes:
        held: The number of its permits.
        idle: Its idle connections, each with the time since when it is, the oldest first.
        waiters: The calls that wait for a permit, each with the time since when, the oldest first.
    """

    def __init__(self, budget: Budget, own: int = 1) -> None:
        self.held = 0
        self.idle: deque[tuple[float, Entry]] = deque()
        self.waiters: deque[tuple[float, asyncio.Future[None]]] = deque()
        self._budget = budget
        self._own = own
        self._is_closed = False

    @property
    def since(self) -> float:
        """The time since when the first of its calls waits."""
        return self.waiters[0][0]

    @property
    def limit(self) -> int:
        """The number of permits that it can have."""
        return self._own + self._budget.lendable

    @property
    def has_room(self) -> bool:
        """Return True if there is a permit for it: its own one, or one to borrow."""
        return self.held < self._own or self._budget.borrowed < self._budget.lendable

    @property
    def has_spare(self) -> bool:
        """Return True if it can give up an idle connection, and keeps its own."""
        return bool(self.idle) and self.held + len(self.idle) > self._own

    def try_hold(self) -> bool:
        """Take a permit if there is one, and no other call waits for it."""
        if self.waiters or not self.has_room:
            return False
        self._hold()
        return True

    async def wait(self) -> None:
        """Take a permit as soon as there is one."""
        turn = asyncio.get_running_loop().create_future()
        waiter = (time.monotonic(), turn)
        self.waiters.append(waiter)
        self._budget.grant()
        try:
            await turn
        except asyncio.CancelledError:
            with suppress(ValueError):
                self.waiters.remove(waiter)
            if not turn.cancelled():  # its turn came at the same moment
                self._release()
            raise

    def grant(self) -> None:
        """Give a permit to the call that has waited for longest."""
        _, turn = self.waiters.popleft()
        if not turn.done():
            self._hold()
            turn.set_result(None)

    def take(self) -> Entry | None:
        """Return the connection that was used last, or None if one is to be opened.

        It is for a call that has a permit. Another component's connection is closed if there would be too many.
        """
        if self.idle:
            return self.idle.pop()[1]
        self._budget.open += 1
        self._budget.make_room()
        return None

    def give_back(self, entry: Entry | None) -> None:
        """Give back a connection and its permit.

        Args:
            entry: The connection; None if it is closed, or was never opened.
        """
        try:
            if entry is not None and not self._is_closed:
                self.idle.append((time.monotonic(), entry))
                return
            self._budget.open -= 1
            if entry is not None:
                entry.close()
        finally:
            self._release()

    def drop(self) -> None:
        """Close the connection that has been idle for longest."""
        _, entry = self.idle.popleft()
        self._budget.open -= 1
        entry.close()

    def close(self) -> None:
        """Close the connections that are idle, and from now on each that is given back."""
        self._is_closed = True
        self._budget.close(self)
        while self.idle:
            self.drop()

    def _hold(self) -> None:
        if self.held >= self._own:
            self._budget.borrowed += 1
        self.held += 1

    def _release(self) -> None:
        self.held -= 1
        if self.held >= self._own:
            self._budget.borrowed -= 1
        self._budget.grant(self)
