"""A process that makes calls one after another, says of each that it was answered, and kills itself in one of them.

Run as ``python -m tests.data.killed PACKAGE POINT NUMBER DELAY``: it ends in the call with this NUMBER, DELAY seconds
after this POINT of it.
"""

import asyncio
import os
import signal
import sys
import threading
import time
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.orm import Session

from fissile import App

from .stock import Running, Service


def die() -> None:
    """As with kill -9."""
    os.kill(os.getpid(), signal.SIGKILL)


def die_after(delay: float) -> None:
    """In a thread, so that what has begun goes on meanwhile."""

    def wait_and_die() -> None:
        until = time.perf_counter() + delay
        while time.perf_counter() < until:  # shorter than what can be slept for
            pass
        die()

    threading.Thread(target=wait_and_die).start()


async def main(package: str, point: str, number: int, delay: float) -> None:
    """Makes calls until it is dead."""
    counted = 0

    async def pair(service: Service) -> int:
        nonlocal counted
        counted += 1
        row = {"id": counted, "name": str(counted)}
        await service.session.execute(text("INSERT INTO rows (id, name) VALUES (:id, :name)"), row)
        await service.session.execute(text("INSERT INTO children (row) VALUES (:id)"), row)
        return counted

    def ended(_: Any) -> None:
        if counted == number:
            die_after(delay) if delay else die()

    if point != "never":
        event.listen(Session, point, ended)
    app = App(package)
    async with app.caller():
        at = Running(app)
        at.scripts["pair"] = pair
        while counted < 10:
            answered = await at.stock.once("pair")
            sys.stdout.write(f"{answered}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])))
