"""The folder of the sockets, in which others than its owner may clean up."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

from fissile.project import make_private


class Folder:
    """The private folder of the sockets.

    It is locked, so that systemd-tmpfiles removes nothing that is old in it (tmpfiles.d(5): a directory with a BSD lock
    is passed over).

    Args:
        path: The folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def make(self) -> None:
        """Make it and lock it, again if it was removed.

        Raises:
            ConfigurationError: It cannot be made, or is not private.
            OSError: It is gone at once.
        """
        make_private(self.path)
        if self._descriptor is not None and os.path.samestat(os.fstat(self._descriptor), self.path.stat()):
            return
        self.close()
        self._descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        with contextlib.suppress(OSError):  # a cleaner is at work, or the file system has no locks
            fcntl.flock(self._descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)

    def close(self) -> None:
        """Unlock it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
