"""The secret by which processes that reach each other at an address know each other."""

from __future__ import annotations

import hmac

from ..errors import ConfigurationError, Fault
from ..project import Peer, Project
from ..project.secrets import LINK, read_secret, secrets_folder
from ..transports.link import is_tcp

LOOPBACK = ("127.0.0.1", "::1")


def link_secret(project: Project) -> str | None:
    """Return the secret that opens calls and links outside the private folder, the file ``link``, if there is one.

    Raises:
        ConfigurationError: Other users can read or replace it.
    """
    return read_secret(secrets_folder(project) / LINK) or None


def has_secret(project: Project, host: str | None, shown: bytes) -> bool:
    """Return True if a sender may call: it is on this machine, and shows the secret.

    The secret opens nothing to other machines, which have to come through what ends TLS in front of the process.
    """
    if host not in LOOPBACK or not shown:
        return False
    try:
        secret = link_secret(project)
    except ConfigurationError:  # it was opened to other users after the start
        return False
    return secret is not None and hmac.compare_digest(shown, secret.encode())


def secret_for(peer: Peer, project: Project) -> str:
    """The secret that a link to a peer shows; empty for a peer in the private folder of the sockets.

    Raises:
        ConfigurationError: There is no secret, or one that no header can carry; it names the file.
    """
    if not (peer.is_elsewhere or any(map(is_tcp, peer.endpoints))):
        return ""
    folder = secrets_folder(project)
    secret = link_secret(project)
    if secret is None:
        what = f"the process {peer.name} is at {peer.endpoints[0]}, and there is no secret for the link to it"
        why = "at an address a process answers only who shows its secret"
        fix = f"fissile secret create {LINK}, and copy {folder / LINK} to the other end"
        raise ConfigurationError(Fault(what, "", why, fix))
    if not (secret.isascii() and secret.isprintable()):
        what = "the secret of the links is more than one line of ASCII"
        raise ConfigurationError(Fault(what, str(folder / LINK), "it travels in an HTTP header", "write another"))
    return secret
