"""nginx in front of processes that listen on Unix sockets, as it is commonly configured."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

MISSING = "there is no nginx, so nothing is compared with it\nhint: apt-get install nginx-light, or brew install nginx"

_CONFIGURATION = """\
daemon off;
{user}worker_processes auto;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 1000000;
{upstreams}
    server {{
        listen 127.0.0.1:{port} backlog=2048;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
{locations}
    }}
}}
"""

_UPSTREAM = "    upstream {name} {{ server unix:{socket}; keepalive 64; keepalive_requests 1000000; }}"
_LOCATION = "        location /{name} {{ proxy_pass http://{name}; }}"


def find() -> str | None:
    """The program; Debian keeps it where only root looks."""
    return shutil.which("nginx", path=os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin"]))


def command(binary: str, folder: Path, port: int, upstreams: Mapping[str, Path]) -> Sequence[str]:
    """Writes the configuration.

    Args:
        binary: The program.
        folder: Where everything is that it reads and writes.
        port: Where it listens on this machine.
        upstreams: The socket for each first segment of a path.

    Returns:
        The words that start it.
    """
    text = _CONFIGURATION.format(
        user="user root;\n" if os.getuid() == 0 else "",  # else its workers cannot reach sockets that are private
        folder=folder,
        port=port,
        upstreams="\n".join(_UPSTREAM.format(name=name, socket=socket) for name, socket in upstreams.items()),
        locations="\n".join(_LOCATION.format(name=name) for name in upstreams),
    )
    file = folder / "nginx.conf"
    file.write_text(text)
    return [binary, "-p", str(folder), "-c", str(file), "-e", str(folder / "nginx.log")]
