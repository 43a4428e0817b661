"""Where an application keeps what it writes, and where its processes listen."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from fissile.errors import ConfigurationError, Fault

from .found import Project

STATE = "FISSILE_STATE"
"""The environment variable that moves the folder of the state."""

URL_FOR_ALL = "FISSILE_DATABASE_URL"
"""The environment variable that names the database of all components which have none of their own."""


def state_folder(project: Project) -> Path:
    """The folder of the project's state: ``.fissile`` beside its pyproject.toml, unless `STATE` moves it.

    An installed application has no pyproject.toml beside it; its folder is in the working directory.
    """
    if moved := os.environ.get(STATE):
        return Path(moved)
    return (_with_pyproject(project) or Path.cwd()) / ".fissile"


def project_folder(project: Project) -> Path:
    """The folder of everything that belongs to a project: that of its pyproject.toml, else its root."""
    return _with_pyproject(project) or project.root


def _with_pyproject(project: Project) -> Path | None:
    folders = (project.root, *project.root.parents)
    return next((folder for folder in folders if (folder / "pyproject.toml").is_file()), None)


def make_state(folder: Path) -> None:
    """Make a folder of state, with databases and secrets, for this user alone; git leaves it alone.

    One that Fissile made earlier is closed to other users, with the files in it. A secret stays as it is: that others
    could read it is for its owner to know. A folder of the user's own keeps its mode.

    Raises:
        ConfigurationError: It cannot be made.
    """
    try:
        if not folder.is_dir():
            _make_only_ours(folder)
            _ignore_all(folder)
        elif folder.name == ".fissile" or _ignores_all(folder / ".gitignore"):
            _close_to_others(folder)
    except OSError as error:
        what = f"cannot make the folder of the state: {error.strerror}"
        raise ConfigurationError(Fault(what, str(folder), "", f"set {STATE} to a folder of your own")) from None


_IGNORED = b"*\n"
"""The ``.gitignore`` of a folder of state, by which Fissile knows its own."""


def _ignore_all(folder: Path) -> None:
    try:
        create_private(folder / ".gitignore", _IGNORED)
    except FileExistsError:  # another process was quicker
        pass
    except OSError:
        folder.rmdir()
        raise


def _ignores_all(file: Path) -> bool:
    return file.is_file() and file.read_bytes() == _IGNORED


def _close_to_others(folder: Path) -> None:
    """Take the rights of other users away from a folder and from what is directly in it, as far as it is ours."""
    for path in (folder, *folder.iterdir()):
        with suppress(OSError):  # it is gone, or cannot be changed
            found = path.lstat()
            is_plain = stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)
            if is_plain and belongs_to_us(found) and found.st_mode & 0o077:
                path.chmod(found.st_mode & 0o700)


def create_private(file: Path, content: bytes = b"") -> None:
    """Create a file that only this user can read, whatever the umask, whole or not at all.

    Raises:
        FileExistsError: It exists.
        OSError: It cannot be written.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)  # Windows would translate line ends
    descriptor = os.open(file, flags, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as opened:
            file.chmod(0o600)
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
    except BaseException:
        file.unlink(missing_ok=True)
        raise


def make_private_file(file: Path) -> None:
    """Make an empty file that only this user can read; one that exists stays as it is.

    Raises:
        ConfigurationError: It cannot be made.
    """
    try:
        with suppress(FileExistsError):
            create_private(file)
    except OSError as error:
        fix = f"make room and mend its permissions, or set {STATE} to a folder of your own"
        raise ConfigurationError(Fault(f"cannot make the file: {error.strerror}", str(file), "", fix)) from None


def sockets_folder(project: Project) -> Path:
    """The folder of the Unix sockets on which the processes of one state folder listen; it may not exist yet.

    It is in the user's runtime directory (``XDG_RUNTIME_DIR``), else in the temporary one, because the path of a
    socket has at most 108 bytes on Linux and 104 on macOS (``sockaddr_un``).
    """
    state = hashlib.sha256(os.fsencode(state_folder(project).resolve())).hexdigest()[:10]
    if runtime := os.environ.get("XDG_RUNTIME_DIR"):
        return Path(runtime) / f"fissile-{state}"
    user = os.getuid() if hasattr(os, "getuid") else 0
    return Path(tempfile.gettempdir()) / f"fissile-{user}-{state}"


def make_private(
    folder: Path,
    name: str = "the folder of the sockets",
    why: str = "whoever can reach a socket in it can call every component",
    variable: str = "XDG_RUNTIME_DIR",
) -> None:
    """Make a folder that only this user can enter, or check that an existing one is private.

    Args:
        folder: The folder.
        name: What it is, for a fault.
        why: Why it must be private.
        variable: The environment variable that moves it.

    Raises:
        ConfigurationError: It belongs to another user, is open to others, or cannot be made.
    """
    fix = f"set {variable} to a folder of your own, or remove it"
    try:
        _make_only_ours(folder)
        found = folder.lstat()
    except OSError as error:
        raise ConfigurationError(Fault(f"cannot make {name}: {error.strerror}", str(folder), "", fix)) from None
    if not belongs_to_us(found) or folder.is_symlink():
        raise ConfigurationError(Fault(f"{name} is not private", str(folder), f"it is another user's; {why}", fix))
    if hasattr(os, "getuid") and found.st_mode & 0o077:
        raise ConfigurationError(Fault(f"{name} is not private", str(folder), why, f"chmod 700 {folder}, or {fix}"))


def _make_only_ours(folder: Path) -> None:
    """Make a folder with mode 0700, whatever the umask; one that exists stays as it is."""
    if folder.is_dir():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.mkdir(mode=0o700)
        folder.chmod(0o700)
    except FileExistsError:  # another process was quicker, or it is a file
        if not folder.is_dir():
            raise


def is_mounted_readonly(path: Path) -> bool:
    """Return True if a file or folder is on a file system that is mounted read-only."""
    return hasattr(os, "statvfs") and bool(os.statvfs(path).f_flag & os.ST_RDONLY)


def belongs_to_us(found: os.stat_result) -> bool:
    """Return True if a file belongs to the user who runs this process. Windows has no such numbers."""
    return not hasattr(os, "getuid") or found.st_uid == os.getuid()


def is_private(folder: Path) -> bool:
    """Return True if a folder is this user's, and nobody else can look into it."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and belongs_to_us(found) and not found.st_mode & 0o077


def socket_path(folder: Path, process: str, worker: int) -> Path:
    """Where a worker of a process listens.

    Args:
        folder: The folder of the sockets.
        process: The name of the process.
        worker: Which of its workers, from 1.
    """
    return folder / f"{process}-{worker}.sock"
