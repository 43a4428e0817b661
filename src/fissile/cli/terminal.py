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
        if os.tcgetpgrp(_INPUT) == os.getpgrp():  # who is in the background would be stopped
            termios.tcsetattr(_INPUT, termios.TCSADRAIN, before)
