"""Calls between processes: typed frames over connections that began as an HTTP upgrade.

    consumer process                                                       provider process
    Link ─ Endpoint ─ dial ─▶ GET /-/link, Upgrade: fissile ─▶ 101 ─▶ HELLO ─▶ WELCOME
    LinkTransport ─ ConsumerConnection ─ CALL ─▶ ProviderConnection ─ Provider ─ RESULT | RAISED | FAILED ─▶

`frames` says what is on the wire, `connection` sends and receives it, `consumer` and `provider` are its two ends,
`upgrade` is the HTTP before it and `dialling` what connects. `link` keeps connections to the workers of one peer, one
at each `endpoint`.
"""

from .dialling import Dial, dial_pair, dial_unix, dials, is_tcp
from .link import Link
from .provider import LinkServer, ProviderConnection
from .transport import LinkTransport

__all__ = [
    "Dial",
    "Link",
    "LinkServer",
    "LinkTransport",
    "ProviderConnection",
    "dial_pair",
    "dial_unix",
    "dials",
    "is_tcp",
]
