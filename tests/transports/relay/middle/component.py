"""Asks probe."""

from collections import defaultdict

from fissile import Component

from ..probe.public import Probe
from .public import Middle


class Endings:
    """How calls ended."""

    def __init__(self) -> None:
        self.by_key: dict[str, list[str]] = defaultdict(list)


class MiddleService(Middle):
    """Asks probe."""

    def __init__(self, probe: Probe, endings: Endings) -> None:
        self.probe = probe
        self.endings = endings

    async def hang(self, key: str) -> None:
        try:
            await self.probe.hang(key)
        except BaseException as error:
            self.endings.by_key[key].append(type(error).__name__)
            raise

    async def ask_twice(self, gate: str) -> str:
        return await self.probe.echo(await self.probe.wait_for(gate))

    async def undeclared(self) -> None:
        await self.probe.undeclared()

    async def refuse(self) -> None:
        await self.probe.refuse("passed on")

    async def remember(self, key: str) -> tuple[str, ...]:
        return tuple(self.endings.by_key[key])

    async def remaining(self) -> float:
        return (await self.probe.seen()).remaining


component = Component(provides={Middle: MiddleService}, needs=[Probe], binds={Endings: Endings})
