"""What the plugin puts between a call and its carrier: repetition in `wire`, a close look in `together`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping

import pytest

from ..codec import Codec
from ..errors import CallError
from ..transports.base import Call, Transport
from ..values import ComponentError, Value


class RepeatingTransport:
    """Makes every call of an idempotent method twice; the caller gets the second answer.

    Args:
        transport: Carries the calls.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def call(self, call: Call) -> object:
        """Carries one call; see `Transport.call`."""
        if call.method.idempotent:
            with contextlib.suppress(ComponentError):  # an answer as well, which the second one replaces
                await self._transport.call(call)
        return await self._transport.call(call)


class Watch:
    """What was seen in one process that would have been different over a link."""

    def __init__(self) -> None:
        self._seen: list[str] = []

    def report(self, what: str) -> None:
        """Keeps what was seen until the verdict."""
        self._seen.append(what)

    def verdict(self) -> None:
        """Fails the test if something was seen."""
        seen, self._seen = list(dict.fromkeys(self._seen)), []
        if seen:
            pytest.fail("\n".join(["over a link this would be different:", *seen]), pytrace=False)


class WatchedTransport:
    """Carries calls within one process, and looks for what a link would have changed.

    A callee that changes a value which its caller still holds, and a value that is not the same after its way through
    JSON: together both would go unnoticed, or be relied on.

    Args:
        transport: Carries the calls.
        watch: Where it reports.
    """

    def __init__(self, transport: Transport, watch: Watch) -> None:
        self._transport = transport
        self._watch = watch

    async def call(self, call: Call) -> object:
        """Carries one call; see `Transport.call`."""
        method = call.method
        self._travel(f"the arguments of {method}", method.arguments, call.arguments)
        values = [(value, value.model_dump_json()) for value in _values(call.arguments)]
        try:
            result = await self._transport.call(call)
        finally:
            for value, before in values:
                if value.model_dump_json() != before:
                    kind = type(value).__name__
                    self._watch.report(f"{method} changed its argument, a {kind} that belongs to its caller")
        self._travel(f"the result of {method}", method.result, result)
        return result

    def _travel(self, what: str, codec: Codec[object] | Codec[dict[str, object]], before: object) -> None:
        try:
            after: object = codec.load(codec.dump(before))  # type: ignore[arg-type]  # each codec gets its own value
        except (ValueError, TypeError, CallError) as error:
            self._watch.report(f"{what} cannot travel: {error}")
            return
        if after != before and repr(after) != repr(before):
            self._watch.report(f"{what} arrives as {after!r}, and was {before!r}")


def _values(thing: object) -> Iterator[Value]:
    """The values in what is passed by reference; those inside of values are dumped with them."""
    if isinstance(thing, Value):
        yield thing
        return
    parts: Iterable[object] = ()
    if isinstance(thing, Mapping):
        parts = [*thing.keys(), *thing.values()]
    elif isinstance(thing, tuple | list | set | frozenset):
        parts = thing
    for part in parts:
        yield from _values(part)
