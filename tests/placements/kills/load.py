"""A load on the shop: clients that ask one thing after another, and what must be true afterwards."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from .client import Answer, Client, Request

CLIENTS = 8

PATIENCE = 120.0
"""Seconds after which answers are taken not to come."""

PAUSE = 0.05
"""Seconds that a client waits after an answer that was none, so that it does not ask a machine that starts to death."""

WEIGHTS = {"place": 25, "order": 25, "supplier": 15, "user": 10, "page": 5, "record": 20}
"""How often each kind of request is asked: two write and cross processes, the others read."""


class Load:
    """Clients that ask the shop, and what they were told.

    Args:
        port: Where the gateway listens on this machine.
        seed: What the choice of requests begins with.

    Attributes:
        counts: How many answers of each verdict, and of each kind of request.
        odd: Every answer that is not as it is without faults.
        placed: The orders that were placed, by their item.
        sent: The items and keys that were ever sent.
        recorded: What was told of each key: True it ran, False it did not run; None it may have.
        slowest: Seconds that the slowest answer took.
        ending: Whether the shop ends, so that a client that is not let in any more goes away.
    """

    def __init__(self, port: int, seed: int = 1) -> None:
        self.counts: Counter[str] = Counter()
        self.odd: list[Answer] = []
        self.placed: dict[str, dict[str, object]] = {}
        self.sent: set[str] = set()
        self.recorded: dict[str, bool | None] = {}
        self.slowest = 0.0
        self.ending = False
        self._port = port
        self._random = random.Random(seed)
        self._supplier: dict[str, object] = {}
        self._user: dict[str, object] = {}
        self._recent: list[dict[str, object]] = []
        self._further = asyncio.Event()
        self._stopping = False
        self._number = 0

    @property
    def answers(self) -> int:
        """How many requests were answered, refused or lost."""
        return sum(self.counts[verdict] for verdict in ("true", "refused", "lost", "wrong"))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Asks while the block runs; every request that was sent is waited for."""
        await self._prepare()
        self._stopping = False
        async with asyncio.TaskGroup() as asking:
            for _ in range(CLIENTS):
                asking.create_task(self._ask_on())
            try:
                yield
            finally:
                self._stopping = True

    async def further(self, count: int) -> None:
        """Waits until so many more requests have been answered."""
        wanted = self.answers + count
        async with asyncio.timeout(PATIENCE):
            while self.answers < wanted:
                self._further.clear()
                await self._further.wait()

    async def _prepare(self) -> None:
        client = Client(self._port)
        supplier = {"name": "Ada's bolts", "city": "London"}
        user = {"name": "Ada", "email": f"ada-{self._random.random()}@example.org"}
        self._supplier = (await client.ask(Request("add", "POST", "/suppliers", body=supplier))).json()
        self._user = (await client.ask(Request("sign up", "POST", "/users", body=user))).json()
        first = await client.ask(self.next("place"))
        assert "true" == self._note(first), str(first)
        await client.close()

    async def _ask_on(self) -> None:
        client = Client(self._port)
        kinds, weights = list(WEIGHTS), list(WEIGHTS.values())
        while not self._stopping:
            answer = await client.ask(self.next(self._random.choices(kinds, weights)[0]))
            if self.ending and not answer.was_let_in:
                break
            if self._note(answer) != "true":
                await asyncio.sleep(PAUSE)
        await client.close()

    def next(self, kind: str) -> Request:
        """A request of a kind, with what a true answer to it is."""
        self._number += 1
        match kind:
            case "place":
                item = f"bolt {self._number}"
                self.sent.add(item)
                new = {"supplier_id": self._supplier["id"], "item": item, "quantity": 1 + self._number % 100}
                return Request(kind, "POST", "/orders", item, new, 201, {**new, "status": "open"})
            case "record":
                key = f"key-{self._number}"
                self.sent.add(key)
                return Request(kind, "POST", f"/desk/{key}", key, status=201)
            case "order":
                order = self._random.choice(self._recent)
                return Request(kind, "GET", f"/orders/{order['id']}", expected=order)
            case "supplier":
                return Request(kind, "GET", f"/suppliers/{self._supplier['id']}", expected=self._supplier)
            case "user":
                return Request(kind, "GET", f"/users/{self._user['id']}", expected=self._user)
        return Request(kind, "GET", "/orders?limit=5")

    def _note(self, answer: Answer) -> str:
        """Remembers what has to be true from now on; the verdict."""
        verdict, kind = answer.verdict, answer.request.kind
        self.counts[verdict] += 1
        self.counts[kind] += 1
        self.slowest = max(self.slowest, answer.ended - answer.began)
        if verdict != "true":
            self.odd.append(answer)
        elif kind == "place":
            order = self.placed[answer.request.key] = answer.json()
            self._recent = [*self._recent[-50:], order]
        if kind == "record":
            self.recorded[answer.request.key] = True if verdict == "true" else _told(answer)
        self._further.set()
        return verdict

    def of(self, verdict: str) -> list[Answer]:
        """The answers of a verdict other than true."""
        return [answer for answer in self.odd if answer.verdict == verdict]

    def lies(self, orders: Sequence[Mapping[str, Any]], entries: Sequence[str]) -> list[str]:
        """What was told and is not so, in words.

        Args:
            orders: Every order that is there.
            entries: Every key that was recorded.
        """
        found, ran = {order["item"]: order for order in orders}, Counter(entries)
        times = Counter(order["item"] for order in orders) + ran
        lies = [
            f"{item} was placed, and is {found.get(item)}"
            for item, order in self.placed.items()
            if found.get(item) != order
        ]
        lies += [f"{what} was never sent" for what in times if what not in self.sent]
        lies += [f"{what} was done {count} times" for what, count in times.items() if count > 1]
        lies += [f"{key} is said to have run" for key, did in self.recorded.items() if did and not ran[key]]
        lies += [f"{key} is said not to have run" for key, did in self.recorded.items() if did is False and ran[key]]
        return lies


def _told(answer: Answer) -> bool | None:
    """Whether a refusal says that nothing ran: False; None when it leaves that open."""
    document = answer.json() if answer.status else None
    said = document.get("may_have_run", True) if isinstance(document, dict) else True
    return None if said else False


async def all_orders(port: int) -> list[dict[str, Any]]:
    """Every order of the shop, page by page."""
    client, found, target = Client(port), [], "/orders?limit=200"
    while True:
        answer = await client.ask(Request("page", "GET", target))
        assert 200 == answer.status, str(answer)
        page = answer.json()
        found += page["items"]
        if page["next"] is None:
            await client.close()
            return found
        target = f"/orders?limit=200&cursor={page['next']}"
