"""The one door for HTTP from outside: which process gets which request, and what it is told of the client."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from fissile.project import Placement, Project

CLIENT = "fissile-client"
"""The header in which the gateway says who asks, and where: ``127.0.0.1:50000 127.0.0.1:8000``.

It replaces whatever a client sent under this name. Only what arrives in the private folder of the sockets is believed:
processes at an address get the ordinary ``x-forwarded-for`` instead.
"""

RESERVED = "/-"
"""The prefix that is nobody's outside."""

_ESCAPED = re.compile(rb"%(?:2[DEde]|3[0-9]|[46][1-9A-Fa-f]|[57][0-9Aa]|5[Ff]|7[Ee])")


def unescaped(path: bytes) -> bytes:
    """Return a path without escapes of letters, digits and ``-._~``, which mean the same (RFC 3986, section 2.3).

    Everything else stays as it was sent: an escaped slash separates nothing.
    """
    return _ESCAPED.sub(lambda escape: bytes.fromhex(escape[0][1:].decode()), path) if b"%" in path else path


LIVE = "/-/live"
"""The path at which a process says that its loop turns."""

IDLE = "2s"
"""How long a connection to a process is kept without a request: less than the process keeps it, so that it is always
the gateway that closes it and no request meets a closed one."""

CONNECTIONS = 50_000
"""Open connections from outside, where the system gives descriptors enough; Envoy's guide for the edge has this."""


@dataclass(frozen=True)
class Upstream:
    """A process behind the gateway.

    Attributes:
        name: Its name.
        endpoints: Where its workers listen: ``unix:/path``, ``http://host:port`` or ``https://host``.
        is_elsewhere: Whether the placement gives its address.
    """

    name: str
    endpoints: tuple[str, ...]
    is_elsewhere: bool = False

    @property
    def address(self) -> SplitResult | None:
        """Its address if it is reached over TCP."""
        parts = urlsplit(self.endpoints[0])
        return None if parts.scheme == "unix" else parts


@dataclass(frozen=True)
class Gateway:
    """What the gateway does.

    Attributes:
        host: The IP address that it listens on.
        port: The port.
        upstreams: The processes.
        routes: The name of the process for each prefix.
        front: The name of the process for everything else.
        admin: The Unix socket of its own interface.
        authorities: The file of certificate authorities that vouch for processes elsewhere.
        connections: How many may be open from outside; whoever comes then is turned away.
        away: The name of the header by which the supervisor says that it answered in a process's place: the request did
            not run, and goes to another worker. Any application can reflect a header whose name it is told, so this
            name is unguessable. Empty if no supervisor answers.
        answer: Seconds in which a process has to begin its answer; None for any time.
    """

    host: str
    port: int
    upstreams: tuple[Upstream, ...]
    routes: Mapping[str, str]
    front: str
    admin: Path
    authorities: Path | None = None
    connections: int = CONNECTIONS
    away: str = ""
    answer: float | None = None


def gateway(
    project: Project,
    placement: Placement,
    sockets: Path,
    host: str,
    port: int,
    admin: Path,
) -> Gateway:
    """The gateway in front of a placement.

    Args:
        project: The project, whose components say their prefixes.
        placement: Which process runs which of them.
        sockets: The folder of the sockets on which processes of this machine listen.
        host: The IP address to listen on.
        port: The port.
        admin: The Unix socket of its own interface.
    """
    serving = [component.declared for component in project.components if component.declaration.api]
    return Gateway(
        host,
        port,
        tuple(
            Upstream(process.name, process.endpoints(sockets), bool(process.address)) for process in placement.processes
        ),
        {declared.prefix: placement.process_of(declared.name).name for declared in serving},
        placement.front.name,
        admin,
        answer=placement.defaults.answer,
    )
