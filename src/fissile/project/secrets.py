"""Secrets: a file each, ``link`` or ``<component>__<key>``, which this user alone can read.

A secret that other users can read or replace is refused. A directory that ``FISSILE_SECRETS`` names may be the work of
an operator, so two things are taken there that are not taken in the project's own: a file of root's that its group can
read, and any file on a file system that is mounted read-only, as Kubernetes and Docker mount secrets. Modes say nothing
about who sees those, and the application could not change them.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from fissile.errors import ConfigurationError, Fault, raise_faults, shown

from .folders import belongs_to_us, create_private, is_mounted_readonly, make_private, make_state, state_folder
from .found import Project

SECRETS = "FISSILE_SECRETS"
"""The environment variable that names the directory of secrets."""

LINK = "link"
"""The secret that opens calls and links over TCP."""


def secrets_folder(project: Project) -> Path:
    """Return the directory of a project's secrets, which may not exist yet."""
    named = os.environ.get(SECRETS)
    return Path(named) if named else state_folder(project) / "secrets"


def read_secret(file: Path) -> str:
    """Return the text of a secret without the space around it, which is empty if there is none.

    Raises:
        ConfigurationError: Other users can read or replace it, or it cannot be read.
    """
    try:
        with file.open("rb") as opened:
            raise_faults(_rights_faults(file, os.fstat(opened.fileno())))
            return opened.read().decode().strip()
    except (FileNotFoundError, IsADirectoryError):
        return ""
    except UnicodeDecodeError:
        raise ConfigurationError(Fault("the file is no UTF-8", shown(file), fix="save it as UTF-8")) from None
    except OSError as error:
        what = f"the file cannot be read: {error.strerror}"
        raise ConfigurationError(Fault(what, shown(file), fix="correct its permissions")) from None


def create_secret(file: Path, text: str) -> None:
    """Write a new secret, which this user alone can read, whole or not at all.

    Raises:
        FileExistsError: There is one of this name.
        ConfigurationError: It cannot be written, or other users could replace it.
    """
    if not file.parent.is_dir():
        make_private(file.parent, "the folder of the secrets", "they are this user's alone", SECRETS)
    raise_faults(_folder_faults(file))
    try:
        create_private(file, f"{text}\n".encode())
    except FileExistsError:
        raise
    except OSError as error:
        what = f"the secret cannot be written: {error.strerror}"
        raise ConfigurationError(Fault(what, shown(file), "", f"set {SECRETS} to a folder of your own")) from None


def make_secrets_folder(project: Project) -> Path:
    """Make the directory of a project's secrets, and return it."""
    folder = secrets_folder(project)
    if not os.environ.get(SECRETS):
        make_state(folder.parent)
    return folder


def _rights_faults(file: Path, found: os.stat_result) -> Iterator[Fault]:
    """Yield why other users could read or replace a secret."""
    named = os.environ.get(SECRETS)
    is_named = bool(named) and file.parent == Path(named or "")
    if is_named and is_mounted_readonly(file):
        return
    is_roots = is_named and found.st_uid == 0 and not belongs_to_us(found)
    if not is_roots and not belongs_to_us(found):
        why = f"its owner, the user {found.st_uid}, can read and change it"
        fix = f'chown "$(id -u)" {shown(file)} && chmod 600 {shown(file)}'
        yield Fault("the secret belongs to another user", shown(file), why, fix)
    elif hasattr(os, "getuid") and found.st_mode & (0o037 if is_roots else 0o077):
        why = f"its mode is {stat.S_IMODE(found.st_mode):04o}, and a secret is for the user who runs this alone"
        yield Fault("other users can read the secret", shown(file), why, f"chmod 600 {shown(file)}")
    yield from _folder_faults(file)


def _folder_faults(file: Path) -> Iterator[Fault]:
    """Yield why other users could put another secret in its place."""
    if not hasattr(os, "getuid"):
        return
    for folder in dict.fromkeys((file.parent, file.resolve().parent)):
        found = folder.stat()
        if found.st_uid not in (0, os.getuid()):
            why, fix = "they could replace every secret in it", f'chown "$(id -u)" {shown(folder)}'
            yield Fault("the folder of the secrets belongs to another user", shown(folder), why, fix)
        elif found.st_mode & 0o022:
            why = f"its mode is {stat.S_IMODE(found.st_mode):04o}, so they could replace every secret in it"
            yield Fault(
                "other users can write into the folder of the secrets", shown(folder), why, f"chmod 700 {shown(folder)}"
            )
