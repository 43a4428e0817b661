"""Calls, results and errors as the bodies of frames."""

from __future__ import annotations

import json
from types import MappingProxyType

from ...context import NOWHERE, Carried, Context, Principal
from ...errors import CALL_ERRORS, CallError, CallFailed, Incompatible
from ...interface import Method
from ...values import ComponentError
from ..base import too_long
from ..carried import carried_codec
from ..foreign import is_foreign
from .frames import CALL_HEAD, BrokenFrame

CONTEXT_LIMIT = 0xFFFF
"""Bytes of the longest context: principal, trace, key and what is carried."""

LONGEST_MESSAGE = 4096
"""Characters of the longest text that says how a call failed."""

FOREVER = 1e9
"""Seconds that nobody waits: a deadline beyond it is no time that a clock could be set to."""


def pack_call(index: int, context: Context, remaining: float, arguments: bytes) -> bytes:
    """The body of a CALL; the time that remains is in seconds.

    Raises:
        MessageTooLong: What is carried is too long.
    """
    packed = pack_context(context)
    if len(packed) > CONTEXT_LIMIT:
        raise too_long("the context of a call", len(packed), CONTEXT_LIMIT, may_have_run=False)
    return CALL_HEAD.pack(index, remaining, len(packed)) + packed + arguments


def unpack_call(body: bytes, now: float) -> tuple[int, Context, bytes]:
    """Index of the method, the context with its deadline on this side's clock, and the arguments still as JSON."""
    if len(body) < CALL_HEAD.size:
        raise BrokenFrame("a call without its head")
    index, remaining, size = CALL_HEAD.unpack_from(body)
    end = CALL_HEAD.size + size
    if len(body) < end or not abs(remaining) < FOREVER:
        raise BrokenFrame("a call whose head makes no sense")
    context = unpack_context(body[CALL_HEAD.size : end], now + remaining)
    return index, context, body[end:]


def pack_context(context: Context) -> bytes:
    """The context but its deadline, as JSON; empty where there is nothing to say."""
    if not (context.carried or context.principal or context.traceparent or context.idempotency_key):
        return b""
    said: dict[str, object] = {}
    if context.principal is not None:
        said["principal"] = {"id": context.principal.id, "scopes": sorted(context.principal.scopes)}
    if context.traceparent is not None:
        said["traceparent"] = context.traceparent
    if context.idempotency_key is not None:
        said["idempotency_key"] = context.idempotency_key
    if context.carried:
        said["carried"] = {name: carried_codec(name).dump(value).decode() for name, value in context.carried.items()}
    return json.dumps(said).encode()


def unpack_context(data: bytes, deadline: float) -> Context:
    """The reverse of `pack_context`."""
    if not data:
        return Context(deadline=deadline)
    try:
        said = json.loads(data)
        principal = said.get("principal")
        return Context(
            principal=principal and Principal(principal["id"], frozenset(principal["scopes"])),
            traceparent=said.get("traceparent"),
            deadline=deadline,
            idempotency_key=said.get("idempotency_key"),
            carried=MappingProxyType(
                {
                    name: carried_codec(name).load(value.encode())
                    for name, value in said.get("carried", {}).items()
                    if name in Carried.declared  # the other side may be a version ahead
                }
            )
            or NOWHERE.carried,
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise BrokenFrame("a context that cannot be read") from error


def pack_raised(method: Method, error: ComponentError) -> bytes:
    """The body of a RAISED; the error is one that the method declares."""
    name = type(error).__name__
    return name.encode() + b"\0" + method.errors[name][1].dump(error.fields())


def unpack_raised(method: Method, body: bytes) -> ComponentError | CallError:
    """The declared error, rebuilt; `CallFailed` for one that only a newer provider declares."""
    name, _, fields = body.partition(b"\0")
    known = method.errors.get(name.decode(errors="replace"))
    if known is None:
        return CallFailed(
            f"{method} raised {name.decode(errors='replace')}, which it does not declare", may_have_run=True
        )
    error, codec = known
    try:
        return error(**codec.load(fields))
    except ValueError as reason:
        return Incompatible(f"{method} raised {error.__name__} in another shape: {reason}", may_have_run=True)
    except BaseException as reason:
        if is_foreign(reason):
            raise
        what = f"{method} raised {error.__name__}, and making it again raised {type(reason).__name__}"
        return CallFailed(what, may_have_run=True)


def pack_failed(error: CallError) -> bytes:
    """The body of a FAILED."""
    message = str(error)[:LONGEST_MESSAGE]
    return f"{error.code}\0{error.may_have_run:d}\0{message}".encode(errors="backslashreplace")


def unpack_failed(body: bytes) -> CallError:
    """The reverse of `pack_failed`."""
    code, _, rest = body.decode(errors="replace").partition("\0")
    may_have_run, _, message = rest.partition("\0")
    return CALL_ERRORS.get(code, CallFailed)(message, may_have_run=may_have_run != "0")
