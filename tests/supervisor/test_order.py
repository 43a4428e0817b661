"""The order in which processes end, so that what a component does at its end can call those that it needs."""

import signal

import pytest

from fissile.project import MAIN, Edge
from fissile.supervisor.order import ending_order
from tests.cli.terminal import Running

from .works import Works

PROCESSES = {"one": ["a"], "two": ["b", "c"], "three": ["d"], "four": ["e"]}


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        ([], [{"one", "two", "three", "four"}]),
        (["ab", "bd"], [{"one", "four"}, {"two"}, {"three"}]),
        (["db", "ca"], [{"three", "four"}, {"two"}, {"one"}]),
        (["bc"], [{"one", "two", "three", "four"}]),
        (["ab", "ca"], [{"one", "two", "three", "four"}]),
        (["ab", "ca", "dc", "ae"], [{"three"}, {"one", "two"}, {"four"}]),
        (["ad", "bd", "ed"], [{"one", "two", "four"}, {"three"}]),
        (["mb"], [{"one", "three", "four"}, {"two"}]),
        (["ax", "xa"], [{"one", "two", "three", "four"}]),
    ],
    ids=lambda given: " ".join(given) if given and isinstance(given[0], str) else "",
)
def test_consumers_end_first(calls: list[str], expected: list[set[str]]) -> None:
    """A process ends once none is left that calls it; those that call each other end together."""
    edges = [Edge(MAIN if call[0] == "m" else call[0], call[1], "") for call in calls]
    assert expected == ending_order(PROCESSES, edges)


def component(name: str, needs: str = "") -> dict[str, str]:
    """The files of a component that calls the one it needs at its end: in its lifespan, and where its port ends."""
    interface, needed = name.title(), needs.title()
    public = f"""\
from typing import Protocol

from fissile import Interface


class {interface}(Interface, Protocol):
    async def hi(self) -> str: ...
"""
    source = f"""\
import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bolts.{name}.public import {interface}
from fastapi import APIRouter, FastAPI
from fissile import Component
{f"from bolts.{needs}.public import {needed}" if needs else ""}

class Port:
    pass


async def port({f"needed: {needed}" if needs else ""}) -> AsyncIterator[Port]:
    yield Port()
    {f'print("port of {name}:", await needed.hi(), flush=True)' if needs else ""}


class Service({interface}):
    def __init__(self, port: Port) -> None:
        pass

    async def hi(self) -> str:
        return "hi of {name}"


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    {
        f'''async with app.caller() as call:
        print("end of {name}:", await call({needed}).hi(), flush=True)'''
        if needs
        else ""
    }
    if os.environ.get("HANGS") == "{name}":
        await asyncio.sleep(1000)


router = APIRouter(lifespan=lifespan)
component = Component(provides={{{interface}: Service}}, needs=[{needed}], binds={{Port: port}}, api=router)
"""
    return {f"bolts/{name}/__init__.py": "", f"bolts/{name}/public.py": public, f"bolts/{name}/component.py": source}


PLACEMENTS = """\
[apart]
base = ["base"]
middle = ["middle"]
top = ["top", "suppliers", "orders", "reviews"]
"""
CHAIN = {
    **component("base"),
    **component("middle", "base"),
    **component("top", "middle"),
    "bolts/placements.toml": PLACEMENTS,
}


def ended(works: Works, number: signal.Signals) -> Running:
    """The processes, which need each other in a chain, once they have ended."""
    works.write(CHAIN)
    running, _ = works.apart()
    assert (130 if number is signal.SIGINT else 0) == running.end(number)
    return running


def said(running: Running, words: str) -> bool:
    """Return True if a line ends with these words."""
    return any(line.endswith(words) for line in running.lines)


@pytest.mark.acceptance
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_a_component_does_at_its_end_can_call(works: Works, number: signal.Signals) -> None:
    """Lifespans and ports that end call across processes, as they do in one."""
    running = ended(works, number)
    for words in ("end of top: hi of middle", "end of middle: hi of base", "port of middle: hi of base"):
        assert said(running, words), "\n".join(running.lines)


@pytest.mark.acceptance
def test_a_consumer_that_hangs_leaves_time_to_the_others(works: Works) -> None:
    """The processes that it calls end in order all the same, before all is killed."""
    works.variables["HANGS"] = "top"
    works.write(CHAIN)
    running, _ = works.apart("run", "--drain", "4")
    assert 0 == running.end(signal.SIGTERM)
    assert said(running, "end of middle: hi of base"), "\n".join(running.lines)
    assert [] == [line for line in running.lines if "was killed" in line and "top" not in line]
