"""What `main.py` and the components agree on; nothing here changes."""

import os
from typing import Annotated

from fastapi import Header, HTTPException


class Torn(Exception):
    """The paper is torn. It is no error of a component: `main.py` says what it is answered with."""


def till() -> str:
    """Where the money goes, unless `main.py` says otherwise."""
    return "the till"


def refuse_strangers(x_stranger: Annotated[str | None, Header()] = None) -> None:
    """What `main.py` demands of every request."""
    if x_stranger is not None:
        raise HTTPException(403, f"{x_stranger} is a stranger")


def pid() -> int:
    """The process that answers."""
    return os.getpid()
