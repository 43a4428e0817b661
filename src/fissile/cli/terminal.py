"""The terminal in which a command was typed."""

from __future__ import annotations

import os
import termios
from collections.abc import Iterator
from contextlib import contextmanager

_INPUT = 0
"""The descriptor of the standard input, whatever `sys.stdin` is."""


@contextmanager
def kept() -> Iterator[None]:
    """Leaves the terminal as it was before: a debugger that is ended while it asks there has its echo off."""
    if not os.isatty(_INPUT):
        yield
        return
    before = termios.tcgetattr(_INPUT)
    try:
        yield
    finally:
        if _is_in_front():
            termios.tcsetattr(_INPUT, termios.TCSADRAIN, before)


def _is_in_front() -> bool:
    """Whether this process may use the terminal: whoever is in the background would be stopped."""
    try:
        return os.tcgetpgrp(_INPUT) == os.getpgrp()
    except OSError:  # it is not the terminal of this session
        return False
