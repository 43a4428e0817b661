"""Exceptions that are not the method's own: the caller's cancellation, a coroutine that is closed, a Ctrl-C.

Everything else that a method raises ends its call at once, also what is not an `Exception`.
"""

from __future__ import annotations

import asyncio
import signal
from opcode import opmap

_RAISE = opmap["RAISE_VARARGS"]


def is_foreign(error: BaseException) -> bool:
    """Return True if the exception comes from outside of the code that runs, which it has to end."""
    if isinstance(error, Exception):
        return False
    task = _task()
    if isinstance(error, asyncio.CancelledError):
        return task is not None and task.cancelling() > 0
    if isinstance(error, GeneratorExit):
        return task is None  # a coroutine that is closed after its loop
    return isinstance(error, KeyboardInterrupt) and _is_interrupted(error)


def _task() -> asyncio.Task[object] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:  # no loop
        return None


def _is_interrupted(error: KeyboardInterrupt) -> bool:
    """Return True if a signal raised it, in the middle of whatever ran, and not a statement of the user's code."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    if traceback is None:
        return False
    frame = traceback.tb_frame
    if frame.f_globals.get("__name__") == "asyncio.runners":  # the handler of `asyncio.run`
        return True
    has_raised = frame.f_code.co_code[traceback.tb_lasti] == _RAISE
    return not has_raised and signal.getsignal(signal.SIGINT) is signal.default_int_handler
