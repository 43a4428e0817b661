"""One supervisor for one folder of state."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from fissile.errors import ConfigurationError, Fault, FissileError
from fissile.project.folders import STATE, make_state


class Taken(FissileError):
    """What one program alone can have is another's: the state of an application, or a port.

    Attributes:
        fault: What to say of it.
    """

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Holds the lock; the system frees it when this process ends, however it ends.

    Args:
        folder: The folder of the state.

    Raises:
        Taken: Another one holds it.
        ConfigurationError: The folder cannot be made, or nothing can be written into it.
    """
    make_state(folder)
    file = folder / "supervisor.lock"
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _unusable(file, error) from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 200).decode(errors="replace").strip()
            what = "the processes of this application are running already"
            why = f"one supervisor looks after them ({holder}), and a second would start them twice"
            fix = "look at them with `fissile list`; Ctrl-C in its terminal ends it, FISSILE_STATE separates two"
            raise Taken(Fault(what, str(file), why, fix)) from None
        try:
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"process {os.getpid()} since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC".encode())
        except OSError as error:
            raise _unusable(file, error) from None
        yield
    finally:
        os.close(descriptor)


def _unusable(file: Path, error: OSError) -> ConfigurationError:
    what, why = (
        f"cannot write the lock: {error.strerror}",
        "it keeps a second supervisor from starting everything twice",
    )
    return ConfigurationError(Fault(what, str(file), why, f"mend that, or set {STATE} to a folder of your own"))
