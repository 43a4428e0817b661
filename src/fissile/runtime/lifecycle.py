"""Starting the live components in the order of their needs, and ending them in the reverse order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING

from ..errors import ConfigurationError, DependencyDown, Fault, raise_faults
from .wiring import Live, Runtime

if TYPE_CHECKING:
    from ..data import Store

DRAIN = 25.0
"""Seconds that calls in flight get to finish at the end."""


@asynccontextmanager
async def running(runtime: Runtime) -> AsyncIterator[None]:
    """Opens what the live components own; at the end no call is taken, those in flight finish, and all is closed."""
    runtime.server.begin()  # tests start an application many times
    await open_data(runtime)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(_close_links, runtime)  # last: what a component closes may call those that it needs
        for name in runtime.order:
            await stack.enter_async_context(_component(runtime.live[name]))
        for link in runtime.peers():
            link.connect()
        runtime.running = True
        try:
            yield
        finally:
            await _left(runtime)
            runtime.running = False
            await runtime.server.drain(DRAIN)


async def _close_links(runtime: Runtime) -> None:
    await asyncio.gather(*[link.close(DRAIN) for link in runtime.links.values()])


async def open_data(runtime: Runtime) -> None:
    """Open the databases of the live components, so that what is wrong with any of them is known before the start.

    If one cannot be opened, all are closed again.

    Raises:
        DependencyDown: One of them is down.
        ConfigurationError: One of them is not as the code needs it; every one that is not is told.
    """
    stores = [store for name in runtime.order if (store := runtime.live[name].store) is not None]
    try:
        await _open(stores)
    except BaseException:
        await asyncio.gather(*[store.close() for store in stores])
        raise


async def _open(stores: Sequence[Store]) -> None:
    faults: list[Fault] = []
    for store in stores:
        try:
            await store.open_once()
        except DependencyDown:
            raise
        except ConfigurationError as error:
            faults += error.faults
    raise_faults(faults)


@contextmanager
def using(runtime: Runtime) -> Iterator[None]:
    """Keeps the components open for somebody who did not open them."""
    runtime.users += 1
    try:
        yield
    finally:
        runtime.users -= 1
        if runtime.unused is not None and not runtime.users:
            runtime.unused.set()


async def _left(runtime: Runtime) -> None:
    """Waits for those who use the components, as long as for calls in flight."""
    if runtime.users:
        runtime.unused = asyncio.Event()
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN):
                await runtime.unused.wait()
        runtime.unused = None


@asynccontextmanager
async def _component(live: Live) -> AsyncIterator[None]:
    try:
        if live.store is not None:
            await live.store.open_once()
        live.ready = True
        live.gate.closed = False
        yield
    finally:
        live.ready = False
        live.gate.closed = True
        for provider in live.providers.values():
            provider.end()
        if live.fakes is not None:
            await live.fakes.close()
        if live.container is not None:
            await live.container.close()
        if live.store is not None:
            from ..data import finish

            await finish()
            await live.store.close()
