"""The secret by which processes that reach each other at an address know each other."""

from __future__ import annotations

import hmac
import os

from ..errors import ConfigurationError, Fault
from ..project import Peer, Project, state_folder
from ..transports.link import is_tcp
from .settings import secrets_directory

LOOPBACK = ("127.0.0.1", "::1")


def link_secret(project: Project) -> str | None:
    """The secret that opens calls and links outside the private folder: the file ``link`` among the secrets, if any."""
    folder = secrets_directory(os.environ, state_folder(project) / "secrets")
    file = folder / "link" if folder else None
    return file.read_text().strip() or None if file is not None and file.is_file() else None


def has_secret(project: Project, host: str | None, shown: bytes) -> bool:
    """Return True if a sender may call: it is on this machine, and shows the secret.

    The secret opens nothing to other machines, which have to come through what ends TLS in front of the process.
    """
    if host not in LOOPBACK or not shown:
        return False
    secret = link_secret(project)
    return secret is not None and hmac.compare_digest(shown, secret.encode())


def secret_for(peer: Peer, project: Project) -> str:
    """The secret that a link to a peer shows; empty for a peer in the private folder of the sockets.

    Raises:
        ConfigurationError: There is no secret, or one that no header can carry; it names the file.
    """
    if not (peer.is_elsewhere or any(map(is_tcp, peer.endpoints))):
        return ""
    folder = secrets_directory(os.environ, state_folder(project) / "secrets") or state_folder(project) / "secrets"
    secret = link_secret(project)
    if secret is None:
        what = f"the process {peer.name} is at {peer.endpoints[0]}, and there is no secret for the link to it"
        why = "at an address a process answers only who shows its secret"
        raise ConfigurationError(Fault(what, "", why, f"write the same random text to {folder / 'link'} at both ends"))
    if not (secret.isascii() and secret.isprintable()):
        what = "the secret of the links is more than one line of ASCII"
        raise ConfigurationError(Fault(what, str(folder / "link"), "it travels in an HTTP header", "write another"))
    return secret
