"""Calls between processes: typed frames over one connection that began as an HTTP upgrade.

    consumer process                                             provider process
    Link ─ dial ─▶ GET /-/link, Upgrade: fissile ─▶ 101 ─▶ HELLO ─▶ WELCOME
    LinkTransport ─ CALL ─▶ ProviderConnection ─ Provider ─ RESULT | RAISED | FAILED ─▶

`frames` says what is on the wire, `connection` sends and receives it, `consumer` and `provider` are its two ends, and
`upgrade` is the HTTP before it.
"""

from .consumer import Link, LinkTransport, dial_pair, dial_unix
from .provider import LinkServer, ProviderConnection

__all__ = ["Link", "LinkServer", "LinkTransport", "ProviderConnection", "dial_pair", "dial_unix"]
