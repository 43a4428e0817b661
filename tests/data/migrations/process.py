"""A process of the component: it says that it is ready, waits for a line, and does what it was told.

Run as ``python -m tests.data.migrations.process FOLDER URL apply|stay``. A revision of its may call `pause`.
"""

import os
import sys
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy.engine import make_url

from fissile.data.address import Address

from .orders import Orders

REACHED = "REACHED"
"""The environment variable with the file that says where a process has come to."""

PAUSE = "from tests.data.migrations.process import pause\npause()"
"""What a revision says that pauses."""


def pause() -> None:
    """Says that it was reached, and goes on at the next line, in a process that was told so."""
    if file := os.environ.get(REACHED):
        Path(file).touch()
        sys.stdin.readline()


def main(folder: str, url: str, what: str) -> None:
    """Does it; whoever stays does so until the next line."""
    orders = Orders(Path(folder), Address("orders", "orders", make_url(url)))
    migrations = orders.migrations(columns={})
    with ExitStack() as held:
        if what == "stay":
            held.enter_context(migrations.presence(orders.address))
            engine = orders.address.blocking_engine(migrations.application_name())
            held.enter_context(engine.connect()).exec_driver_sql("SELECT 1")
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        if what == "apply":
            migrations.prepare(orders.address, apply=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
