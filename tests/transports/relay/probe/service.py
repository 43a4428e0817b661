"""Does whatever a method can do."""

import asyncio
import os
import signal
import time
from collections import defaultdict
from contextvars import ContextVar
from types import FrameType

from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from fissile.context import current

from .public import AlsoRefused, Draft, Everything, Node, Probe, Refused, Seen, Special, Thing, Undeclared, tenant

metadata = MetaData()
rows = Table("rows", metadata, Column("id", Integer, primary_key=True), Column("text", String(100), nullable=False))
# Checked at the commit and not before: what a database may say no to at the last moment.
debts = Table(
    "debts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("row", ForeignKey("rows.id", deferrable=True, initially="DEFERRED")),
)
users_own: ContextVar[str] = ContextVar("users_own", default="clean")


class OwnBase(BaseException):
    """What is no `Exception`."""


class Unprintable(Exception):
    """What cannot be told."""

    def __str__(self) -> str:
        raise GeneratorExit

    __repr__ = __str__


class Memory:
    """What the probe remembers while its process lives."""

    def __init__(self) -> None:
        self.kept = [1, 2, 3]
        self.notes: dict[str, list[str]] = defaultdict(list)
        self.runs: dict[str, int] = defaultdict(int)
        self.gates: dict[str, list[asyncio.Future[None]]] = defaultdict(list)


class ProbeService(Probe):
    """The probe."""

    def __init__(self, memory: Memory, session: AsyncSession) -> None:
        self.memory = memory
        self.session = session

    async def echo(self, text: str) -> str:
        return text

    async def everything(self, value: Everything) -> Everything:
        return value

    async def node(self, node: Node) -> Node:
        return node

    async def drafts(self, drafts: list[Draft], one: Draft | None = None) -> tuple[tuple[str, ...], tuple[Draft, ...]]:
        given = [*drafts, one] if one is not None else drafts
        return tuple(" ".join(sorted(draft.model_fields_set)) for draft in given), tuple(given)

    async def optional(self, first: int, second: int = 2, *, third: int | None = None) -> tuple[int, int, int | None]:
        return first, second, third

    async def mutate(self, items: list[int], table: dict[str, list[int]]) -> list[int]:
        items.append(99)
        table["added"] = [1]
        for values in table.values():
            values.append(99)
        return items

    async def keep(self) -> list[int]:
        return self.memory.kept

    async def special(self, thing: Thing) -> Thing:
        return Special(name=thing.name)

    async def kind(self, thing: Thing) -> str:
        return type(thing).__name__

    async def nothing(self) -> None:
        return None

    async def refuse(self, reason: str, depth: int = 0) -> None:
        node = Node(name="leaf")
        for level in range(depth):
            node = Node(name=str(level), children=(node,))
        raise Refused(reason=reason, shape=node)

    async def refuse_more(self) -> None:
        raise AlsoRefused(reason="more", shape=Node(name="leaf"), more=1)

    async def undeclared(self) -> None:
        raise Undeclared

    async def broken(self, how: str) -> str:
        endings: dict[str, BaseException] = {
            "value": ValueError("secret"),
            "group": ExceptionGroup("several", [ValueError("one"), KeyError("two")]),
            "exit": SystemExit(3),
            "timeout": TimeoutError("mine"),
            "stop": StopAsyncIteration(),
            "memory": MemoryError(),
            "lookup": KeyError("x"),
            "os": OSError(5, "disk"),
            "stop iteration": StopIteration(),
            "generator exit": GeneratorExit(),
            "interrupt": KeyboardInterrupt(),
            "base group": BaseExceptionGroup("several", [KeyboardInterrupt(), ValueError("secret")]),
            "cancelled": asyncio.CancelledError("secret"),
            "cancelled group": BaseExceptionGroup("several", [asyncio.CancelledError()]),
            "own base": OwnBase("secret"),
            "unprintable": Unprintable(),
        }
        if how in endings:
            raise endings[how]
        return 7  # type: ignore[return-value]  # the wrong result is the point

    async def hang(self, key: str) -> None:
        self.memory.notes[key].append("began")
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.memory.notes[key].append("cancelled")
            raise

    async def swallow(self, key: str, seconds: float) -> str:
        self.memory.notes[key].append("began")
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.memory.notes[key].append("swallowed")
        await asyncio.sleep(seconds)
        return "late"

    async def block(self, seconds: float) -> None:
        time.sleep(seconds)  # noqa: ASYNC251  # blocking the loop is the point

    async def cancel_itself(self) -> None:
        raise asyncio.CancelledError

    async def leak(self, value: str) -> None:
        users_own.set(value)
        tenant.set(value)

    async def seen(self) -> Seen:
        here = current()
        assert here.deadline is not None
        return Seen(
            tenant=tenant.get(),
            principal=here.principal.id if here.principal is not None else None,
            idempotency_key=here.idempotency_key,
            traceparent=here.traceparent,
            remaining=here.deadline - asyncio.get_running_loop().time(),
            leaked=users_own.get(),
        )

    async def wait_for(self, gate: str) -> str:
        opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.memory.gates[gate].append(opened)
        await opened
        return gate

    async def open_gate(self, gate: str) -> int:
        waiting = [opened for opened in self.memory.gates.pop(gate, []) if not opened.done()]
        for opened in waiting:
            opened.set_result(None)
        return len(waiting)

    async def noted(self, key: str) -> tuple[str, ...]:
        return tuple(self.memory.notes[key])

    async def big(self, size: int) -> str:
        return "x" * size

    async def once(self, key: str) -> int:
        self.memory.runs[key] += 1
        return self.memory.runs[key]

    async def many(self, key: str) -> int:
        self.memory.runs[key] += 1
        return self.memory.runs[key]

    async def write(self, text: str, then: str = "") -> int:
        done = await self.session.execute(insert(rows).values(text=text).returning(rows.c.id))
        number: int = done.scalar_one()
        if then == "refuse":
            raise ValueError("after the write")
        if then == "hang":
            self.memory.notes[text].append("began")
            await asyncio.Event().wait()
        if then == "fail the commit":
            await self.session.execute(insert(debts).values(row=-1))
        if then == "block past the deadline":
            time.sleep(0.4)  # noqa: ASYNC251  # blocking the loop is the point
        return number

    async def rows(self) -> tuple[str, ...]:
        found = await self.session.scalars(select(rows.c.text).order_by(rows.c.id))
        return tuple(found)

    async def die(self, when: str) -> str:
        if when == "now":
            os.kill(os.getpid(), signal.SIGKILL)
        asyncio.get_running_loop().call_later(0.01, os.kill, os.getpid(), signal.SIGKILL)
        return "dying"

    async def finish_after_signal(self, key: str) -> str:
        asked = asyncio.Event()
        loop = asyncio.get_running_loop()
        before = signal.getsignal(signal.SIGTERM)

        def ask(number: int, frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(asked.set)
            if callable(before):
                before(number, frame)

        signal.signal(signal.SIGTERM, ask)
        self.memory.notes[key].append("began")
        await asked.wait()
        return "finished"
