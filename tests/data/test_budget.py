"""The budget of connections that the components of a process share."""

import asyncio
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from fissile import ConfigurationError
from fissile.data import Budget, Plan
from fissile.data.address import Address
from fissile.data.budget import LEAD, Account
from fissile.data.plan import SHARE
from fissile.project import Defaults, Placement, Process

STOCK = 97
"""The connections that PostgreSQL gives as it is installed: 100, of which 3 are for superusers."""

ADDRESS = Address.of_file("orders", Path("orders.sqlite3"))


class Connection:
    """A connection that only knows that it is open."""

    def __init__(self) -> None:
        self.is_open = True

    def close(self) -> None:
        """Close it."""
        self.is_open = False


async def taken(account: Account) -> Connection:
    """Take a connection as a pool does."""
    if not account.try_hold():
        await account.wait()
    entry = account.take()
    assert entry is None or isinstance(entry, Connection)
    assert entry is None or entry.is_open
    return entry or Connection()


async def settled() -> None:
    """Let every task go on until it waits."""
    for _ in range(20):
        await asyncio.sleep(0)


def accounts(size: int, components: int) -> tuple[Budget, list[Account]]:
    """Return a budget and the accounts of its components."""
    budget = Budget(size, components)
    return budget, [budget.account() for _ in range(components)]


async def test_an_idle_connection_is_given_up() -> None:
    """The connection that has been idle for longest is closed for another component, but not a component's last one."""
    budget, (orders, users) = accounts(3, 2)
    for connection in [await taken(orders), await taken(orders)]:
        orders.give_back(connection)
    idle = [entry for _, entry in orders.idle]
    for connection in [await taken(users), await taken(users)]:
        users.give_back(connection)
    assert [False, True] == [entry.is_open for entry in idle if isinstance(entry, Connection)]
    assert (1, 2, 3) == (len(orders.idle), len(users.idle), budget.open)


async def test_each_component_has_a_connection() -> None:
    """However many calls of a component hold connections, a call that they make gets one, so no circle of waits."""
    budget, (caller, called) = accounts(4, 2)

    async def call() -> None:
        outer = await taken(caller)
        inner = await taken(called)
        called.give_back(inner)
        caller.give_back(outer)

    await asyncio.wait_for(asyncio.gather(*[call() for _ in range(64)]), 10)
    assert (0, 0, 0) == (caller.held, called.held, budget.borrowed)


async def test_a_call_waits_in_its_turn() -> None:
    """A connection that a component gives back serves its own next call, and a call that waits much longer first."""
    _, (orders, users) = accounts(3, 2)
    own = await taken(users)
    first, second = await taken(orders), await taken(orders)
    order: list[str] = []

    async def call(account: Account, name: str) -> Connection:
        connection = await taken(account)
        order.append(name)
        return connection

    waiting = [asyncio.create_task(call(users, "user")), asyncio.create_task(call(orders, "order"))]
    await settled()
    orders.give_back(first)
    await settled()
    assert ["order"] == order
    again = asyncio.create_task(call(orders, "later"))
    await settled()
    since, turn = users.waiters[0]
    users.waiters[0] = (since - 2 * LEAD, turn)
    orders.give_back(second)
    await settled()
    assert ["order", "user"] == order
    users.give_back(own)
    orders.give_back(await waiting[1])
    await asyncio.gather(*waiting, again)


@pytest.mark.parametrize("seed", range(20))
async def test_a_cancelled_call_leaves_nothing(seed: int) -> None:
    """Whenever calls are cancelled, no permit is lost, and never are more connections open than the budget has."""
    chance = random.Random(seed)
    size, components = chance.randint(2, 8), chance.randint(1, 5)
    budget, every = accounts(max(size, components), components)
    opened: set[Connection] = set()

    async def call(path: Sequence[Account]) -> None:
        if not path:
            await asyncio.sleep(0)
            return
        connection = await taken(path[0])
        opened.add(connection)
        assert sum(one.is_open for one in opened) <= budget.size
        is_lost = True
        try:
            await call(path[1:])
            is_lost = chance.random() < 0.1
        finally:
            if is_lost:
                connection.close()
            path[0].give_back(None if is_lost else connection)

    for _ in range(5):
        calls = [
            asyncio.create_task(call(every[chance.randrange(components) :][: chance.randint(1, 3)])) for _ in range(40)
        ]
        for _ in range(chance.randint(0, 60)):
            if chance.random() < 0.3:
                chance.choice(calls).cancel()
            await asyncio.sleep(0)
        await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), 10)
        idle = sum(len(account.idle) for account in every)
        assert [0] * (components + 1) == [budget.borrowed, *(account.held for account in every)]
        assert idle == budget.open == sum(one.is_open for one in opened) <= budget.size
        assert not any(account.waiters for account in every)


async def test_connections_outside_of_the_pools() -> None:
    """They are counted as long as they may be open, and do not take the last connection of a component."""
    budget, (orders, users) = accounts(4, 2)
    for connection in [await taken(orders), await taken(orders), await taken(orders)]:
        orders.give_back(connection)
    users.give_back(await taken(users))
    async with budget.outside(5):
        assert (1, 1, 4) == (len(orders.idle), len(users.idle), budget.open)
        users.give_back(await taken(users))
    assert (2, 0) == (budget.open, budget.borrowed)


def placement(*processes: Process, connections: int | None = None) -> Placement:
    """Return a placement."""
    return Placement("apart", processes, Defaults(connections=connections))


def plan(of: Placement, live: set[str]) -> Plan:
    """Return the plan of the process that runs these components; all have data but the gateway's front."""
    name = next((one.name for one in of.processes if set(one.components) == live), "")
    return Plan.of(of, name, {name for one in of.processes for name in one.components} | live, live)


@pytest.mark.parametrize(
    ("processes", "workers", "components", "expected"),
    [(0, 1, 1, 20), (0, 1, 10, 29), (1, 1, 5, 24), (10, 1, 1, 7), (10, 3, 1, 2), (5, 1, 4, 12), (3, 4, 2, 5)],
)
def test_what_a_stock_server_gives(processes: int, workers: int, components: int, expected: int) -> None:
    """Nothing has to be written: the processes share most of what the server gives."""
    names = [[f"c{process}_{number}" for number in range(components)] for process in range(max(processes, 1))]
    some = [Process(f"p{number}", tuple(names[number]), workers) for number in range(processes)]
    made = plan(placement(*some), set(names[0]))
    assert expected == made.size(STOCK, ADDRESS)
    assert (processes * workers + 1) * expected <= SHARE * STOCK


def test_what_is_written() -> None:
    """It counts for its process, before that of the defaults, and the others share what is left."""
    some = placement(Process("a", ("a",), connections=40), Process("b", ("b",)), Process("c", ("c",)))
    assert [40, 2] == [plan(some, {name}).size(STOCK, ADDRESS) for name in ("a", "b")]
    assert [40, 12] == [plan(some, {name}).size(130, ADDRESS) for name in ("a", "b")]
    some = placement(Process("a", ("a",), connections=5), Process("b", ("b",)), connections=9)
    assert [5, 9] == [plan(some, {name}).size(STOCK, ADDRESS) for name in ("a", "b")]


def test_what_is_written_and_does_not_fit() -> None:
    """It is refused, with the sum."""
    some = placement(Process("a", ("a",), 3, connections=30), Process("b", ("b",), connections=5))
    with pytest.raises(ConfigurationError) as caught:
        plan(some, {"a"}).size(STOCK, ADDRESS)
    (fault,) = caught.value.faults
    assert fault.what.startswith("the placement apart may want 125 connections, and ")
    assert "3 x 30 + 5, and one that replaces another has 30 more" in fault.why
